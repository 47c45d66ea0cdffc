/* SPDX-License-Identifier: Apache-2.0 */
#include "rollout/pending.h"

#include "base/array.h"

enum mg_status
mg_pending_add(struct mg_pending *l, struct mg_rollout *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_GROW(l->r, l->n + 1, l->room);
    l->r[l->n++] = r;
out:
    return st;
}
