/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/learn.h"

#include <math.h>
#include <stdlib.h>

double
mg_learning_rate(const struct mg_config *c, uint32_t step)
{
    double warm = c->lr_warmup > 0 ? fmin(1.0, (step + 1.0) / c->lr_warmup) : 1.0;
    uint32_t steps = mg_config_steps_at(c, step);
    double done = steps > 1 ? fmin(1.0, step / (steps - 1.0)) : 0.0;

    return c->lr * warm * (1.0 - (1.0 - c->lr_end) * done);
}

static struct mg_adam
adam_of_step(const struct mg_config *c, uint32_t step)
{
    return (struct mg_adam){.lr = (float)mg_learning_rate(c, step),
                            .beta1 = (float)c->beta1,
                            .beta2 = (float)c->beta2,
                            .eps = (float)c->adam_eps,
                            .weight_decay = (float)c->weight_decay,
                            .max_norm = (float)c->max_norm};
}

struct mg_loss_params
mg_loss_params_of(const struct mg_config *c)
{
    const struct mg_objective *o = &mg_objectives[c->objective];

    return (struct mg_loss_params){.loss = MG_LOSS_POLICY,
                                   .temperature = (float)(c->temperature > 0.0 ? c->temperature : 1.0),
                                   .entropy_bonus = (float)c->entropy_bonus,
                                   .ratio = o->ratio,
                                   .surrogate = o->surrogate,
                                   .kl = mg_kl_kinds[c->kl].kind,
                                   .correction = mg_correction_kinds[c->correction].kind,
                                   .ratio_min = (float)c->ratio_min,
                                   .ratio_max = (float)c->ratio_max,
                                   .dual_clip = (float)c->dual_clip,
                                   .kl_beta = (float)c->kl_beta,
                                   .correction_min = (float)c->correction_min,
                                   .correction_max = (float)c->correction_max};
}

enum mg_status
mg_reference_open(const struct mg_config *c, const struct mg_agent_config *agent, struct mg_policy **out,
                  struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_policy_limits limits = {.device = agent->device[0] != '\0' ? agent->device : NULL,
                                            .context = agent->context,
                                            .max_tokens = agent->max_tokens,
                                            .storage = mg_storage_kinds[c->reference_type].dtype};

    if (c->kl_beta == 0.0)
        return MG_OK;
    MG_TRY(mg_policy_open(agent->model, &limits, out, err));
    MG_TRY(mg_policy_prepare(*out, NULL, 0, NULL, err));
out:
    return st;
}

/* What one call of mg_learn works on. */
struct work {
    struct mg_policy *policy, *reference;
    const struct mg_config *c;
    const struct mg_agent_config *agent;
    const struct mg_trajectory *const *rows;
    uint32_t n, n_questions;          /* questions are 0 .. n_questions - 1 */
    uint64_t version;                 /* of the weights that sampled the rows */
    float **old, **reference_logprob; /* [n] of each row; NULL: the sampler's; none */
    struct mg_lesson_sums *sums;
};

/* A row of floats for each trajectory. */
static enum mg_status
alloc_logprobs(const struct work *w, float ***out, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_ALLOC(*out, w->n);
    for (uint32_t i = 0; i < w->n; i++)
        MG_ALLOC((*out)[i], w->rows[i]->len);
out:
    return st;
}

static void
free_logprobs(const struct work *w, float **logprob)
{
    for (uint32_t i = 0; logprob != NULL && i < w->n; i++)
        free(logprob[i]);
    free(logprob);
}

/* Log-probabilities of the sampled tokens under a policy. */
static enum mg_status
score(const struct work *w, struct mg_policy *p, float **logprob, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_batch_rows b = {0};

    MG_TRY(mg_batch_rows_all(w->rows, w->n, &b, err));
    MG_TRY(mg_policy_logprobs(p, b.row, b.n, mg_loss_params_of(w->c).temperature, logprob, err));
out:
    mg_batch_rows_free(&b);
    return st;
}

/* The trajectories of questions first .. end - 1, with their weights by the objective. */
static enum mg_status
take_part(const struct work *w, uint32_t first, uint32_t end, struct mg_batch_rows *b, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(mg_batch_rows_weighted(w->c, w->agent, w->rows, w->n, first, end, b, err));
    for (size_t i = 0; i < b->n; i++) {
        const uint32_t at = b->of[i];

        if (w->old != NULL)
            b->row[i].old_logprob = w->old[at];
        if (w->reference_logprob != NULL)
            b->row[i].ref_logprob = w->reference_logprob[at];
    }
out:
    return st;
}

/* Means of a step are over all passes, extremes too. */
static void
add_stats(struct mg_train_stats *sum, const struct mg_train_stats *s)
{
    const bool first = sum->tokens == 0.0;

    sum->loss += s->loss;
    sum->tokens += s->tokens;
    sum->weight_sum += s->weight_sum;
    sum->ratio_sum += s->ratio_sum;
    sum->ratio_min = first ? s->ratio_min : fmin(sum->ratio_min, s->ratio_min);
    sum->ratio_max = first ? s->ratio_max : fmax(sum->ratio_max, s->ratio_max);
    sum->clipped += s->clipped;
    sum->dual_clipped += s->dual_clipped;
    sum->approx_kl_sum += s->approx_kl_sum;
    sum->kl_sum += s->kl_sum;
    sum->correction_sum += s->correction_sum;
    sum->correction_max = fmax(sum->correction_max, s->correction_max);
    sum->corrected += s->corrected;
    sum->entropy_sum += s->entropy_sum;
    sum->forward_tokens += s->forward_tokens;
}

/* One step of the optimiser, over one mini-batch. */
static enum mg_status
learn_part(const struct work *w, uint32_t step, uint32_t first, uint32_t end, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_loss_params loss = mg_loss_params_of(w->c);
    const struct mg_adam adam = adam_of_step(w->c, step);
    struct mg_train_stats stats;
    struct mg_batch_rows b = {0};
    double norm = 0.0;

    MG_TRY(take_part(w, first, end, &b, err));
    MG_TRY(mg_policy_gradient(w->policy, b.row, b.n, &loss, &stats, err));
    /* while the weights are those that sampled, anything but 1 means that sampler and trainer compute two models */
    MG_REQUIRE(mg_policy_version(w->policy) != w->version || (stats.ratio_min == 1.0 && stats.ratio_max == 1.0),
               MG_FAIL, "the ratio of an on-policy batch is %.9g to %.9g, must be exactly 1", stats.ratio_min,
               stats.ratio_max);
    add_stats(&w->sums->stats, &stats);
    if (b.n == 0) /* momentum and decay alone would move the weights */
        goto out;
    st = mg_policy_step(w->policy, &adam, &norm, err);
    w->sums->grad_norm = fmax(w->sums->grad_norm, norm);
    w->sums->updates++;
    if (st == MG_END) {
        mg_fail_at(err, "train step %u of agent %s", step, w->agent->name);
        mg_hint(err, "A smaller lr or max_norm, or a larger adam_eps, may help in another run; this one ends here.");
    }
out:
    mg_batch_rows_free(&b);
    return st;
}

/* One pass over the trajectories. After the first one the weights are not those that sampled them: with a correction the
 * ratio is to the weights at the start of the pass, and what those differ from the sampler's is corrected. */
static enum mg_status
learn_epoch(struct work *w, uint32_t step, uint32_t epoch, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const uint32_t parts = w->c->mini_batches;

    if (epoch > 0 && w->c->correction != CLGRPO_CORRECTION_NONE) {
        if (w->old == NULL)
            MG_TRY(alloc_logprobs(w, &w->old, err));
        MG_TRY(score(w, w->policy, w->old, err));
    }
    for (uint32_t i = 0; i < parts; i++)
        MG_TRY(learn_part(w, step, (uint32_t)((uint64_t)w->n_questions * i / parts),
                          (uint32_t)((uint64_t)w->n_questions * (i + 1) / parts), err));
out:
    return st;
}

enum mg_status
mg_learn(struct mg_policy *p, struct mg_policy *reference, const struct mg_config *c,
         const struct mg_agent_config *agent, uint32_t step, const struct mg_trajectory *const *rows, uint32_t n,
         struct mg_lesson_sums *sums, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct work w = {.policy = p,
                     .reference = reference,
                     .c = c,
                     .agent = agent,
                     .rows = rows,
                     .n = n,
                     .version = mg_policy_version(p),
                     .sums = sums};

    *sums = (struct mg_lesson_sums){.stats = {.ratio_min = 1.0, .ratio_max = 1.0}};
    for (uint32_t i = 0; i < n; i++)
        w.n_questions = rows[i]->key.question >= w.n_questions ? rows[i]->key.question + 1 : w.n_questions;
    if (c->kl_beta > 0.0) {
        MG_TRY(alloc_logprobs(&w, &w.reference_logprob, err));
        MG_TRY(score(&w, reference, w.reference_logprob, err));
    }
    for (uint32_t epoch = 0; epoch < c->epochs; epoch++)
        MG_TRY(learn_epoch(&w, step, epoch, err));
out:
    free_logprobs(&w, w.old);
    free_logprobs(&w, w.reference_logprob);
    return st;
}
