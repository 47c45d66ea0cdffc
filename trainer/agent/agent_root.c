/* SPDX-License-Identifier: Apache-2.0 */
/* A phase of the root: it asks, waits for results, and hands in what its rollouts are worth. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent_internal.h"
#include "learn/reward.h"

/* The results of a phase by rollout and call. They may come before they are asked for: after a restart, all are
 * there. */
struct inbox {
    struct slot {
        const char *text;
        bool there, failed;
    } * slot; /* [dialogues][turns] */
    uint32_t turns;
    size_t n;
};

struct root_phase {
    struct mg_agent *a;
    struct mg_phase_work *w;
    struct inbox inbox;
    struct mg_results results; /* of one exchange */
    int64_t cursor;
    uint32_t subtasks; /* asked so far */
};

static enum mg_status
sort_results(struct root_phase *m, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (size_t i = 0; i < m->results.n; i++) {
        struct mg_result *r = &m->results.row[i];
        const struct mg_key *k = &r->key;
        struct slot *slot;

        MG_REQUIRE(k->question < m->w->n_questions && k->rollout < m->w->n_rollouts && k->call < m->inbox.turns,
                   MG_INPUT, "the store has a result for question %u, rollout %u, call %u, which this run cannot ask",
                   k->question, k->rollout, k->call);
        slot = &m->inbox.slot[((size_t)k->question * m->w->n_rollouts + k->rollout) * m->inbox.turns + k->call];
        free((char *)slot->text);
        slot->text = r->text;
        slot->failed = r->text == NULL && r->verdict.kind == MG_VERDICT_UNAVAILABLE;
        slot->there = true;
        r->text = NULL;
    }
out:
    mg_results_free(&m->results);
    return st;
}

/* Gives results to the dialogues that wait for them; dialogue i is that of question i / K, rollout i mod K. */
static enum mg_status
deliver(struct root_phase *m, bool *any, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_rollouts *b = m->a->rollouts;

    for (size_t i = 0; i < mg_rollouts_count(b); i++) {
        struct mg_rollout *r = mg_rollouts_get(b, i);
        const struct slot *slot;

        if (r->state != MG_ROLLOUT_WAITING)
            continue;
        slot = &m->inbox.slot[i * m->inbox.turns + r->calls - 1];
        if (!slot->there)
            continue;
        MG_TRY(slot->failed ? mg_rollouts_fail(b, r, err) : mg_rollouts_deliver(b, r, slot->text, err));
        *any = true;
    }
out:
    return st;
}

/* The new subtasks out, the new results in. */
static enum mg_status
exchange(struct root_phase *m, bool *any, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_pending *asked = &m->a->pending;
    struct mg_subtask *t = NULL;
    bool changed = false;

    MG_TRY(mg_store_changed(m->a->store, &changed, err));
    if (!changed && asked->n == 0)
        return MG_OK;
    MG_ALLOC(t, asked->n);
    for (size_t i = 0; i < asked->n; i++) {
        t[i] = (struct mg_subtask){.key = asked->r[i]->t.key,
                                   .version = m->w->phase.step,
                                   .agent = asked->r[i]->callee,
                                   .text = asked->r[i]->task};
        t[i].key.call = asked->r[i]->calls - 1;
    }
    MG_TRY(mg_store_ask(m->a->store, m->w->phase.number, t, asked->n, &m->cursor, &m->results, err));
    m->subtasks += (uint32_t)asked->n;
    asked->n = 0;
    MG_TRY(sort_results(m, err));
    MG_TRY(deliver(m, any, err));
out:
    free(t);
    return st;
}

/* The dialogues of questions first .. end - 1. */
static enum mg_status
add_dialogues(struct root_phase *m, uint32_t first, uint32_t end, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_agent *a = m->a;

    for (uint32_t q = first; q < end; q++) {
        for (uint32_t k = 0; k < m->w->n_rollouts; k++) {
            struct mg_key key = {.phase = m->w->phase.number, .question = q, .rollout = k};
            const struct mg_asked *asked = &a->questions.q[m->w->question[q]];

            MG_TRY(mg_rollouts_add(a->rollouts, &key, asked->id, asked->text, err));
        }
    }
out:
    return st;
}

static enum mg_status
run(struct root_phase *m, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_agent *a = m->a;
    struct mg_pause pause = {0};

    while (mg_rollouts_done(a->rollouts) < mg_rollouts_count(a->rollouts) || mg_judging_count(a->judging) > 0) {
        bool busy = false, delivered = false;

        MG_TRY(mg_stop_check(err));
        MG_TRY(mg_rollouts_tick(a->rollouts, &busy, err));
        mg_judging_run(a->judging, 0.0);
        MG_TRY(exchange(m, &delivered, err));
        MG_TRY(mg_agent_tell(a, false, err));
        if (busy || delivered) {
            pause.ms = 0.0;
            continue;
        }
        mg_agent_wait(a, &pause, m->w);
    }
out:
    return st;
}

/* What rollout i is worth. */
static struct mg_rollout_row
row_of(struct mg_agent *a, size_t i)
{
    const struct mg_rollout *r = mg_rollouts_get(a->rollouts, i);
    struct mg_rollout_row row = {.key = r->t.key,
                                 .calls = r->calls,
                                 .format = r->fault == MG_FAULT_NONE,
                                 .verdict = r->t.verdict,
                                 .answer = r->answer};
    struct mg_reward reward = mg_reward_root(&a->part->reward, row.format, &row.verdict);

    mg_reward_add_length(&reward, a->part, r->t.len);
    row.kind = reward.kind;
    row.reward = reward.value;
    return row;
}

/* How many of the questions asked so far have rollouts that are better than others. */
static uint32_t
count_signals(struct root_phase *m, uint32_t asked)
{
    uint32_t n = 0;

    for (uint32_t q = 0; q < asked; q++) {
        double low = INFINITY, high = -INFINITY;

        for (uint32_t k = 0; k < m->w->n_rollouts; k++) {
            const struct mg_rollout_row row = row_of(m->a, (size_t)q * m->w->n_rollouts + k);

            if (row.kind == MG_REWARD_UNAVAILABLE)
                continue;
            low = fmin(low, row.reward);
            high = fmax(high, row.reward);
        }
        n += low < high;
    }
    return n;
}

/* The questions of the step, and then, as often as the configuration says, new ones for those that have no signal.
 * Which are asked is decided when all before have ended, so that it does not depend on time. */
static enum mg_status
ask(struct root_phase *m, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const uint32_t wanted = m->w->n_first;
    uint32_t asked = 0, next = wanted;

    for (uint32_t more = m->w->n_questions / wanted; next > asked && more > 0; more--) {
        m->a->note.total = next * m->w->n_rollouts;
        MG_TRY(add_dialogues(m, asked, next, err));
        asked = next;
        MG_TRY(run(m, err));
        if (more > 1)
            next = asked + (wanted - count_signals(m, asked));
    }
    m->w->n_questions = asked;
out:
    return st;
}

static enum mg_status
hand_in(struct root_phase *m, struct mg_err *err)
{
    struct mg_agent *a = m->a;
    size_t n = mg_rollouts_count(a->rollouts);

    for (size_t i = 0; i < n; i++)
        m->w->row[i] = row_of(a, i);
    return mg_store_hand_in(a->store, m->w->phase.number, m->w->row, n, m->subtasks, err);
}

enum mg_status
mg_agent_rollouts_root(struct mg_agent *a, struct mg_phase_work *w, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct root_phase m = {.a = a, .w = w};

    m.inbox.turns = a->limits.turns;
    m.inbox.n = (size_t)w->n_questions * w->n_rollouts * m.inbox.turns;
    MG_ALLOC(m.inbox.slot, m.inbox.n);
    MG_TRY(ask(&m, err));
    MG_TRY(hand_in(&m, err));
out:
    for (size_t i = 0; m.inbox.slot != NULL && i < m.inbox.n; i++)
        free((char *)m.inbox.slot[i].text);
    free(m.inbox.slot);
    mg_results_free(&m.results);
    return st;
}
