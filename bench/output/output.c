/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/output.h"
#include "output/whole_file.h"

bool
output_try(const char *path)
{
    struct whole_file w;
    struct stat about;
    const bool there = stat(path, &about) == 0, special = there && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode);
    int why = there && S_ISDIR(about.st_mode) ? EISDIR : 0;

    if (special) /* whose reader would see the end of an attempt */
        why = access(path, W_OK) == 0 ? 0 : errno;
    else if (why == 0 && whole_file_open(&w, path))
        whole_file_close(&w, false);
    else if (why == 0)
        why = errno;
    if (why != 0)
        fprintf(stderr, "clgrpo-bench: %s: %s\n", path, strerror(why));
    return why == 0;
}

int
output_write(const struct bench *b, const char *path, bool (*format)(FILE *f, const struct bench *b))
{
    struct whole_file w;
    bool formatted = true;

    if (whole_file_open(&w, path)) {
        formatted = format(w.f, b);
        if (whole_file_close(&w, formatted))
            return 0;
    }
    fprintf(stderr, "clgrpo-bench: %s: %s\n", path,
            formatted ? strerror(errno) : "the rows cannot be put into this format");
    return 1;
}
