/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "output/output.h"
#include "output/whole_file.h"

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
