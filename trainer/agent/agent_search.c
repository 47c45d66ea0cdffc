/* SPDX-License-Identifier: Apache-2.0 */
/* The search agent's side of a phase: it claims subtasks as they come, and acknowledges each with its result. */
#include <stdlib.h>
#include <string.h>

#include "agent/agent_internal.h"

struct search_phase {
    struct mg_agent *a;
    struct mg_phase_work *w;
    struct mg_mailbox mail;
    bool looked; /* the store was read in this phase */
    bool closed;
    uint32_t subtasks; /* of the phase, once it is closed */
};

static enum mg_status
take_subtask(void *arg, const struct mg_subtask *t, struct mg_err *err)
{
    struct search_phase *s = arg;

    return mg_mailbox_add(&s->mail, &t->key, t->text, err);
}

/* One transaction: results out, subtasks in. */
static enum mg_status
exchange_body(struct mg_store *store, void *arg, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct search_phase *s = arg;
    const struct mg_pending *done = &s->a->pending;

    mg_mailbox_clear(&s->mail);
    for (size_t i = 0; i < done->n; i++) {
        const struct mg_rollout *r = done->r[i];
        struct mg_result result = {.key = r->t.key, .format = r->fault == MG_FAULT_NONE, .text = r->answer};

        mg_agent_verdict(s->a, r, &result.known, &result.expert);
        MG_TRY(mg_store_put_result(store, &result, err));
    }
    MG_TRY(mg_store_claim(store, s->w->phase.number, s->w->phase.step, take_subtask, s, err));
    MG_TRY(mg_store_phase_closed(store, s->w->phase.number, &s->closed, &s->subtasks, err));
out:
    return st;
}

static enum mg_status
exchange(struct search_phase *s, bool *any, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_agent *a = s->a;
    bool changed = false;

    MG_TRY(mg_store_changed(a->store, &changed, err));
    if (s->looked && !changed && a->pending.n == 0)
        return MG_OK;
    s->looked = true;
    MG_TRY(mg_store_transact(a->store, true, exchange_body, s, err));
    a->pending.n = 0;
    for (size_t i = 0; i < s->mail.n; i++)
        MG_TRY(mg_rollouts_add(a->rollouts, &s->mail.mail[i].key, s->mail.mail[i].text, err));
    *any = s->mail.n > 0;
out:
    return st;
}

static bool
is_over(const struct search_phase *s)
{
    const struct mg_agent *a = s->a;

    return s->closed && a->pending.n == 0 && mg_rollouts_count(a->rollouts) >= s->subtasks &&
           mg_rollouts_done(a->rollouts) == mg_rollouts_count(a->rollouts);
}

enum mg_status
mg_agent_rollouts_search(struct mg_agent *a, struct mg_phase_work *w, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct search_phase s = {.a = a, .w = w};
    struct mg_pause pause = {0};

    while (!is_over(&s)) {
        bool busy = false, any = false;

        MG_TRY(mg_stop_check(err));
        MG_TRY(exchange(&s, &any, err));
        MG_TRY(mg_rollouts_tick(a->rollouts, &busy, err));
        MG_TRY(mg_agent_tell(a, false, err));
        if (busy || any) {
            pause.ms = 0.0;
            continue;
        }
        mg_pause_wait(&pause, 10.0);
        w->wait_seconds += pause.ms * 1e-3;
    }
    MG_REQUIRE(mg_rollouts_count(a->rollouts) == s.subtasks, MG_INPUT,
               "the store has %zu subtasks in phase %u, which was closed with %u", mg_rollouts_count(a->rollouts),
               w->phase.number, s.subtasks);
    mg_rollouts_sort(a->rollouts);
out:
    mg_mailbox_free(&s.mail);
    return st;
}
