/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_PATH_H
#define MGRPO_PATH_H

/*
 * A path as a value: no memory is owned, and `.text` of a call's result may be passed on within the same expression.
 * There is room for one byte more than the longest path that the system accepts, so that a path that was cut names no
 * file and is refused by whatever opens it.
 */
enum { MG_PATH_BYTES = 4096 + 1 };
struct mg_path {
    char text[MG_PATH_BYTES];
};
struct mg_path mg_path_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
