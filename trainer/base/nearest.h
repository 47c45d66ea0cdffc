/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_NEAREST_H
#define MGRPO_NEAREST_H

#include <stddef.h>

/* The name that was probably meant by one that is none: the nearest in insertions, deletions, changes and swaps of
 * neighbours, if it is near enough. Start from {wanted}. */
struct mg_nearest {
    const char *wanted;
    const char *name; /* NULL: none is near */
    size_t distance;
};
void mg_nearest_try(struct mg_nearest *n, const char *name);

#endif
