/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NAMES_NEAREST_H
#define NAMES_NEAREST_H

#include <stddef.h>

/* The name that was probably meant by one that is none: the nearest in insertions, deletions, changes and swaps of
 * neighbours, if it is near enough. Start from {wanted}. */
struct names_nearest {
    const char *wanted;
    const char *name; /* NULL: none is near */
    size_t distance;
};
void names_try(struct names_nearest *n, const char *name);
/* The end of a sentence: "; did you mean --name?", or "" where none is near. `mark` stands before the name. */
struct names_hint {
    char text[96];
};
struct names_hint names_hint_of(const struct names_nearest *n, const char *mark);

#endif
