/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which tokens have to go through the model. The distribution of the next token depends on the tokens before it alone,
 * and the rollouts of a question, or of one subtask, share a prefix and are often equal for long. So of dialogues with
 * equal tokens one is fed and all draw, each with its own key; and a dialogue that diverges copies the common prefix
 * from the slot of another. The draws have the bits that they have when each dialogue is fed by itself.
 */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "rollout/rollout_internal.h"

/* Copying fewer tokens is no faster than feeding them. */
enum { SHORTEST_COPY = 4 };

/* The dialogue whose cache holds most of r's tokens but the last, which has to be fed; *n of them. NULL if r's own
 * does. */
static const struct mg_rollout *
best_source(const struct mg_rollouts *b, const struct mg_rollout *r, uint32_t *n)
{
    const struct mg_rollout *best = NULL;

    *n = r->fed + SHORTEST_COPY - 1;
    for (size_t i = 0; i < b->n_active; i++) {
        const struct mg_rollout *s = b->active[i];
        uint32_t most = s->fed < r->t.len - 1 ? s->fed : r->t.len - 1, common;

        if (most <= *n || s->copies)
            continue;
        common = (uint32_t)mg_common_prefix(r->t.ids, s->t.ids, most);
        if (common <= *n)
            continue;
        *n = common;
        best = s;
    }
    return best;
}

enum mg_status
mg_rollouts_fork(struct mg_rollouts *b, struct mg_err *err)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_active; i++)
        b->active[i]->copies = b->active[i]->lends = false;
    for (size_t i = 0; i < b->n_active; i++) {
        struct mg_rollout *r = b->active[i], *source;
        uint32_t common;

        if (r->state == MG_ROLLOUT_DONE || r->lends || r->fed + SHORTEST_COPY >= r->t.len)
            continue;
        source = (struct mg_rollout *)best_source(b, r, &common);
        /* a dialogue that waits may find a longer common prefix later, but not in a slot that is about to be reused */
        if (source == NULL || (r->state != MG_ROLLOUT_WRITING && source->state != MG_ROLLOUT_DONE))
            continue;
        b->fork[n++] = (struct mg_fork){.from = source->slot, .to = r->slot, .length = common};
        r->fed = common;
        r->copies = source->lends = true;
    }
    return mg_policy_fork(b->config.policy, b->fork, n, err);
}

/* Sorts equal dialogues together, the one with most tokens in the cache first. */
static int
compare(const void *x, const void *y)
{
    const struct mg_rollout *a = *(struct mg_rollout *const *)x, *b = *(struct mg_rollout *const *)y;
    int order;

    if (a->t.len != b->t.len)
        return a->t.len < b->t.len ? -1 : 1;
    order = memcmp(a->t.ids, b->t.ids, a->t.len * sizeof *a->t.ids);
    if (order != 0)
        return order;
    if (a->fed != b->fed)
        return a->fed > b->fed ? -1 : 1;
    return a->slot < b->slot ? -1 : 1;
}

static bool
equal(const struct mg_rollout *a, const struct mg_rollout *b)
{
    return a->t.len == b->t.len && memcmp(a->t.ids, b->t.ids, a->t.len * sizeof *a->t.ids) == 0;
}

static enum mg_status
reserve_feeds(struct mg_rollouts *b, size_t n, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    if (n <= b->feed_room)
        return MG_OK;
    free(b->feed);
    free(b->token);
    free(b->logprob);
    b->feed = NULL;
    b->token = NULL;
    b->logprob = NULL;
    b->feed_room = 0;
    MG_ALLOC(b->feed, 2 * n);
    MG_ALLOC(b->token, 2 * n);
    MG_ALLOC(b->logprob, 2 * n);
    b->feed_room = 2 * n;
out:
    return st;
}

/* The feeds of one dialogue that writes; `like` is an equal one just fed, or NULL. */
static size_t
add_feeds(struct mg_rollouts *b, struct mg_rollout *r, const struct mg_rollout *like, size_t n)
{
    if (like != NULL)
        b->feed[n++] = (struct mg_feed){.redraw = true};
    else
        for (; r->fed < r->t.len; r->fed++)
            b->feed[n++] = (struct mg_feed){.token = r->t.ids[r->fed], .slot = r->slot, .position = r->fed};
    r->drawn = n - 1;
    b->feed[r->drawn].sample = true;
    b->feed[r->drawn].key[0] = b->config.seed;
    b->feed[r->drawn].key[1] = mg_rng_mix(r->draw + r->t.len);
    return n;
}

enum mg_status
mg_rollouts_gather(struct mg_rollouts *b, size_t *n_feeds, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = 0, writing = 0;

    for (size_t i = 0; i < b->n_active; i++)
        if (b->active[i]->state == MG_ROLLOUT_WRITING) {
            b->writing[writing++] = b->active[i];
            n += b->active[i]->t.len - b->active[i]->fed;
        }
    MG_TRY(reserve_feeds(b, n, err));
    qsort(b->writing, writing, sizeof *b->writing, compare);
    n = 0;
    for (size_t i = 0; i < writing; i++) {
        const struct mg_rollout *like = i > 0 && equal(b->writing[i - 1], b->writing[i]) ? b->writing[i - 1] : NULL;

        n = add_feeds(b, b->writing[i], like, n);
    }
    *n_feeds = n;
out:
    return st;
}
