/* SPDX-License-Identifier: Apache-2.0 */
#include "tune.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const long max_bytes = 1 << 20;

bool
clg_tune_path(char *path, size_t bytes)
{
    const char *base = getenv("XDG_DATA_HOME"), *tail = "/clgrpo/tune.tsv";
    int n;

    if (base == NULL || base[0] != '/') {
        base = getenv("HOME");
        tail = "/.local/share/clgrpo/tune.tsv";
    }
    if (path == NULL || base == NULL || base[0] != '/')
        return false;
    n = snprintf(path, bytes, "%s%s", base, tail);
    return n > 0 && (size_t)n < bytes;
}

bool
clg_tune_read(const char *path, bool must_exist, char **text, size_t *bytes, char *error, size_t error_bytes)
{
    FILE *f = fopen(path, "rb");
    struct stat info;

    *text = NULL;
    if (f == NULL && errno == ENOENT && !must_exist)
        return true;
    if (f == NULL) {
        snprintf(error, error_bytes, "%s: %s", path, strerror(errno));
        return false;
    }
    if (fstat(fileno(f), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > max_bytes)
        snprintf(error, error_bytes, "%s: no plain file of at most %ld bytes", path, max_bytes);
    else if ((*text = malloc((size_t)info.st_size + 1)) == NULL)
        snprintf(error, error_bytes, "%s: out of memory", path);
    else if ((*bytes = fread(*text, 1, (size_t)info.st_size, f)) != (size_t)info.st_size) {
        snprintf(error, error_bytes, "%s: cannot be read", path);
        free(*text);
        *text = NULL;
    }
    fclose(f);
    return *text != NULL;
}
