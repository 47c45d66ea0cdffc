/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/rng.h"
#include "rollout/rollout_internal.h"

static const double TOOL_WAIT_MS = 10.0;

static enum mg_status
check_limits(const struct mg_rollout_limits *l, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_REQUIRE(l->turns > 0 && l->new_max >= 3 && l->slots > 0, MG_INPUT,
               "%u turns of %u tokens in %u slots: need 1 turn, 3 tokens, 1 slot or more", l->turns, l->new_max,
               l->slots);
out:
    return st;
}

/* The tools come first among what the agent may call. */
static enum mg_status
create_format(struct mg_rollouts *b, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_rollout_part *part = &b->config.part;
    struct mg_format_spec spec = {.name = part->format, .root = part->root, .n = part->n_tools + part->n_agents};
    struct mg_callable *callable = NULL;

    MG_ALLOC(callable, spec.n);
    MG_ALLOC(b->tool, part->n_tools);
    for (size_t i = 0; i < part->n_tools; i++) {
        size_t n = b->config.tools != NULL ? mg_tools_count(b->config.tools) : 0;
        size_t tool = n > 0 ? mg_tools_find(b->config.tools, part->tools[i]) : 0;

        MG_REQUIRE(tool < n, MG_INPUT, "there is no tool \"%.60s\"", part->tools[i]);
        b->tool[i] = tool;
        callable[i] = (struct mg_callable){.name = part->tools[i],
                                           .description = mg_tool_description(b->config.tools, tool),
                                           .schema = mg_tool_schema(b->config.tools, tool)};
    }
    for (size_t i = 0; i < part->n_agents; i++)
        callable[part->n_tools + i].name = part->agents[i];
    spec.callable = callable;
    MG_TRY(mg_format_create(&spec, b->config.tok, &b->format, err));
out:
    free(callable);
    return st;
}

enum mg_status
mg_rollouts_create(const struct mg_rollouts_config *config, struct mg_rollouts **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_rollouts *b = NULL;

    MG_TRY(check_limits(&config->limits, err));
    MG_ALLOC(b, 1);
    b->config = *config;
    MG_TRY(create_format(b, err));
    MG_ALLOC(b->active, config->limits.slots);
    MG_ALLOC(b->free_slot, config->limits.slots);
    MG_ALLOC(b->writing, config->limits.slots);
    MG_ALLOC(b->fork, config->limits.slots);
    mg_rollouts_begin(b, &(struct mg_sampling){.temperature = 1.0f, .top_p = 1.0f}, NULL);
    *out = b;
    b = NULL;
out:
    mg_rollouts_destroy(b);
    return st;
}

static void
free_rollout(struct mg_rollout *r)
{
    mg_tool_cancel(r->call);
    mg_tool_session_close(r->session);
    mg_trajectory_free(&r->t);
    free(r->unavailable);
    free(r->opening);
    free(r->task);
    free(r->arguments);
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
    mg_format_destroy(b->format);
    free(b->tool);
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
mg_rollouts_begin(struct mg_rollouts *b, const struct mg_sampling *how, struct mg_tool_log *log)
{
    for (size_t i = 0; i < b->n; i++)
        free_rollout(b->all[i]);
    b->n = b->n_admitted = b->n_done = b->n_active = b->n_calling = 0;
    b->n_free = b->config.limits.slots;
    for (size_t i = 0; i < b->n_free; i++)
        b->free_slot[i] = (uint32_t)(b->n_free - 1 - i);
    b->how = *how;
    b->log = log;
    b->extra = 0;
}

void
mg_rollouts_leave_out(struct mg_rollouts *b, uint32_t extra)
{
    b->extra = extra;
}

/* What the draws of a dialogue are keyed by: its key, spread over 64 bits, as of a phase without `extra` ones
 * before. */
static uint64_t
draw_key(const struct mg_key *k, uint32_t extra)
{
    return mg_rng_mix(mg_rng_mix((uint64_t)(k->phase - extra) << 32 | k->question) ^
                      ((uint64_t)k->rollout << 32 | k->call));
}

enum mg_status
mg_rollouts_add(struct mg_rollouts *b, const struct mg_key *key, const char *question, const char *opening,
                struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_rollout *r = NULL;

    MG_GROW(b->all, b->n + 1, b->room);
    MG_ALLOC(r, 1);
    r->t.key = *key;
    r->t.version = (uint32_t)mg_policy_version(b->config.policy);
    r->draw = draw_key(key, b->extra);
    r->question = question;
    MG_STRDUP(r->opening, opening);
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
    if (r->state != MG_ROLLOUT_WAITING)
        return mg_fail(err, MG_FAIL, "a result for a dialogue that waits for none");
    return mg_rollout_result(b, r, r->callee, result, err);
}

enum mg_status
mg_rollouts_fail(struct mg_rollouts *b, struct mg_rollout *r, struct mg_err *err)
{
    char why[64 + MG_AGENT_NAME_MAX];

    if (r->state != MG_ROLLOUT_WAITING)
        return mg_fail(err, MG_FAIL, "a failure for a dialogue that waits for nothing");
    snprintf(why, sizeof why, "the agent %s could not end a dialogue", r->callee);
    return mg_rollout_fail(b, r, "agent", r->callee, why, err);
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

    MG_TRY(mg_rollouts_collect(b, err));
    MG_TRY(mg_rollouts_fork(b, err));
    assign_slots(b);
    MG_TRY(mg_rollouts_gather(b, &n, err));
    *busy = n > 0 || b->n_calling > 0;
    if (n == 0)
        return b->n_calling > 0 && !b->config.no_wait ? mg_tools_run(b->config.tools, TOOL_WAIT_MS, err) : MG_OK;
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
    const struct mg_key *x = &(*(struct mg_rollout *const *)a)->t.key;
    const struct mg_key *y = &(*(struct mg_rollout *const *)b)->t.key;
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
    struct mg_rollout wanted = {.t.key = *key}, *pointer = &wanted;
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
mg_agent_seed(uint64_t seed, uint32_t agent)
{
    return mg_rng_mix(mg_rng_mix(seed) ^ ((uint64_t)MG_RNG_SAMPLE << 8 | agent));
}

uint64_t
mg_rollouts_tokens(const struct mg_rollouts *b)
{
    return b->tokens;
}
