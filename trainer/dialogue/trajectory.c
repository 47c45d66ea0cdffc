/* SPDX-License-Identifier: Apache-2.0 */
#include "dialogue/trajectory.h"

#include <stdlib.h>

enum { FIRST_ROOM = 128 };

static enum mg_status
reserve(struct mg_trajectory *t, size_t more, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t room = t->room > 0 ? t->room : FIRST_ROOM;
    void *grown;

    if (t->len + more <= t->room)
        return MG_OK;
    while (room < t->len + more)
        room *= 2;
    MG_REQUIRE(room <= UINT32_MAX, MG_FAIL, "a dialogue of %zu tokens", room);
    MG_REQUIRE((grown = realloc(t->ids, room * sizeof *t->ids)) != NULL, MG_FAIL, "out of memory: a dialogue");
    t->ids = grown;
    MG_REQUIRE((grown = realloc(t->mask, room * sizeof *t->mask)) != NULL, MG_FAIL, "out of memory: a dialogue");
    t->mask = grown;
    MG_REQUIRE((grown = realloc(t->logprob, room * sizeof *t->logprob)) != NULL, MG_FAIL, "out of memory: a dialogue");
    t->logprob = grown;
    t->room = (uint32_t)room;
out:
    return st;
}

static void
push(struct mg_trajectory *t, int32_t id, bool own, float logprob)
{
    t->ids[t->len] = id;
    t->mask[t->len] = own;
    t->logprob[t->len] = logprob;
    t->len++;
}

enum mg_status
mg_trajectory_read(struct mg_trajectory *t, const int32_t *ids, size_t n, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(reserve(t, n, err));
    for (size_t i = 0; i < n; i++)
        push(t, ids[i], false, 0.0f);
    t->turn_start = t->len;
out:
    return st;
}

enum mg_status
mg_trajectory_write(struct mg_trajectory *t, int32_t id, float logprob, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(reserve(t, 1, err));
    push(t, id, true, logprob);
out:
    return st;
}

void
mg_trajectory_cut(struct mg_trajectory *t, uint32_t len)
{
    t->len = t->turn_start = len;
}

uint32_t
mg_trajectory_written(const struct mg_trajectory *t)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < t->len; i++)
        n += t->mask[i];
    return n;
}

void
mg_trajectory_free(struct mg_trajectory *t)
{
    free(t->ids);
    free(t->mask);
    free(t->logprob);
    *t = (struct mg_trajectory){0};
}
