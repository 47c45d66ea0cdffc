/* SPDX-License-Identifier: Apache-2.0 */
/* A file that appears whole or not at all: it is written under a temporary name and renamed at the end. A device, a pipe
 * and the standard output are written to as they are. */
#ifndef CLGRPO_BENCH_WHOLE_FILE_H
#define CLGRPO_BENCH_WHOLE_FILE_H

#include <stdbool.h>
#include <stdio.h>

enum { WHOLE_FILE_PATH = 4096 };

struct whole_file {
    FILE *f;
    char path[WHOLE_FILE_PATH], temporary[WHOLE_FILE_PATH + 8];
};

/* False, and errno says why, if the file cannot be made. */
bool whole_file_open(struct whole_file *w, const char *path);
/* Puts the file in its place; false if that failed, and errno says why, or if it is not to be kept. The temporary file
 * is gone in any case. */
bool whole_file_close(struct whole_file *w, bool keep);

#endif
