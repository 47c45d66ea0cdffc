/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/learn.h"

#include <math.h>
#include <stdlib.h>

struct train_rows {
    struct mg_train_row *row;
    float *weight; /* of all rows, concatenated */
    uint32_t n;
};

/* Rows whose advantage is 0 add nothing to the gradient. */
static enum mg_status
make_rows(const struct mg_config *c, const struct mg_agent_config *agent, const struct mg_trajectory *const *rows,
          uint32_t n, struct train_rows *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_step_sums sums = {.new_max = (double)agent->turns * agent->new_tokens};
    enum mg_normalisation normalisation = mg_objectives[c->objective].normalisation;
    size_t tokens = 0, at = 0;

    for (uint32_t i = 0; i < n; i++) {
        sums.weight += (double)rows[i]->weight;
        sums.weighted_tokens += (double)rows[i]->weight * mg_trajectory_written(rows[i]);
        tokens += rows[i]->len;
    }
    MG_ALLOC(out->weight, tokens);
    MG_ALLOC(out->row, n);
    for (uint32_t i = 0; i < n; i++) {
        const struct mg_trajectory *r = rows[i];
        uint32_t sampled = mg_trajectory_written(r);
        float each = (float)mg_token_weight(normalisation, &sums, (double)r->weight, sampled);

        if (sampled == 0 || (r->advantage == 0.0f && c->entropy_bonus == 0.0))
            continue;
        for (uint32_t j = 0; j < r->len; j++)
            out->weight[at + j] = r->mask[j] ? each : 0.0f;
        out->row[out->n++] = (struct mg_train_row){.ids = r->ids,
                                                   .weight = out->weight + at,
                                                   .old_logprob = r->logprob,
                                                   .len = r->len,
                                                   .advantage = r->advantage};
        at += r->len;
    }
out:
    return st;
}

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
    return (struct mg_loss_params){.loss = MG_LOSS_POLICY,
                                   .temperature = (float)(c->temperature > 0.0 ? c->temperature : 1.0),
                                   .clip = mg_objectives[c->objective].clip,
                                   .clip_low = (float)c->clip_low,
                                   .clip_high = (float)c->clip_high,
                                   .dual_clip = (float)c->dual_clip,
                                   .entropy_bonus = (float)c->entropy_bonus};
}

enum mg_status
mg_learn(struct mg_policy *p, const struct mg_config *c, const struct mg_agent_config *agent, uint32_t step,
         const struct mg_trajectory *const *rows, uint32_t n, struct mg_train_stats *stats, double *grad_norm,
         struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_loss_params loss = mg_loss_params_of(c);
    struct mg_adam adam = adam_of_step(c, step);
    struct train_rows t = {0};

    MG_TRY(make_rows(c, agent, rows, n, &t, err));
    MG_TRY(mg_policy_gradient(p, t.row, t.n, &loss, stats, err));
    /* the batch is on-policy: anything but 1 means that sampler and trainer do not compute the same model */
    MG_REQUIRE(stats->ratio_min == 1.0 && stats->ratio_max == 1.0, MG_FAIL,
               "the ratio of an on-policy batch is %.9g to %.9g, must be exactly 1", stats->ratio_min,
               stats->ratio_max);
    *grad_norm = 0.0;
    if (t.n == 0) /* momentum and decay alone would move the weights */
        goto out;
    st = mg_policy_step(p, &adam, grad_norm, err);
    if (st == MG_END) {
        mg_fail_at(err, "train step %u of agent %s", step, agent->name);
        mg_hint(err, "A smaller lr or max_norm, or a larger adam_eps, may help in another run; this one ends here.");
    }
out:
    free(t.row);
    free(t.weight);
    return st;
}
