/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "rows/step.h"

/* Training starts from small weights; with random numbers up to 1 every softmax would be saturated. */
static const float weight_scale = 0.1f;

static struct clgrpo_tensor
filled(struct plan *p, size_t n, float value)
{
    const struct clgrpo_tensor t = plan_vector(p, n);
    float *host = bench_alloc(p->b, n + 1, sizeof *host);

    for (size_t i = 0; host != NULL && i < n; i++)
        host[i] = value;
    if (!p->b->failed)
        bench_ok(p->b, clgrpo_tensor_write(p->b->ctx, p->b->queue, &t, host, n * sizeof *host), "step");
    free(host);
    return t;
}

static void
shrink(struct bench *b, const struct clgrpo_tensor *t)
{
    const size_t n = clgrpo_tensor_elems(t);
    float *host = bench_alloc(b, n + 1, sizeof *host);

    if (!b->failed && bench_ok(b, clgrpo_tensor_read(b->ctx, b->queue, t, host, n * sizeof *host), "step")) {
        for (size_t i = 0; i < n; i++)
            host[i] *= weight_scale;
        bench_ok(b, clgrpo_tensor_write(b->ctx, b->queue, t, host, n * sizeof *host), "step");
    }
    free(host);
}

/* Clipping by the global norm, then AdamW, with weight decay for all parameters. */
static void
update(struct plan *p, struct step *s)
{
    struct clgrpo_global_norm_args norm = CLGRPO_GLOBAL_NORM_ARGS_INIT;
    struct clgrpo_adamw_args a = CLGRPO_ADAMW_ARGS_INIT;
    const size_t n = clgrpo_tensor_elems(&s->param);

    norm.grad = s->grad;
    norm.out = plan_vector(p, 2);
    norm.max_norm = 1.0f;
    PLAN_WITH_SPACE(p, global_norm, norm);
    a.param = s->param;
    a.grad = s->grad;
    a.m = plan_zeros(p, CLGRPO_F32, 1, &n);
    a.v = plan_zeros(p, CLGRPO_F32, 1, &n);
    a.scale = clgrpo_tensor_view(norm.out.buf, 1, CLGRPO_F32, 1, BENCH_SHAPE(1));
    a.lr = s->lr;
    a.weight_decay = 0.01f;
    a.decay_elems = n;
    a.step = 1;
    PLAN(p, adamw, a);
}

/* The advantage of each token is that of its rollout; a gather spreads them. */
static struct clgrpo_tensor
token_advantage(struct plan *p, const struct step_shape *s, size_t n)
{
    struct clgrpo_advantage_args a = CLGRPO_ADVANTAGE_ARGS_INIT;
    struct clgrpo_embedding_args gather = CLGRPO_EMBEDDING_ARGS_INIT;

    a.reward = plan_vector(p, s->rollouts);
    a.offsets = plan_indices(p, 2, 1, s->rollouts, s->rollouts + 1);
    a.advantage = plan_vector(p, s->rollouts);
    PLAN(p, advantage, a);
    gather.table = clgrpo_tensor_view(a.advantage.buf, 0, CLGRPO_F32, 2, BENCH_SHAPE(s->rollouts, 1));
    gather.index = plan_indices(p, n, s->length, 1, s->rollouts);
    gather.y = plan_matrix(p, n, 1);
    PLAN(p, embedding, gather);
    return clgrpo_tensor_view(gather.y.buf, 0, CLGRPO_F32, 1, &n);
}

/* The head and the loss, forward and backward; returns the gradient of x. */
static struct clgrpo_tensor
head_and_loss(struct plan *p, const struct step_shape *s, struct step *out, struct clgrpo_tensor x,
              struct clgrpo_tensor w, struct clgrpo_tensor dw)
{
    struct clgrpo_linear_logprob_args fwd = CLGRPO_LINEAR_LOGPROB_ARGS_INIT;
    struct clgrpo_linear_logprob_backward_args bwd = CLGRPO_LINEAR_LOGPROB_BACKWARD_ARGS_INIT;
    struct clgrpo_policy_loss_args loss = CLGRPO_POLICY_LOSS_ARGS_INIT;
    const size_t n = x.shape[0];

    fwd.x = bwd.x = x;
    fwd.w = bwd.w = w;
    fwd.target = bwd.target = plan_indices(p, n, 1, 7919, s->vocabulary);
    fwd.logprob = out->logprob = plan_vector(p, n);
    fwd.lse = bwd.lse = plan_vector(p, n);
    loss.advantage = token_advantage(p, s, n);
    PLAN_WITH_SPACE(p, linear_logprob, fwd);
    loss.logprob = loss.old_logprob = fwd.logprob; /* the first update on its rollouts: all ratios are 1 */
    loss.weight = filled(p, n, 1.0f / (float)n);
    loss.dlogprob = bwd.dlogprob = plan_vector(p, n);
    loss.stats = plan_vector(p, CLGRPO_POLICY_STATS);
    PLAN_WITH_SPACE(p, policy_loss, loss);
    bwd.dx = plan_matrix(p, n, s->layer.width);
    bwd.dw = dw;
    PLAN_WITH_SPACE(p, linear_logprob_backward, bwd);
    return bwd.dx;
}

static struct clgrpo_tensor
part(struct clgrpo_tensor flat, size_t at, unsigned rank, const size_t *shape)
{
    return clgrpo_tensor_view(flat.buf, at, CLGRPO_F32, rank, shape);
}

/* The whole model, forward and backward. The embedding and the head share one table. */
static void
model(struct plan *p, const struct step_shape *s, struct step *out, const struct layer_inputs *in)
{
    const size_t per_layer = layer_weight_elems(&s->layer), table = STEP_LAYERS * per_layer, width = s->layer.width,
                 gain = table + s->vocabulary * width;
    struct clgrpo_embedding_args embed = CLGRPO_EMBEDDING_ARGS_INIT;
    struct clgrpo_embedding_backward_args back = CLGRPO_EMBEDDING_BACKWARD_ARGS_INIT;
    const struct clgrpo_tensor w = part(out->param, table, 2, BENCH_SHAPE(s->vocabulary, width)),
                               dw = part(out->grad, table, 2, BENCH_SHAPE(s->vocabulary, width)),
                               w_norm = part(out->param, gain, 1, &width), dw_norm = part(out->grad, gain, 1, &width);
    struct layer_weights weights[STEP_LAYERS], gradients[STEP_LAYERS];
    struct layer_state states[STEP_LAYERS];
    struct clgrpo_tensor x, y, dx, rstd;

    embed.table = w;
    embed.index = back.index = plan_indices(p, s->layer.tokens, 1, 104729, s->vocabulary);
    embed.y = x = plan_matrix(p, s->layer.tokens, width);
    PLAN(p, embedding, embed);
    for (size_t i = 0; i < STEP_LAYERS; i++) {
        weights[i] = layer_weights_of(&s->layer, out->param, i * per_layer);
        gradients[i] = layer_weights_of(&s->layer, out->grad, i * per_layer);
        x = layer_forward(p, &s->layer, in, &weights[i], x, &states[i]);
    }
    y = layer_norm(p, x, w_norm, NULL, NULL, &rstd);
    dx = layer_norm_backward(p, x, w_norm, rstd, head_and_loss(p, s, out, y, w, dw), dw_norm);
    for (size_t i = STEP_LAYERS; i-- > 0;)
        dx = layer_backward(p, &s->layer, in, &weights[i], &gradients[i], &states[i], dx);
    back.dy = dx;
    back.dtable = dw;
    PLAN(p, embedding_backward, back);
}

void
step_prepare(struct bench *b, const struct step_shape *s, float lr, struct step *out)
{
    struct plan *p = &out->plan;
    const size_t n =
        STEP_LAYERS * layer_weight_elems(&s->layer) + (s->vocabulary + 1) * s->layer.width; /* table and last gain */
    struct layer_inputs in;

    *p = (struct plan){.b = b};
    out->lr = lr;
    out->param = plan_vector(p, n);
    out->grad = plan_vector(p, n);
    shrink(b, &out->param);
    in.offsets = plan_indices(p, s->rollouts + 1, 1, s->length, s->layer.tokens + 1);
    in.position = plan_indices(p, s->layer.tokens, 1, 1, s->length);
    in.table = plan_matrix(p, s->length, s->layer.dim);
    PLAN(p, zero, out->grad);
    model(p, s, out, &in);
    update(p, out);
}

double
step_flop(const struct step_shape *s)
{
    const double length = (double)s->length, pairs = (double)s->rollouts * 0.5 * length * (length + 1.0),
                 table = 2.0 * (double)(s->layer.tokens * s->layer.width * s->vocabulary);

    return STEP_LAYERS * (3.0 * layer_flop(&s->layer) + 3.5 * layer_attention_flop(&s->layer, pairs)) + 4.0 * table;
}

/* 8 rollouts of 128 tokens; then as many tokens as a step of the reference trainer's main job, with its width. */
const struct step_shape step_shapes[STEP_SHAPES] = {
    {"g8x128.e256.v4096", 8, 128, 4096, {1024, 8, 128, 256, 4, 2, 64, 704}},
    {"g16x256.e128.v1024", 16, 256, 1024, {4096, 16, 256, 128, 4, 4, 32, 352}},
};
