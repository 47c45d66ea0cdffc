/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "rollout/rollout_internal.h"

static enum mg_status
check_config(const struct mg_rollouts_config *c, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_rollout_limits *l = &c->limits;

    MG_REQUIRE(l->turns > 0 && l->new_max >= 3 && l->slots > 0, MG_INPUT,
               "%u turns of %u tokens in %u slots: need 1 turn, 3 tokens, 1 slot or more", l->turns, l->new_max,
               l->slots);
    MG_REQUIRE(c->tools != NULL || l->rules == MG_RULES_MAIN, MG_FAIL, "an agent with tools was given none");
out:
    return st;
}

enum mg_status
mg_rollouts_create(const struct mg_rollouts_config *config, struct mg_rollouts **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_rollouts *b = NULL;

    MG_TRY(check_config(config, err));
    MG_ALLOC(b, 1);
    b->config = *config;
    MG_TRY(mg_specials_find(config->tok, &b->specials, err));
    MG_ALLOC(b->active, config->limits.slots);
    MG_ALLOC(b->free_slot, config->limits.slots);
    MG_ALLOC(b->writing, config->limits.slots);
    MG_ALLOC(b->fork, config->limits.slots);
    mg_rollouts_begin(b, &(struct mg_sampling){.temperature = 1.0f, .top_p = 1.0f});
    *out = b;
    b = NULL;
out:
    mg_rollouts_destroy(b);
    return st;
}

static void
free_rollout(struct mg_rollout *r)
{
    mg_dialogue_free(&r->d);
    free(r->opening);
    free(r->task);
    free(r->answer);
    free(r);
}

void
mg_rollouts_destroy(struct mg_rollouts *b)
{
    if (b == NULL)
        return;
    for (size_t i = 0; i < b->n; i++)
        free_rollout(b->all[i]);
    free(b->all);
    free(b->active);
    free(b->free_slot);
    free(b->writing);
    free(b->fork);
    free(b->feed);
    free(b->token);
    free(b->logprob);
    free(b);
}

void
mg_rollouts_begin(struct mg_rollouts *b, const struct mg_sampling *how)
{
    for (size_t i = 0; i < b->n; i++)
        free_rollout(b->all[i]);
    b->n = b->n_admitted = b->n_done = b->n_active = 0;
    b->n_free = b->config.limits.slots;
    for (size_t i = 0; i < b->n_free; i++)
        b->free_slot[i] = (uint32_t)(b->n_free - 1 - i);
    b->how = *how;
}

/* What the draws of a dialogue are keyed by: its key, spread over 64 bits. */
static uint64_t
draw_key(const struct mg_key *k)
{
    return mg_rng_mix(mg_rng_mix((uint64_t)k->phase << 32 | k->question) ^ ((uint64_t)k->rollout << 32 | k->call));
}

enum mg_status
mg_rollouts_add(struct mg_rollouts *b, const struct mg_key *key, const char *opening, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_rollout *r = NULL;

    if (b->n == b->room) {
        size_t room = b->room > 0 ? 2 * b->room : 64;
        struct mg_rollout **grown = realloc(b->all, room * sizeof *grown);

        MG_REQUIRE(grown != NULL, MG_FAIL, "out of memory: %zu dialogues", room);
        b->all = grown;
        b->room = room;
    }
    MG_ALLOC(r, 1);
    r->key = *key;
    r->draw = draw_key(key);
    r->opening = strdup(opening);
    MG_REQUIRE(r->opening != NULL, MG_FAIL, "out of memory: the opening of a dialogue");
    b->all[b->n++] = r;
    st = mg_rollout_open(b, r, err);
    r = NULL;
out:
    free(r);
    return st;
}

enum mg_status
mg_rollouts_deliver(struct mg_rollouts *b, struct mg_rollout *r, const char *result, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_REQUIRE(r->state == MG_ROLLOUT_WAITING, MG_FAIL, "a result for a dialogue that waits for none");
    MG_TRY(mg_rollout_result(b, r, result, err));
out:
    return st;
}

/* Takes the slots of dialogues that ended, gives them to those that wait for one. */
static void
assign_slots(struct mg_rollouts *b)
{
    size_t kept = 0;

    for (size_t i = 0; i < b->n_active; i++) {
        struct mg_rollout *r = b->active[i];

        if (r->state == MG_ROLLOUT_DONE)
            b->free_slot[b->n_free++] = r->slot;
        else
            b->active[kept++] = r;
    }
    b->n_active = kept;
    for (; b->n_admitted < b->n && b->n_free > 0; b->n_admitted++) {
        struct mg_rollout *r = b->all[b->n_admitted];

        if (r->state != MG_ROLLOUT_QUEUED)
            continue;
        r->state = MG_ROLLOUT_WRITING;
        r->slot = b->free_slot[--b->n_free];
        b->active[b->n_active++] = r;
    }
}

enum mg_status
mg_rollouts_tick(struct mg_rollouts *b, bool *busy, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = 0;

    MG_TRY(mg_rollouts_fork(b, err));
    assign_slots(b);
    MG_TRY(mg_rollouts_gather(b, &n, err));
    *busy = n > 0;
    if (n == 0)
        return MG_OK;
    MG_TRY(mg_policy_decode(b->config.policy, b->feed, n, &b->how, b->token, b->logprob, err));
    for (size_t i = 0; i < b->n_active; i++) {
        struct mg_rollout *r = b->active[i];

        if (r->state != MG_ROLLOUT_WRITING)
            continue;
        MG_TRY(mg_rollout_token(b, r, b->token[r->drawn], b->logprob[r->drawn], err));
        b->tokens++;
    }
out:
    return st;
}

size_t
mg_rollouts_count(const struct mg_rollouts *b)
{
    return b->n;
}

size_t
mg_rollouts_done(const struct mg_rollouts *b)
{
    return b->n_done;
}

struct mg_rollout *
mg_rollouts_get(struct mg_rollouts *b, size_t i)
{
    return b->all[i];
}

static int
compare(const void *a, const void *b)
{
    const struct mg_key *x = &(*(struct mg_rollout *const *)a)->key, *y = &(*(struct mg_rollout *const *)b)->key;
    const uint32_t left[] = {x->phase, x->question, x->rollout, x->call};
    const uint32_t right[] = {y->phase, y->question, y->rollout, y->call};

    for (int i = 0; i < 4; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

struct mg_rollout *
mg_rollouts_find(struct mg_rollouts *b, const struct mg_key *key)
{
    struct mg_rollout wanted = {.key = *key}, *pointer = &wanted;
    struct mg_rollout **found = b->n > 0 ? bsearch(&pointer, b->all, b->n, sizeof *b->all, compare) : NULL;

    return found != NULL ? *found : NULL;
}

void
mg_rollouts_sort(struct mg_rollouts *b)
{
    if (b->n > 1)
        qsort(b->all, b->n, sizeof *b->all, compare);
}

uint64_t
mg_side_seed(uint64_t seed, enum mg_side side)
{
    return mg_rng_mix(mg_rng_mix(seed) ^ ((uint64_t)MG_RNG_SAMPLE << 8 | (uint64_t)side));
}

uint64_t
mg_rollouts_tokens(const struct mg_rollouts *b)
{
    return b->tokens;
}
