/* SPDX-License-Identifier: Apache-2.0 */
#include "eval/measure.h"

#include <math.h>
#include <stdlib.h>

#include "base/json.h"

static enum mg_status
add_dialogues(struct mg_asking *a, const struct mg_exam *e, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (uint32_t i = 0; i < e->n; i++) {
        const struct mg_asked *q = &a->questions.q[e->question[i]];

        for (uint32_t k = 0; k < e->draws; k++) {
            struct mg_key key = {.question = i, .rollout = k};

            MG_TRY(mg_play_add(a->play, &key, q->text, q, err));
        }
    }
out:
    return st;
}

static void
count_verdicts(struct mg_rollouts *dialogues, struct mg_scores *s)
{
    for (size_t i = 0; i < mg_rollouts_count(dialogues); i++) {
        const struct mg_trajectory *t = &mg_rollouts_get(dialogues, i)->t;

        s->sum[t->key.question] += t->verdict.value;
        s->count[t->key.question] += t->verdict.kind == MG_VERDICT_VALUE;
        s->unavailable += t->verdict.kind == MG_VERDICT_UNAVAILABLE;
    }
}

static enum mg_status
count_all(struct mg_asking *a, const struct mg_exam *e, struct mg_measured *m, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_rollouts *root = mg_play_rollouts(a->play, 0);

    m->n = e->n;
    m->draws = e->draws;
    m->n_agents = a->config.n_agents;
    MG_ALLOC(m->best, m->n);
    for (uint32_t i = 0; i < m->n_agents; i++) {
        MG_ALLOC(m->agent[i].sum, m->n);
        MG_ALLOC(m->agent[i].count, m->n);
        count_verdicts(mg_play_rollouts(a->play, i), &m->agent[i]);
    }
    for (size_t i = 0; i < mg_rollouts_count(root); i++) {
        const struct mg_rollout *r = mg_rollouts_get(root, i);
        double *best = &m->best[r->t.key.question];

        m->calls += r->calls;
        *best = fmax(*best, r->t.verdict.value);
    }
    m->calls /= (double)mg_rollouts_count(root);
out:
    return st;
}

static json_t *
row(const struct mg_exam *e, const struct mg_asked *q, const struct mg_rollout *r)
{
    const struct mg_verdict *v = &r->t.verdict;
    json_t *verdict = v->kind == MG_VERDICT_VALUE ? json_real(v->value) : json_null();
    json_t *object =
        json_pack("{s:s, s:s, s:I, s:o, s:b, s:s?, s:I, s:s}", "pass", e->name, "question", q->id, "draw",
                  (json_int_t)r->t.key.rollout, "verdict", verdict, "unavailable", v->kind == MG_VERDICT_UNAVAILABLE,
                  "answer", r->answer, "calls", (json_int_t)r->calls, "fault", mg_fault_name(r->fault));

    if (object != NULL && e->of != NULL)
        json_object_set_new(object, "of", json_string(e->of));
    return object;
}

static enum mg_status
write_rows(struct mg_asking *a, const struct mg_exam *e, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_rollouts *root = mg_play_rollouts(a->play, 0);

    for (size_t i = 0; i < mg_rollouts_count(root); i++) {
        const struct mg_rollout *r = mg_rollouts_get(root, i);

        MG_TRY(mg_json_write_line(e->rows, row(e, &a->questions.q[e->question[r->t.key.question]], r), err));
    }
out:
    return st;
}

enum mg_status
mg_measure(struct mg_asking *a, const struct mg_exam *exam, struct mg_measured *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    mg_play_begin(a->play, &exam->how);
    MG_TRY(add_dialogues(a, exam, err));
    MG_TRY(mg_play_run(a->play, err));
    MG_TRY(count_all(a, exam, out, err));
    if (exam->rows != NULL)
        MG_TRY(write_rows(a, exam, err));
out:
    return st;
}

void
mg_measured_free(struct mg_measured *m)
{
    free(m->best);
    for (uint32_t i = 0; i < MG_MAX_AGENTS; i++) {
        free(m->agent[i].sum);
        free(m->agent[i].count);
    }
    *m = (struct mg_measured){.n = 0};
}

struct mg_share
mg_measured_mean(const struct mg_measured *m, uint32_t agent)
{
    return mg_share_of_clusters(m->agent[agent].sum, m->agent[agent].count, m->n);
}

struct mg_share
mg_measured_pass(const struct mg_measured *m)
{
    double sum = 0.0, n = 0.0;

    for (uint32_t i = 0; i < m->n; i++) {
        bool whole = m->agent[0].count[i] == (double)m->draws;

        sum += whole ? m->best[i] : 0.0;
        n += whole;
    }
    return mg_share_of(sum, n);
}

enum mg_status
mg_measured_difference(const struct mg_measured *a, const struct mg_measured *b, struct mg_share *out,
                       struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_scores *from = &a->agent[0], *to = &b->agent[0];
    double *difference = NULL;
    size_t n = 0;

    MG_ALLOC(difference, a->n);
    for (uint32_t i = 0; i < a->n; i++)
        if (from->count[i] > 0.0 && to->count[i] > 0.0)
            difference[n++] = to->sum[i] / to->count[i] - from->sum[i] / from->count[i];
    *out = mg_share_of_differences(difference, n);
out:
    free(difference);
    return st;
}
