/* SPDX-License-Identifier: Apache-2.0 */
/* The planner's side of a phase: it asks, waits for results, and hands in what its rollouts are worth. */
#include <stdlib.h>
#include <string.h>

#include "agent/agent_internal.h"
#include "learn/reward.h"

/* The results of a phase by rollout and call. They may come before they are asked for: after a restart, all are there.
 */
struct inbox {
    struct slot {
        char *text;
        bool there;
    } * slot; /* [dialogues][turns] */
    uint32_t turns;
    size_t n;
};

struct main_phase {
    struct mg_agent *a;
    struct mg_phase_work *w;
    struct inbox inbox;
    struct mg_mailbox mail;
    int64_t cursor, next_cursor;
};

static enum mg_status
take_result(void *arg, const struct mg_result *r, struct mg_err *err)
{
    struct main_phase *m = arg;

    return mg_mailbox_add(&m->mail, &r->key, r->text, err);
}

/* One transaction: the new subtasks out, the new results in. */
static enum mg_status
exchange_body(struct mg_store *s, void *arg, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct main_phase *m = arg;
    const struct mg_pending *asked = &m->a->pending;

    mg_mailbox_clear(&m->mail);
    for (size_t i = 0; i < asked->n; i++) {
        struct mg_subtask t = {.key = asked->r[i]->t.key, .version = m->w->phase.step, .text = asked->r[i]->task};

        t.key.call = asked->r[i]->calls - 1;
        MG_TRY(mg_store_put_subtask(s, &t, err));
    }
    m->next_cursor = m->cursor;
    MG_TRY(mg_store_results(s, m->w->phase.number, &m->next_cursor, take_result, m, err));
out:
    return st;
}

static enum mg_status
sort_mail(struct main_phase *m, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (size_t i = 0; i < m->mail.n; i++) {
        struct mg_mail *mail = &m->mail.mail[i];
        const struct mg_key *k = &mail->key;
        struct slot *slot;

        MG_REQUIRE(k->question < m->w->n_questions && k->rollout < m->w->n_rollouts && k->call < m->inbox.turns,
                   MG_INPUT, "the store has a result for question %u, rollout %u, call %u, which this run cannot ask",
                   k->question, k->rollout, k->call);
        slot = &m->inbox.slot[((size_t)k->question * m->w->n_rollouts + k->rollout) * m->inbox.turns + k->call];
        free(slot->text);
        slot->text = mail->text;
        slot->there = true;
        mail->text = NULL;
    }
out:
    return st;
}

/* Gives results to the dialogues that wait for them; dialogue i is that of question i / K, rollout i mod K. */
static enum mg_status
deliver(struct main_phase *m, bool *any, struct mg_err *err)
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
        MG_TRY(mg_rollouts_deliver(b, r, slot->text, err));
        *any = true;
    }
out:
    return st;
}

static enum mg_status
exchange(struct main_phase *m, bool *any, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_pending *asked = &m->a->pending;
    bool changed = false;

    MG_TRY(mg_store_changed(m->a->store, &changed, err));
    if (!changed && asked->n == 0)
        return MG_OK;
    MG_TRY(mg_store_transact(m->a->store, asked->n > 0, exchange_body, m, err));
    m->cursor = m->next_cursor;
    asked->n = 0;
    MG_TRY(sort_mail(m, err));
    MG_TRY(deliver(m, any, err));
out:
    return st;
}

static enum mg_status
add_dialogues(struct main_phase *m, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_agent *a = m->a;

    for (uint32_t q = 0; q < m->w->n_questions; q++) {
        for (uint32_t k = 0; k < m->w->n_rollouts; k++) {
            struct mg_key key = {.phase = m->w->phase.number, .question = q, .rollout = k};

            MG_TRY(mg_rollouts_add(a->rollouts, &key, a->questions.q[m->w->question[q]].text, err));
        }
    }
out:
    return st;
}

static enum mg_status
run(struct main_phase *m, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_agent *a = m->a;
    struct mg_pause pause = {0};

    while (mg_rollouts_done(a->rollouts) < mg_rollouts_count(a->rollouts)) {
        bool busy = false, delivered = false;

        MG_TRY(mg_stop_check(err));
        MG_TRY(mg_rollouts_tick(a->rollouts, &busy, err));
        MG_TRY(exchange(m, &delivered, err));
        MG_TRY(mg_agent_tell(a, false, err));
        if (busy || delivered) {
            pause.ms = 0.0;
            continue;
        }
        mg_pause_wait(&pause, 10.0);
        m->w->wait_seconds += pause.ms * 1e-3;
    }
out:
    return st;
}

static enum mg_status
hand_in_body(struct mg_store *s, void *arg, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct main_phase *m = arg;
    struct mg_agent *a = m->a;
    size_t n = mg_rollouts_count(a->rollouts);
    uint32_t subtasks = 0;

    for (size_t i = 0; i < n; i++) {
        const struct mg_rollout *r = mg_rollouts_get(a->rollouts, i);
        const struct mg_asked *q = &a->questions.q[m->w->question[r->t.key.question]];
        struct mg_rollout_row *row = &m->w->row[i];
        struct mg_reward reward;

        *row = (struct mg_rollout_row){.key = r->t.key,
                                       .calls = r->calls,
                                       .format = r->fault == MG_FAULT_NONE,
                                       .correct = mg_asked_correct(q, r->answer) ? 1.0 : 0.0,
                                       .answer = r->answer};
        reward = mg_reward_main(&a->config->reward, row->format, row->correct);
        row->kind = reward.kind;
        row->reward = reward.value;
        MG_TRY(mg_store_put_rollout(s, row, err));
        subtasks += r->calls;
    }
    MG_TRY(mg_store_close_phase(s, m->w->phase.number, (uint32_t)n, a->single ? 0 : subtasks, err));
out:
    return st;
}

enum mg_status
mg_agent_rollouts_main(struct mg_agent *a, struct mg_phase_work *w, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct main_phase m = {.a = a, .w = w};

    m.inbox.turns = a->limits.turns;
    m.inbox.n = (size_t)w->n_questions * w->n_rollouts * m.inbox.turns;
    MG_ALLOC(m.inbox.slot, m.inbox.n);
    MG_TRY(add_dialogues(&m, err));
    MG_TRY(run(&m, err));
    MG_TRY(mg_store_transact(a->store, true, hand_in_body, &m, err));
out:
    for (size_t i = 0; m.inbox.slot != NULL && i < m.inbox.n; i++)
        free(m.inbox.slot[i].text);
    free(m.inbox.slot);
    mg_mailbox_free(&m.mail);
    return st;
}
