/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/process.h"

/* 0, or what is wrong with a program; a relative path is one from the folder. */
static int
look_at(int folder, const char *path)
{
    struct stat about;

    if (fstatat(folder, path, &about, 0) != 0 || faccessat(folder, path, X_OK, 0) != 0)
        return errno;
    return S_ISDIR(about.st_mode) ? EISDIR : S_ISREG(about.st_mode) ? 0 : EACCES;
}

static enum mg_status
look_in_path(int folder, const char *program, struct mg_err *err)
{
    const char *from = getenv("PATH");
    char path[PATH_MAX];

    for (size_t n; from != NULL; from = from[n] == ':' ? from + n + 1 : NULL) {
        int len;

        n = strcspn(from, ":");
        len = snprintf(path, sizeof path, "%.*s/%s", n > 0 ? (int)n : 1, n > 0 ? from : ".", program);
        if (len > 0 && (size_t)len < sizeof path && look_at(folder, path) == 0)
            return MG_OK;
    }
    mg_fail(err, MG_INPUT, "command is \"%.200s\", a program that is in no folder of PATH", program);
    mg_hint(err, "A program in the folder that it runs in is written with a slash: ./%.150s", program);
    return MG_INPUT;
}

enum mg_status
mg_process_check(const char *program, const char *folder, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), wrong;

    MG_REQUIRE(fd >= 0, MG_INPUT, "folder is \"%.200s\": %s", folder, strerror(errno));
    MG_REQUIRE(program[0] != '\0', MG_INPUT, "command begins with \"\", need a program");
    if (strchr(program, '/') == NULL) {
        st = look_in_path(fd, program, err);
        goto out;
    }
    wrong = look_at(fd, program);
    if (wrong != 0)
        st = mg_fail(err, MG_INPUT, "command is \"%.150s\", from %.150s: %s", program, folder, strerror(wrong));
    if (wrong == EACCES)
        mg_hint(err, "A program must be allowed to run: chmod +x FILE.");
out:
    if (fd >= 0)
        close(fd);
    return st;
}
