/* SPDX-License-Identifier: Apache-2.0 */
#include "tune.h"
#include "tune_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const long max_bytes = 1 << 20;

bool
clg_tune_path(char *path, size_t bytes)
{
    const char *base = secure_getenv("XDG_DATA_HOME"), *tail = "/clgrpo/tune.tsv";
    int n;

    if (base == NULL || base[0] != '/') {
        base = secure_getenv("HOME");
        tail = "/.local/share/clgrpo/tune.tsv";
    }
    if (path == NULL || base == NULL || base[0] != '/')
        return false;
    n = snprintf(path, bytes, "%s%s", base, tail);
    return n > 0 && (size_t)n < bytes;
}

enum clgrpo_status
clg_tune_read(struct clgrpo_context *ctx, const char *path, bool must_exist, char **text, size_t *bytes)
{
    enum clgrpo_status st = CLGRPO_OK;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO is not waited for */
    FILE *f = fd >= 0 ? fdopen(fd, "rb") : NULL;
    struct stat info;

    *text = NULL;
    if (f == NULL && errno == ENOENT && !must_exist)
        return CLGRPO_OK;
    CLG_REQUIRE(ctx, f != NULL, CLGRPO_E_TUNING, "%s: %s", path, strerror(errno));
    CLG_REQUIRE(ctx, fstat(fileno(f), &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= max_bytes,
                CLGRPO_E_TUNING, "%s: no plain file of at most %ld bytes", path, max_bytes);
    *text = malloc((size_t)info.st_size + 1);
    CLG_REQUIRE(ctx, *text != NULL, CLGRPO_E_MEMORY, "%s: out of memory", path);
    *bytes = fread(*text, 1, (size_t)info.st_size, f);
    CLG_REQUIRE(ctx, *bytes == (size_t)info.st_size, CLGRPO_E_TUNING, "%s: %zu of %lld bytes can be read", path, *bytes,
                (long long)info.st_size);
out:
    if (f != NULL)
        fclose(f);
    if (st != CLGRPO_OK) {
        free(*text);
        *text = NULL;
    }
    return st;
}
