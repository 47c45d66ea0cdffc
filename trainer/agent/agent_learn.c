/* SPDX-License-Identifier: Apache-2.0 */
/* One step of M-GRPO for one agent: rewards, groups, advantages, gradient, step. */
#include <math.h>
#include <stdlib.h>

#include "learn/advantage.h"
#include "agent/agent_internal.h"
#include "base/rng.h"
#include "learn/align.h"
#include "learn/learn.h"
#include "learn/reward.h"
#include "dialogue/rollout_log.h"
#include "run/run_path.h"

/* The trajectories that have a reward, in the order of their keys: those of a question are a group. A trajectory
 * that counts several times is listed several times. */
struct batch {
    struct mg_rollout **r; /* [n] */
    float *reward, *weight, *advantage;
    uint32_t n;
    int32_t *offsets; /* [groups + 1] */
    uint32_t groups;
};

static void
free_batch(struct batch *b)
{
    free(b->r);
    free(b->reward);
    free(b->weight);
    free(b->advantage);
    free(b->offsets);
}

static enum mg_status
alloc_batch(struct batch *b, size_t room, uint32_t groups, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_REQUIRE(room <= INT32_MAX, MG_INPUT, "%zu trajectories in a step, at most %d", room, (int)INT32_MAX);
    b->groups = groups;
    MG_ALLOC(b->r, room);
    MG_ALLOC(b->reward, room);
    MG_ALLOC(b->weight, room);
    MG_ALLOC(b->advantage, room);
    MG_ALLOC(b->offsets, (size_t)groups + 1);
out:
    return st;
}

/* Its reward counts among its group's in any case; where what was cut is masked, it teaches nothing itself. */
static void
add(const struct mg_agent *a, struct batch *b, struct mg_rollout *r, struct mg_reward reward, float weight)
{
    const bool is_cut = r->fault == MG_FAULT_LENGTH || r->fault == MG_FAULT_CONTEXT;

    r->t.kind = reward.kind;
    r->t.reward = (float)reward.value;
    r->t.weight = is_cut && a->config->mask_truncated ? 0.0f : weight;
    b->r[b->n] = r;
    b->reward[b->n] = r->t.reward;
    b->weight[b->n++] = weight;
    for (uint32_t g = r->t.key.question + 1; g <= b->groups; g++)
        b->offsets[g] = (int32_t)b->n;
}

static double
mean(double sum, double n)
{
    return n > 0.0 ? sum / n : (double)NAN;
}

static void
add_parts(struct mg_lesson *l, const struct mg_reward *reward)
{
    for (int k = 0; k < MG_N_PARTS; k++)
        l->part[k] += reward->part[k];
}

/* ---- Root: K rewards of a question ---- */

static enum mg_status
root_batch(struct mg_agent *a, const struct mg_phase_work *w, struct batch *b, struct mg_lesson *l, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = mg_rollouts_count(a->rollouts);

    MG_TRY(alloc_batch(b, n, w->n_questions, err));
    for (size_t i = 0; i < n; i++) {
        const struct mg_rollout_row *row = &w->row[i];
        struct mg_rollout *r = mg_rollouts_get(a->rollouts, i);
        struct mg_reward reward = mg_reward_root(&a->part->reward, row->format, &row->verdict);

        mg_reward_add_length(&reward, a->part, r->t.len);
        l->trajectories++;
        l->calls += row->calls;
        l->calls_of[row->calls < MAX_CALLS ? row->calls : MAX_CALLS]++;
        if (row->kind == MG_REWARD_UNAVAILABLE) {
            l->unavailable++;
            continue;
        }
        l->reward += row->reward;
        add_parts(l, &reward);
        l->format += row->format;
        l->expert += row->verdict.value;
        l->verdicts += row->verdict.kind == MG_VERDICT_VALUE;
        add(a, b, r, (struct mg_reward){.kind = row->kind, .value = row->reward}, 1.0f);
    }
out:
    return st;
}

/* ---- Sub-agent: the aligned sub-trajectories of a question ---- */

/* The rollouts of the root, by question and rollout; the texts are not kept. */
static enum mg_status
read_parents(struct mg_agent *a, struct mg_phase_work *w, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_rollout_rows rows = {0};
    bool closed = false;

    MG_TRY(mg_store_rollouts(a->store, w->phase.number, &closed, &rows, err));
    MG_REQUIRE(closed, MG_FAIL, "the store has no end of phase %u", w->phase.number);
    for (size_t i = 0; i < rows.n; i++) {
        const struct mg_rollout_row *row = &rows.row[i];
        struct mg_rollout_row *at;

        MG_REQUIRE(row->key.question < w->n_questions && row->key.rollout < w->n_rollouts, MG_INPUT,
                   "the store has a rollout %u of question %u, which this run does not have", row->key.rollout,
                   row->key.question);
        at = &w->row[(size_t)row->key.question * w->n_rollouts + row->key.rollout];
        *at = *row;
        at->answer = NULL;
    }
    MG_REQUIRE(rows.n % w->n_rollouts == 0 && rows.n >= (size_t)w->n_first * w->n_rollouts, MG_INPUT,
               "the store has %zu rollouts of phase %u, need %u of each of %u questions or more", rows.n,
               w->phase.number, w->n_rollouts, w->n_first);
    w->n_questions = (uint32_t)(rows.n / w->n_rollouts);
out:
    mg_rollout_rows_free(&rows);
    return st;
}

/* One sub-trajectory of weight w: as a row of that weight, or as copies of it. */
static void
add_aligned(struct mg_agent *a, struct batch *b, struct mg_rollout *r, const struct mg_rollout_row *parent, float w,
            struct mg_lesson *l)
{
    struct mg_reward reward;
    const struct mg_verdict *v = &r->t.verdict;

    reward = mg_reward_sub(&a->part->reward, r->fault == MG_FAULT_NONE, &parent->verdict, v);
    mg_reward_add_length(&reward, a->part, r->t.len);
    l->trajectories++;
    l->verdicts += v->kind == MG_VERDICT_VALUE;
    l->expert += v->value;
    if (parent->kind == MG_REWARD_UNAVAILABLE || reward.kind == MG_REWARD_UNAVAILABLE) {
        l->unavailable++;
        return;
    }
    l->reward += reward.value;
    add_parts(l, &reward);
    l->format += r->fault == MG_FAULT_NONE;
    if (a->config->alignment != MG_ALIGN_COPY && w > 0.0f)
        add(a, b, r, reward, w);
    for (float copies = w; a->config->alignment == MG_ALIGN_COPY && copies > 0.5f; copies -= 1.0f)
        add(a, b, r, reward, 1.0f);
}

static enum mg_status
sub_batch(struct mg_agent *a, struct mg_phase_work *w, struct batch *b, struct mg_lesson *l, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_config *c = a->config;
    size_t n = mg_rollouts_count(a->rollouts), rollouts;
    float *weight = NULL;

    MG_TRY(read_parents(a, w, err));
    rollouts = (size_t)w->n_questions * w->n_rollouts;
    MG_ALLOC(weight, n);
    MG_TRY(alloc_batch(b, n > rollouts * a->part->aligned ? n : rollouts * a->part->aligned, w->n_questions, err));
    l->left_out = (uint32_t)rollouts;
    for (size_t i = 0, end; i < n; i = end) {
        const struct mg_key *key = &mg_rollouts_get(a->rollouts, i)->t.key;
        const struct mg_rollout_row *parent;

        MG_REQUIRE(key->question < w->n_questions && key->rollout < w->n_rollouts, MG_INPUT,
                   "the store has a subtask of question %u, rollout %u, which this run does not have", key->question,
                   key->rollout);
        parent = &w->row[(size_t)key->question * w->n_rollouts + key->rollout];
        for (end = i + 1; end < n; end++) {
            const struct mg_key *next = &mg_rollouts_get(a->rollouts, end)->t.key;

            if (next->question != key->question || next->rollout != key->rollout)
                break;
        }
        l->left_out--;
        mg_align(c->alignment, a->part->aligned, mg_rng_mix(c->seed ^ a->agent), w->phase.step, key->question,
                 key->rollout, (uint32_t)(end - i), weight + i);
        for (size_t j = i; j < end; j++)
            add_aligned(a, b, mg_rollouts_get(a->rollouts, j), parent, weight[j], l);
    }
    l->calls = (double)n;
out:
    free(weight);
    return st;
}

/* ---- Both ---- */

static void
count_groups(const struct batch *b, struct mg_lesson *l)
{
    for (uint32_t g = 0; g < b->groups; g++) {
        int32_t i = b->offsets[g], end = b->offsets[g + 1];

        l->groups += i < end;
        while (i < end && b->advantage[i] == 0.0f)
            i++;
        l->groups_without += i == end && b->offsets[g] < end;
    }
}

/* What all rollouts tell, also those that are in no group. */
static void
look_at_rollouts(struct mg_agent *a, struct mg_lesson *l)
{
    double sum = 0.0, n = 0.0, tokens = 0.0;

    for (size_t i = 0; i < mg_rollouts_count(a->rollouts); i++) {
        const struct mg_rollout *r = mg_rollouts_get(a->rollouts, i);

        l->fault[r->fault]++;
        l->texts_cut += r->t.texts_cut;
        tokens += r->t.len;
        l->longest = r->t.len > l->longest ? r->t.len : l->longest;
        for (uint32_t k = 0; k < r->t.len; k++) {
            sum -= r->t.mask[k] ? (double)r->t.logprob[k] : 0.0;
            n += r->t.mask[k];
        }
    }
    l->entropy = mean(sum, n);
    l->length = mean(tokens, (double)mg_rollouts_count(a->rollouts));
}

static enum mg_status
update(struct mg_agent *a, const struct mg_phase_work *w, struct batch *b, struct mg_lesson *l, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_trajectory **rows = NULL;

    MG_TRY(mg_advantages(mg_policy_context(a->policy), a->config, b->reward, b->weight, b->n, b->offsets, b->groups,
                         b->advantage, err));
    MG_ALLOC(rows, b->n);
    for (uint32_t i = 0; i < b->n; i++) {
        b->r[i]->t.advantage = b->advantage[i];
        rows[i] = &b->r[i]->t;
    }
    count_groups(b, l);
    MG_TRY(mg_learn(a->policy, a->reference, a->config, a->part, w->phase.step, rows, b->n, &l->sums, err));
out:
    free(rows);
    return st;
}

/* The step as it was learnt from, so that it can be repeated. */
static enum mg_status
log_batch(const struct mg_agent *a, const struct mg_phase_work *w, const struct batch *b, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_rollout_log *log = NULL, *done;

    MG_TRY(mg_rollout_log_create(mg_rollouts_path(a->dir, w->phase.number).text, &log, err));
    for (uint32_t i = 0; i < b->n; i++)
        MG_TRY(mg_rollout_log_add(log, &b->r[i]->t, err));
    done = log;
    log = NULL;
    MG_TRY(mg_rollout_log_commit(done, err));
out:
    mg_rollout_log_abort(log);
    return st;
}

enum mg_status
mg_agent_learn(struct mg_agent *a, struct mg_phase_work *w, struct mg_lesson *l, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct batch b = {0};
    double start = mg_clock(), rewarded;

    if (a->root)
        MG_TRY(root_batch(a, w, &b, l, err));
    else
        MG_TRY(sub_batch(a, w, &b, l, err));
    look_at_rollouts(a, l);
    rewarded = (double)(l->trajectories - l->unavailable);
    l->reward = mean(l->reward, rewarded);
    for (int k = 0; k < MG_N_PARTS; k++)
        l->part[k] = mean(l->part[k], rewarded);
    l->format = mean(l->format, rewarded);
    l->expert = mean(l->expert, l->verdicts);
    l->calls /= (double)w->n_questions * w->n_rollouts;
    if (a->part->train && w->phase.kind == MG_PHASE_TRAIN)
        MG_TRY(update(a, w, &b, l, err));
    MG_TRY(log_batch(a, w, &b, err));
    l->seconds = mg_clock() - start;
out:
    free_batch(&b);
    return st;
}
