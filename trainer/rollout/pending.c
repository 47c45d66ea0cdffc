/* SPDX-License-Identifier: Apache-2.0 */
#include "rollout/pending.h"

#include <stdlib.h>

enum mg_status
mg_pending_add(struct mg_pending *l, struct mg_rollout *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    if (l->n == l->room) {
        size_t room = l->room > 0 ? 2 * l->room : 64;
        struct mg_rollout **grown = realloc(l->r, room * sizeof *grown);

        MG_REQUIRE(grown != NULL, MG_FAIL, "out of memory: %zu dialogues", room);
        l->r = grown;
        l->room = room;
    }
    l->r[l->n++] = r;
out:
    return st;
}
