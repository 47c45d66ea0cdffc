/* SPDX-License-Identifier: Apache-2.0 */
#include "base/leftover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { START_FIELD = 22 /* of /proc/PID/stat */, SLACK = 2 /* seconds: both times are rounded */ };

/* When a process began, in seconds since 1970; false where the system does not say it. */
static bool
start_of(long pid, double *start)
{
    char path[64], line[1024];
    struct timespec now, up;
    const char *at;
    FILE *f;
    size_t n;

    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    if ((f = fopen(path, "re")) == NULL)
        return false;
    n = fread(line, 1, sizeof line - 1, f);
    fclose(f);
    line[n] = '\0';
    at = strrchr(line, ')'); /* the second field is the program's name, which may have blanks */
    for (int field = 2; at != NULL && field < START_FIELD; field++)
        at = strchr(at + 1, ' ');
    if (at == NULL || clock_gettime(CLOCK_REALTIME, &now) != 0 || clock_gettime(CLOCK_BOOTTIME, &up) != 0)
        return false;
    *start = (double)(now.tv_sec - up.tv_sec) + strtod(at, NULL) / (double)sysconf(_SC_CLK_TCK);
    return true;
}

static bool
is_alive(long pid, const struct stat *file)
{
    double start;

    if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
        return false;
    return !start_of(pid, &start) || start <= (double)file->st_mtim.tv_sec + SLACK;
}

/* Whether the rest of a name is a mark and the id of a process. */
static bool
read_pid(const char *rest, long *pid)
{
    size_t mark = strlen(MG_TEMP_MARK), digits = strspn(rest + mark, "0123456789");

    *pid = strtol(rest + mark, NULL, 10);
    return digits > 0 && digits < 10 && rest[mark + digits] == '\0' && *pid > 0 && *pid != (long)getpid();
}

static void
remove_one(int dir, const char *name, long pid)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat s;

    if (fd < 0)
        return;
    if (fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && !is_alive(pid, &s) && flock(fd, LOCK_EX | LOCK_NB) == 0)
        unlinkat(dir, name, 0);
    close(fd);
}

void
mg_leftovers_remove(const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
    char *folder = slash != NULL ? strndup(path, (size_t)(base - path)) : strdup(".");
    DIR *stream = folder != NULL ? opendir(folder) : NULL;
    size_t n = strlen(base);
    struct dirent *d;
    long pid;

    while (stream != NULL && (d = readdir(stream)) != NULL)
        if (strncmp(d->d_name, base, n) == 0 && strncmp(d->d_name + n, MG_TEMP_MARK, strlen(MG_TEMP_MARK)) == 0 &&
            read_pid(d->d_name + n, &pid))
            remove_one(dirfd(stream), d->d_name, pid);
    if (stream != NULL)
        closedir(stream);
    free(folder);
}
