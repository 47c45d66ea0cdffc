/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "policy/batch.h"

static enum mg_status
head_backward(struct mg_policy *p, const struct mg_batch *b, float temperature, bool entropy, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_dims *d = &p->params.dims;
    struct clgrpo_linear_logprob_backward_args args = CLGRPO_LINEAR_LOGPROB_BACKWARD_ARGS_INIT;

    args.x = mg_rows(&p->hidden, b->n_rows);
    args.w = mg_matrix(&p->weights, p->params.head, d->V, d->E);
    args.target = mg_line(&p->ints, MG_INT_TARGET, b->n_rows);
    args.lse = mg_line(&p->head_out, MG_OUT_LSE, b->n_rows);
    args.dlogprob = mg_line(&p->head_in, MG_IN_DLOGPROB, b->n_rows);
    if (entropy) {
        args.entropy = mg_line(&p->head_out, MG_OUT_ENTROPY, b->n_rows);
        args.dentropy = mg_line(&p->head_in, MG_IN_DENTROPY, b->n_rows);
    }
    args.dx = mg_rows(&p->dhidden, b->n_rows);
    args.dw = mg_matrix(&p->grad, p->params.head, d->V, d->E);
    args.inv_temperature = 1.0f / temperature;
    MG_RUN_WITH_WORKSPACE(clgrpo_linear_logprob_backward, clgrpo_linear_logprob_backward_workspace, args);
out:
    return st;
}

static enum mg_status
policy_loss(struct mg_policy *p, const struct mg_batch *b, const struct mg_loss_params *o, float *stats,
            struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct clgrpo_policy_loss_args args = CLGRPO_POLICY_LOSS_ARGS_INIT;

    args.logprob = mg_line(&p->head_out, MG_OUT_LOGPROB, b->n_rows);
    args.old_logprob = mg_line(&p->head_in, MG_IN_OLD, b->n_rows);
    args.advantage = mg_line(&p->head_in, MG_IN_ADVANTAGE, b->n_rows);
    args.weight = mg_line(&p->head_in, MG_IN_WEIGHT, b->n_rows);
    args.dlogprob = mg_line(&p->head_in, MG_IN_DLOGPROB, b->n_rows);
    args.stats = p->stats;
    args.offsets = mg_vector(&p->head_rows, 0, b->n_trajectories + 1);
    args.ratio = o->ratio;
    args.surrogate = o->surrogate;
    args.ratio_min = o->ratio_min;
    args.ratio_max = o->ratio_max;
    args.dual_clip = o->dual_clip;
    if (o->kl_beta > 0.0f) {
        args.kl = o->kl;
        args.kl_beta = o->kl_beta;
        args.ref_logprob = mg_line(&p->head_in, MG_IN_REF, b->n_rows);
    }
    if (o->correction != CLGRPO_CORRECTION_NONE) {
        args.correction = o->correction;
        args.correction_min = o->correction_min;
        args.correction_max = o->correction_max;
        args.sampled_logprob = mg_line(&p->head_in, MG_IN_SAMPLED, b->n_rows);
    }
    MG_RUN_WITH_WORKSPACE(clgrpo_policy_loss, clgrpo_policy_loss_workspace, args);
    MG_TRY(mg_op_read(p, p->stats, stats, err));
out:
    return st;
}

/* Two derivatives do not depend on what the device computed: of NLL with respect to the log-probability, and of the
 * entropy bonus with respect to the entropy. */
static enum mg_status
host_derivatives(struct mg_policy *p, struct mg_packed_rows *k, const struct mg_loss_params *o, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = k->batch.n_rows, cap = k->cap;
    const float *weight = k->in + MG_IN_WEIGHT * cap;

    for (size_t i = 0; i < n; i++) {
        k->in[MG_IN_DLOGPROB * cap + i] = -weight[i];
        k->in[MG_IN_DENTROPY * cap + i] = -o->entropy_bonus * weight[i];
    }
    if (o->loss == MG_LOSS_NLL)
        MG_TRY(mg_op_write(p, mg_line(&p->head_in, MG_IN_DLOGPROB, n), k->in + MG_IN_DLOGPROB * cap, err));
    if (o->entropy_bonus != 0.0f)
        MG_TRY(mg_op_write(p, mg_line(&p->head_in, MG_IN_DENTROPY, n), k->in + MG_IN_DENTROPY * cap, err));
out:
    return st;
}

/* Sums of a micro-batch to those of a step. */
static void
add_loss_stats(struct mg_train_stats *s, const float *of, bool first)
{
    const double least = (double)of[CLGRPO_POLICY_RATIO_MIN], most = (double)of[CLGRPO_POLICY_RATIO_MAX];

    s->loss += (double)of[CLGRPO_POLICY_LOSS];
    s->ratio_sum += (double)of[CLGRPO_POLICY_RATIO_SUM];
    s->ratio_min = first ? least : fmin(s->ratio_min, least);
    s->ratio_max = first ? most : fmax(s->ratio_max, most);
    s->clipped += (double)of[CLGRPO_POLICY_CLIPPED];
    s->dual_clipped += (double)of[CLGRPO_POLICY_DUAL_CLIPPED];
    s->approx_kl_sum += (double)of[CLGRPO_POLICY_APPROX_KL_SUM];
    s->kl_sum += (double)of[CLGRPO_POLICY_KL_SUM];
    s->correction_sum += (double)of[CLGRPO_POLICY_CORRECTION_SUM];
    s->correction_max = fmax(s->correction_max, (double)of[CLGRPO_POLICY_CORRECTION_MAX]);
    s->corrected += (double)of[CLGRPO_POLICY_CORRECTED];
}

static enum mg_status
add_stats(struct mg_policy *p, const struct mg_packed_rows *k, const struct mg_loss_params *o, const float *loss_stats,
          struct mg_train_stats *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_batch *b = &k->batch;
    const float *weight = k->in + MG_IN_WEIGHT * k->cap, *logprob = k->out + MG_OUT_LOGPROB * k->cap;
    const float *entropy = k->out + MG_OUT_ENTROPY * k->cap;
    bool first = s->tokens == 0.0;

    MG_TRY(mg_op_read(p, mg_line(&p->head_out, MG_OUT_LOGPROB, b->n_rows), k->out + MG_OUT_LOGPROB * k->cap, err));
    MG_TRY(mg_op_read(p, mg_line(&p->head_out, MG_OUT_ENTROPY, b->n_rows), k->out + MG_OUT_ENTROPY * k->cap, err));
    for (size_t i = 0; i < b->n_rows; i++) {
        s->weight_sum += (double)weight[i];
        s->entropy_sum += (double)entropy[i];
        s->loss -= o->loss == MG_LOSS_NLL ? (double)weight[i] * (double)logprob[i] : 0.0;
    }
    s->tokens += (double)b->n_rows;
    s->forward_tokens += (double)b->n;
    if (o->loss == MG_LOSS_POLICY)
        add_loss_stats(s, loss_stats, first);
out:
    return st;
}

enum mg_status
mg_policy_gradient(struct mg_policy *p, const struct mg_train_row *rows, size_t n_rows,
                   const struct mg_loss_params *loss, struct mg_train_stats *stats, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_packed_rows k = {0};
    struct mg_prefix_plan plan = {0};
    float loss_stats[CLGRPO_POLICY_STATS] = {0};

    *stats = (struct mg_train_stats){.ratio_min = 1.0, .ratio_max = 1.0};
    MG_REQUIRE(p->limits.train, MG_FAIL, "the policy was opened without training buffers");
    MG_TRY(mg_packed_alloc(&k, p->rows, err));
    MG_TRY(mg_prefix_plan_make(rows, n_rows, false, p->rows, p->limits.context, &plan, err));
    for (size_t next = 0; next < plan.n_groups;) {
        mg_pack(&k, &plan, &next);
        k.batch.keep = true;
        MG_TRY(mg_packed_upload(p, &k, err));
        MG_TRY(mg_forward(p, &k.batch, err));
        MG_TRY(mg_head_forward(p, &k.batch, loss->temperature, err));
        if (loss->loss == MG_LOSS_POLICY)
            MG_TRY(policy_loss(p, &k.batch, loss, loss_stats, err));
        MG_TRY(host_derivatives(p, &k, loss, err));
        MG_TRY(head_backward(p, &k.batch, loss->temperature, loss->entropy_bonus != 0.0f, err));
        MG_TRY(mg_backward(p, &k.batch, err));
        MG_TRY(add_stats(p, &k, loss, loss_stats, stats, err));
    }
out:
    mg_prefix_plan_free(&plan);
    mg_packed_free(&k);
    return st;
}
