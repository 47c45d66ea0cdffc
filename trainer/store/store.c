/* SPDX-License-Identifier: Apache-2.0 */
/* What all engines have in common: rows are checked and cut into acts, and an act that meets an outage is repeated. */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "store/store_engine.h"

static const char redis[] = "redis://";

/* ---- Opening ---- */

static enum mg_status
connect(struct mg_store *s, struct mg_err *err)
{
    enum mg_status st;

    do
        st = s->engine->connect(s, err);
    while (mg_store_again(s, &st, err));
    return st;
}

enum mg_status
mg_store_open(const struct mg_store_place *place, struct mg_store **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_store *s = NULL;

    MG_TRY((strncmp(place->address, redis, strlen(redis)) == 0 ? &mg_store_redis : &mg_store_sqlite)
               ->create(place, &s, err));
    s->patience = place->patience > 0.0 ? place->patience : MG_STORE_PATIENCE;
    s->say = place->say;
    s->arg = place->arg;
    MG_TRY(connect(s, err));
    *out = s;
    s = NULL;
out:
    mg_store_close(s);
    return st;
}

void
mg_store_close(struct mg_store *s)
{
    if (s != NULL)
        s->engine->destroy(s);
}

/* ---- Verbs ---- */

enum mg_status
mg_store_agree(struct mg_store *s, const char *what, const char *value, char **other, struct mg_err *err)
{
    enum mg_status st;

    *other = NULL;
    if (!mg_store_name_valid(what) || strlen(value) > MG_STORE_VALUE_MAX || !mg_text_valid(value, strlen(value)))
        return mg_fail(err, MG_INPUT, "the %.40s of a run has %zu bytes, need UTF-8 of at most %d", what, strlen(value),
                       (int)MG_STORE_VALUE_MAX);
    do
        st = s->engine->agree(s, what, value, other, err);
    while (mg_store_again(s, &st, err));
    return st;
}

enum mg_status
mg_store_hold(struct mg_store *s, const char *agent, bool *first, struct mg_err *err)
{
    int64_t epoch = 0;
    enum mg_status st;

    if (!mg_store_name_valid(agent))
        return mg_fail(err, MG_INPUT, "\"%.80s\" is no agent's name", agent);
    s->holds = false;
    do
        st = s->engine->hold(s, agent, &epoch, err);
    while (mg_store_again(s, &st, err));
    if (st != MG_OK)
        return st;
    *first = epoch == 1;
    strcpy(s->agent, agent);
    s->epoch = epoch;
    s->holds = true;
    return MG_OK;
}

static enum mg_status
need_agent(const struct mg_store *s, struct mg_err *err)
{
    return s->holds ? MG_OK : mg_fail(err, MG_FAIL, "store %s: no agent is held", s->address);
}

enum mg_status
mg_store_durable(struct mg_store *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(need_agent(s, err));
    do
        st = s->engine->durable(s, err);
    while (mg_store_again(s, &st, err));
out:
    return st;
}

enum mg_status
mg_store_changed(struct mg_store *s, bool *changed, struct mg_err *err)
{
    enum mg_status st;

    do
        st = s->engine->changed(s, changed, err);
    while (mg_store_again(s, &st, err));
    return st;
}

static size_t
batch_of(size_t n)
{
    return n < MG_STORE_BATCH ? n : MG_STORE_BATCH;
}

enum mg_status
mg_store_ask(struct mg_store *s, uint32_t phase, const struct mg_subtask *t, size_t n, int64_t *cursor,
             struct mg_results *results, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t written, before;

    for (size_t i = 0; i < n; i++)
        MG_TRY(mg_subtask_check(&t[i], phase, err));
    do {
        written = batch_of(n);
        before = results->n;
        do {
            mg_results_cut(results, before);
            st = s->engine->ask(s, phase, t, written, cursor, results, err);
        } while (mg_store_again(s, &st, err));
        MG_TRY(st);
        t = n > written ? t + written : t;
        n -= written;
    } while (n > 0 || results->n - before >= MG_STORE_BATCH);
out:
    return st;
}

enum mg_status
mg_store_serve(struct mg_store *s, uint32_t phase, uint32_t version, const struct mg_result *r, size_t n,
               int64_t *cursor, struct mg_subtasks *claimed, struct mg_phase_end *end, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t written, before;

    MG_TRY(need_agent(s, err));
    for (size_t i = 0; i < n; i++)
        MG_TRY(mg_result_check(&r[i], phase, err));
    do {
        written = batch_of(n);
        before = claimed->n;
        do {
            mg_subtasks_cut(claimed, before);
            st = s->engine->serve(s, phase, version, r, written, cursor, claimed, end, err);
        } while (mg_store_again(s, &st, err));
        MG_TRY(st);
        r = n > written ? r + written : r;
        n -= written;
    } while (n > 0 || claimed->n - before >= MG_STORE_BATCH);
out:
    return st;
}

static int
compare_keys(const struct mg_key *a, const struct mg_key *b)
{
    if (a->question != b->question)
        return a->question < b->question ? -1 : 1;
    return a->rollout < b->rollout ? -1 : a->rollout > b->rollout;
}

enum mg_status
mg_store_hand_in(struct mg_store *s, uint32_t phase, const struct mg_rollout_row *r, size_t n, uint32_t subtasks,
                 struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t from = 0, written;

    MG_TRY(need_agent(s, err));
    for (size_t i = 0; i < n; i++) {
        MG_TRY(mg_rollout_row_check(&r[i], phase, err));
        MG_REQUIRE(i == 0 || compare_keys(&r[i - 1].key, &r[i].key) < 0, MG_FAIL,
                   "the rollouts of phase %u are not in the order of their keys", phase);
    }
    do {
        written = batch_of(n - from);
        do
            st = s->engine->hand_in(s, phase, from, from > 0 ? r + from : r, written, from + written == n, subtasks,
                                    err);
        while (mg_store_again(s, &st, err));
        MG_TRY(st);
        from += written;
    } while (from < n);
out:
    return st;
}

enum mg_status
mg_store_rollouts(struct mg_store *s, uint32_t phase, bool *closed, struct mg_rollout_rows *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t first = out->n, before;
    uint32_t rollouts = 0;

    *closed = false;
    do {
        before = out->n;
        do {
            mg_rollout_rows_cut(out, before);
            st = s->engine->rollouts(s, phase, before - first, out, closed, &rollouts, err);
        } while (mg_store_again(s, &st, err));
        MG_TRY(st);
    } while (out->n - before >= MG_STORE_BATCH);
    MG_REQUIRE(!*closed || out->n - first == rollouts, MG_INPUT,
               "store %s is damaged: phase %u ended with %u rollouts, and has %zu", s->address, phase, rollouts,
               out->n - first);
out:
    return st;
}

enum mg_status
mg_store_put_note(struct mg_store *s, const struct mg_agent_note *n, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(need_agent(s, err));
    do
        st = s->engine->put_note(s, n, err);
    while (mg_store_again(s, &st, err));
out:
    return st;
}

enum mg_status
mg_store_note(struct mg_store *s, const char *agent, struct mg_agent_note *n, bool *found, struct mg_err *err)
{
    enum mg_status st;

    if (!mg_store_name_valid(agent))
        return mg_fail(err, MG_INPUT, "\"%.80s\" is no agent's name", agent);
    do
        st = s->engine->note(s, agent, n, found, err);
    while (mg_store_again(s, &st, err));
    return st;
}
