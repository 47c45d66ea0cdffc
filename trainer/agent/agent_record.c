/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent writes down at the end of a phase: metrics, times, and the rollouts that it learnt from. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/agent_internal.h"
#include "base/file.h"
#include "base/interval.h"
#include "base/json.h"
#include "run/metrics.h"
#include "run/run_path.h"

enum { MAX_HOPS = 8 };

static void
set_real(json_t *line, const char *key, double value)
{
    json_object_set_new(line, key, mg_json_real(value));
}

static void
set_count(json_t *line, const char *key, double value)
{
    json_object_set_new(line, key, json_integer((json_int_t)value));
}

static json_t *
new_line(const struct mg_agent *a, const struct mg_phase *phase)
{
    return json_pack("{s:i, s:s, s:i}", "phase", (int)phase->number, "name", mg_phase_name(&a->plan, phase), "step",
                     (int)phase->step);
}

/* How many rollouts had no subtask, one, two and so on. */
static void
set_calls(json_t *line, const struct mg_lesson *l)
{
    json_t *list = json_array();
    int n = MAX_CALLS + 1;

    while (n > 0 && l->calls_of[n - 1] == 0)
        n--;
    for (int i = 0; i < n; i++)
        json_array_append_new(list, json_integer(l->calls_of[i]));
    json_object_set_new(line, "calls_of", list);
}

/* What rollouts of any phase tell. */
static void
set_rollouts(json_t *line, const struct mg_agent *a, const struct mg_phase_work *w, const struct mg_lesson *l)
{
    set_count(line, "trajectories", l->trajectories);
    set_count(line, "unavailable", l->unavailable);
    set_real(line, "reward", l->reward);
    set_real(line, a->root ? "success" : "expert", l->expert);
    if (!a->root) {
        set_count(line, "verdicts", l->verdicts);
        set_count(line, "left_out", l->left_out);
    }
    set_real(line, "format", l->format);
    set_real(line, "reward_format", l->part[MG_PART_FORMAT]);
    set_real(line, "reward_correct", l->part[MG_PART_CORRECT]);
    if (!a->root)
        set_real(line, "reward_expert", l->part[MG_PART_EXPERT]);
    set_real(line, "reward_length", l->part[MG_PART_LENGTH]);
    set_real(line, "calls", l->calls);
    if (a->root)
        set_calls(line, l);
    set_count(line, "fault_turn", l->fault[MG_FAULT_TURN]);
    set_count(line, "fault_turns", l->fault[MG_FAULT_TURNS]);
    set_count(line, "cut_length", l->fault[MG_FAULT_LENGTH]);
    set_count(line, "cut_context", l->fault[MG_FAULT_CONTEXT]);
    set_count(line, "texts_cut", l->texts_cut);
    set_real(line, "length", l->length);
    set_count(line, "longest", l->longest);
    set_count(line, "tokens_generated", (double)w->tokens);
}

/* What the first agent's answers in an evaluation were worth, for an agent that it called: of all agents the same
 * states are the best. */
static void
set_success(json_t *line, const struct mg_phase_work *w)
{
    double sum = 0.0, n = 0.0;

    for (size_t i = 0; i < (size_t)w->n_questions * w->n_rollouts; i++) {
        if (w->row[i].kind == MG_REWARD_UNAVAILABLE)
            continue;
        sum += w->row[i].verdict.value;
        n += w->row[i].verdict.kind == MG_VERDICT_VALUE;
    }
    set_real(line, "success", n > 0.0 ? sum / n : (double)NAN);
}

/* What only some settings have. */
static void
set_options(json_t *line, const struct mg_config *c, const struct mg_train_stats *s)
{
    if (c->dual_clip > 0.0)
        set_real(line, "dual_clipped", s->dual_clipped / s->tokens);
    if (c->kl_beta > 0.0)
        set_real(line, "kl", s->kl_sum / s->tokens);
    if (mg_correction_kinds[c->correction].kind == CLGRPO_CORRECTION_NONE)
        return;
    set_real(line, "correction", s->correction_sum / s->tokens);
    set_real(line, "correction_max", s->correction_max);
    set_real(line, "corrected", s->corrected / s->tokens);
}

static void
set_learning(json_t *line, const struct mg_config *c, const struct mg_lesson *l)
{
    const struct mg_train_stats *s = &l->sums.stats;
    double n = s->tokens; /* 0: nothing to learn from, and no means */

    set_real(line, "loss", s->loss);
    set_count(line, "groups", l->groups);
    set_real(line, "no_signal", l->groups > 0 ? (double)l->groups_without / l->groups : (double)NAN);
    set_real(line, "entropy", l->entropy);
    set_real(line, "ratio_min", s->ratio_min);
    set_real(line, "ratio_max", s->ratio_max);
    set_real(line, "clipped", s->clipped / n);
    set_options(line, c, s);
    set_count(line, "updates", l->sums.updates);
    set_real(line, "grad_norm", l->sums.grad_norm);
    set_count(line, "tokens_trained", s->tokens);
    set_count(line, "tokens_forward", s->forward_tokens);
    set_count(line, "staleness", MG_STALENESS);
}

/* The interval of success or expert: verdicts on one question are not independent of each other. */
static enum mg_status
set_interval(json_t *line, const struct mg_agent *a, const struct mg_phase_work *w, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    double *sum = NULL, *count = NULL;
    struct mg_share share;

    MG_ALLOC(sum, w->n_questions);
    MG_ALLOC(count, w->n_questions);
    for (size_t i = 0; i < mg_rollouts_count(a->rollouts); i++) {
        const struct mg_trajectory *t = &mg_rollouts_get(a->rollouts, i)->t;
        const struct mg_verdict *v = a->root ? &w->row[i].verdict : &t->verdict;

        if (v->kind != MG_VERDICT_VALUE)
            continue;
        sum[t->key.question] += v->value;
        count[t->key.question] += 1.0;
    }
    share = mg_share_of_clusters(sum, count, w->n_questions);
    set_real(line, "lo", share.lo);
    set_real(line, "hi", share.hi);
out:
    free(sum);
    free(count);
    return st;
}

static void
set_hops(json_t *line, const struct mg_agent *a, const struct mg_phase_work *w)
{
    double n[MAX_HOPS + 1] = {0.0}, right[MAX_HOPS + 1] = {0.0};
    json_t *hops = json_object();
    char name[16];

    for (uint32_t q = 0; q < w->n_questions; q++) {
        uint32_t h = a->questions.q[w->question[q]].hops;

        if (w->row[q].verdict.kind != MG_VERDICT_VALUE)
            continue;
        h = h < MAX_HOPS ? h : MAX_HOPS;
        n[h] += 1.0;
        right[h] += w->row[q].verdict.value;
    }
    for (int h = 0; h <= MAX_HOPS; h++) {
        if (n[h] == 0.0)
            continue;
        snprintf(name, sizeof name, "%d", h);
        json_object_set_new(hops, name, json_pack("{s:f, s:f}", "n", n[h], "success", right[h] / n[h]));
    }
    json_object_set_new(line, "hops", hops);
}

static enum mg_status
set_digest(json_t *line, struct mg_agent *a, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint64_t digest = 0;
    char hex[17];

    MG_TRY(mg_policy_digest(a->policy, &digest, err));
    snprintf(hex, sizeof hex, "%016" PRIx64, digest);
    json_object_set_new(line, "weights", json_string(hex));
out:
    return st;
}

static enum mg_status
write_times(struct mg_agent *a, const struct mg_phase_work *w, const struct mg_lesson *l, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_t *line = new_line(a, &w->phase);
    double now = mg_clock();

    set_real(line, "elapsed", now - a->since);
    a->since = now;
    set_real(line, "rollout", w->rollout_seconds);
    set_real(line, "wait", w->wait_seconds);
    set_real(line, "learn", l->seconds);
    MG_TRY(mg_metrics_append(mg_agent_path(a->dir, MG_AGENT_TIMING).text, line, err));
out:
    return st;
}

enum mg_status
mg_agent_record(struct mg_agent *a, const struct mg_phase_work *w, const struct mg_lesson *l, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    bool train = w->phase.kind == MG_PHASE_TRAIN;
    json_t *line = new_line(a, &w->phase);

    MG_REQUIRE(line != NULL, MG_FAIL, "out of memory: a line of metrics");
    set_rollouts(line, a, w, l);
    MG_TRY(set_interval(line, a, w, err));
    if (train && a->part->train)
        set_learning(line, a->config, l);
    if (!train && a->root)
        set_hops(line, a, w);
    if (!a->root)
        set_success(line, w);
    if (train) {
        set_count(line, "questions", w->n_questions);
        set_count(line, "stage", w->stage.number);
    }
    MG_TRY(set_digest(line, a, err));
    st = mg_metrics_append(mg_agent_path(a->dir, MG_AGENT_METRICS).text, line, err);
    line = NULL;
    MG_TRY(st);
    MG_TRY(write_times(a, w, l, err));
    if (train)
        a->note.reward = l->reward;
    else if (!w->phase.greedy && a->root)
        a->note.held_out = l->expert;
out:
    json_decref(line);
    return st;
}

enum mg_status
mg_agent_rewind(struct mg_agent *a, uint32_t phase, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(mg_metrics_rewind(mg_agent_path(a->dir, MG_AGENT_METRICS).text, phase, err));
    MG_TRY(mg_metrics_rewind(mg_agent_path(a->dir, MG_AGENT_TIMING).text, phase, err));
    MG_TRY(mg_dir_make(mg_agent_path(a->dir, MG_AGENT_ROLLOUTS).text, err));
out:
    return st;
}
