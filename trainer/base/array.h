/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_ARRAY_H
#define MGRPO_ARRAY_H

#include <stddef.h>

#include "base/status.h"

/*
 * An array with room for at least n elements of `size` bytes: `array`, which has room for *room, or a larger one in its
 * place, twice as large at the least. NULL (MG_FAIL) where memory is out: then `array` is as it was.
 */
void *mg_array_room(void *array, size_t n, size_t *room, size_t size, struct mg_err *err);

/* A control macro like those of MG_TRY: room for n elements in an array that has room for `room`, a size_t. */
#define MG_GROW(array, n, room)                                                                                        \
    do {                                                                                                               \
        void *grown_ = mg_array_room((array), (n), &(room), sizeof *(array), err);                                     \
        if (grown_ == NULL) {                                                                                          \
            st = MG_FAIL;                                                                                              \
            goto out;                                                                                                  \
        }                                                                                                              \
        (array) = grown_;                                                                                              \
    } while (0)

#endif
