/* SPDX-License-Identifier: Apache-2.0 */
#include "base/array.h"

#include <stdlib.h>

enum { FIRST_ROOM = 64 };

void *
mg_array_room(void *array, size_t n, size_t *room, size_t size, struct mg_err *err)
{
    size_t wanted = *room > 0 ? *room : FIRST_ROOM;

    if (n <= *room && array != NULL)
        return array;
    while (wanted < n)
        wanted *= 2;
    array = realloc(array, wanted * size);
    if (array == NULL)
        mg_fail(err, MG_FAIL, "out of memory: %zu x %zu bytes", wanted, size);
    else
        *room = wanted;
    return array;
}
