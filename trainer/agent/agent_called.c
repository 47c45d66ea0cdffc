/* SPDX-License-Identifier: Apache-2.0 */
/* A phase of an agent that is called: it claims subtasks as they come, and acknowledges each with its result. */
#include <stdlib.h>
#include <string.h>

#include "agent/agent_internal.h"

struct called_phase {
    struct mg_agent *a;
    struct mg_phase_work *w;
    int64_t cursor;
    bool looked; /* the store was read in this phase */
    struct mg_phase_end end;
};

/* The results that are judged: n of them, and their dialogues are not pending any longer. */
static size_t
take_judged(struct mg_pending *pending, struct mg_result *result)
{
    size_t n = 0, kept = 0;

    for (size_t i = 0; i < pending->n; i++) {
        struct mg_rollout *r = pending->r[i];

        if (r->judged)
            result[n++] = (struct mg_result){
                .key = r->t.key, .format = r->fault == MG_FAULT_NONE, .verdict = r->t.verdict, .text = r->answer};
        else
            pending->r[kept++] = r;
    }
    pending->n = kept;
    return n;
}

static enum mg_status
add_dialogues(struct called_phase *s, const struct mg_subtasks *claimed, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_agent *a = s->a;

    for (size_t i = 0; i < claimed->n; i++) {
        const struct mg_subtask *t = &claimed->row[i];

        MG_REQUIRE(t->key.question < s->w->n_questions, MG_INPUT,
                   "the store has a subtask of question %u, which this run does not have", t->key.question);
        MG_TRY(mg_rollouts_add(a->rollouts, &t->key, a->questions.q[s->w->question[t->key.question]].id, t->text, err));
    }
out:
    return st;
}

/* Results out, subtasks in. */
static enum mg_status
exchange(struct called_phase *s, bool *any, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_agent *a = s->a;
    struct mg_result *result = NULL;
    struct mg_subtasks claimed = {0};
    size_t n;
    bool changed = false;

    MG_TRY(mg_store_changed(a->store, &changed, err));
    if (s->looked && !changed && a->pending.n == mg_judging_count(a->judging))
        return MG_OK;
    s->looked = true;
    MG_ALLOC(result, a->pending.n);
    n = take_judged(&a->pending, result);
    MG_TRY(
        mg_store_serve(a->store, s->w->phase.number, s->w->phase.step, result, n, &s->cursor, &claimed, &s->end, err));
    MG_TRY(add_dialogues(s, &claimed, err));
    *any = claimed.n > 0;
out:
    mg_subtasks_free(&claimed);
    free(result);
    return st;
}

static bool
is_over(const struct called_phase *s)
{
    const struct mg_agent *a = s->a;

    return s->end.closed && a->pending.n == 0 && mg_rollouts_count(a->rollouts) >= s->end.subtasks &&
           mg_rollouts_done(a->rollouts) == mg_rollouts_count(a->rollouts);
}

enum mg_status
mg_agent_rollouts_called(struct mg_agent *a, struct mg_phase_work *w, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct called_phase s = {.a = a, .w = w};
    struct mg_pause pause = {0};

    while (!is_over(&s)) {
        bool busy = false, any = false;

        MG_TRY(mg_stop_check(err));
        mg_judging_run(a->judging, 0.0);
        MG_TRY(exchange(&s, &any, err));
        MG_TRY(mg_rollouts_tick(a->rollouts, &busy, err));
        MG_TRY(mg_agent_tell(a, false, err));
        if (busy || any) {
            pause.ms = 0.0;
            continue;
        }
        mg_agent_wait(a, &pause, w);
    }
    MG_REQUIRE(mg_rollouts_count(a->rollouts) == s.end.subtasks, MG_INPUT,
               "the store gave %zu subtasks of phase %u, and has %u", mg_rollouts_count(a->rollouts), w->phase.number,
               s.end.subtasks);
    mg_rollouts_sort(a->rollouts);
out:
    return st;
}
