/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TESTS_SCRATCH_H
#define MGRPO_TESTS_SCRATCH_H

#include <stddef.h>

/* A folder of a test's own in /tmp, and files as another program would write them. */

/* Makes an empty folder, and clears `err`. */
void scratch_make(char folder[64]);
/* Removes the folder with all that is in it. */
void scratch_remove(const char *folder);
/* The same as a test's setup and teardown, for suites that need no more. */
extern char scratch_folder[64];
void scratch_begin(void);
void scratch_end(void);
/* Removes the file, if it is there, and the folder, which may hold nothing else: no temporary file was left behind. */
void scratch_remove_file(const char *folder, const char *path);
void scratch_write(const char *path, const void *bytes, size_t n);
/* The file `name` of the folder. */
void scratch_put(const char *folder, const char *name, const char *text);

#endif
