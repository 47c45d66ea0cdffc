/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "rows/layer.h"

static size_t
queries(const struct layer_shape *s)
{
    return s->heads * s->dim;
}

static size_t
keys(const struct layer_shape *s)
{
    return s->key_heads * s->dim;
}

static size_t
all_heads(const struct layer_shape *s)
{
    return queries(s) + 2 * keys(s);
}

size_t
layer_weight_elems(const struct layer_shape *s)
{
    return s->width * (2 + all_heads(s) + queries(s) + 3 * s->inner);
}

static struct clgrpo_tensor
take(struct clgrpo_tensor flat, size_t *at, size_t rows, size_t columns)
{
    const size_t first = *at;

    *at += rows * columns;
    return clgrpo_tensor_view(flat.buf, flat.offset + first, CLGRPO_F32, 2, BENCH_SHAPE(rows, columns));
}

static struct clgrpo_tensor
take_vector(struct clgrpo_tensor flat, size_t *at, size_t n)
{
    const struct clgrpo_tensor t = take(flat, at, 1, n);

    return clgrpo_tensor_view(t.buf, t.offset, CLGRPO_F32, 1, BENCH_SHAPE(n));
}

struct layer_weights
layer_weights_of(const struct layer_shape *s, struct clgrpo_tensor flat, size_t at)
{
    struct layer_weights w;

    w.norm1 = take_vector(flat, &at, s->width);
    w.qkv = take(flat, &at, all_heads(s), s->width);
    w.o = take(flat, &at, s->width, queries(s));
    w.norm2 = take_vector(flat, &at, s->width);
    w.gate_up = take(flat, &at, 2 * s->inner, s->width);
    w.down = take(flat, &at, s->width, s->inner);
    return w;
}

double
layer_flop(const struct layer_shape *s)
{
    return 2.0 * (double)s->tokens * (double)(layer_weight_elems(s) - 2 * s->width);
}

double
layer_attention_flop(const struct layer_shape *s, double pairs)
{
    return 4.0 * pairs * (double)queries(s);
}

/* Heads of s->dim columns each, from column `first` on. */
static struct clgrpo_tensor
heads_of(const struct layer_shape *s, struct clgrpo_tensor t, size_t first, size_t heads)
{
    t.rank = 3;
    t.offset += first;
    t.shape[1] = heads;
    t.shape[2] = s->dim;
    t.stride[1] = s->dim;
    t.stride[2] = 1;
    return t;
}

static struct clgrpo_gemm_args
product_of(struct clgrpo_tensor a, bool trans_a, struct clgrpo_tensor b, bool trans_b)
{
    struct clgrpo_gemm_args g = CLGRPO_GEMM_ARGS_INIT;

    g.a = a;
    g.b = b;
    g.trans_a = trans_a;
    g.trans_b = trans_b;
    return g;
}

static struct clgrpo_tensor
product(struct plan *p, struct clgrpo_tensor a, struct clgrpo_tensor b, bool trans_b)
{
    struct clgrpo_gemm_args g = product_of(a, false, b, trans_b);

    g.c = plan_matrix(p, a.shape[0], b.shape[trans_b ? 0 : 1]);
    PLAN_WITH_SPACE(p, gemm, g);
    return g.c;
}

/* dw += dy^T x */
static void
add_gradient(struct plan *p, struct clgrpo_tensor dy, struct clgrpo_tensor x, struct clgrpo_tensor dw)
{
    struct clgrpo_gemm_args g = product_of(dy, true, x, false);

    g.c = dw;
    g.accumulate = true;
    PLAN_WITH_SPACE(p, gemm, g);
}

static struct clgrpo_tensor
sum(struct plan *p, struct clgrpo_tensor a, struct clgrpo_tensor b)
{
    struct clgrpo_add_args s = CLGRPO_ADD_ARGS_INIT;

    s.a = a;
    s.b = b;
    s.y = plan_matrix(p, a.shape[0], a.shape[1]);
    PLAN(p, add, s);
    return s.y;
}

struct clgrpo_tensor
layer_norm(struct plan *p, struct clgrpo_tensor x, struct clgrpo_tensor w, const struct clgrpo_tensor *residual,
           struct clgrpo_tensor *total, struct clgrpo_tensor *rstd)
{
    struct clgrpo_rmsnorm_args r = CLGRPO_RMSNORM_ARGS_INIT;

    r.x = x;
    r.w = w;
    r.y = plan_matrix(p, x.shape[0], x.shape[1]);
    r.rstd = *rstd = plan_vector(p, x.shape[0]);
    if (residual != NULL) {
        r.residual = *residual;
        r.sum = *total = plan_matrix(p, x.shape[0], x.shape[1]);
    }
    PLAN(p, rmsnorm, r);
    return r.y;
}

struct clgrpo_tensor
layer_norm_backward(struct plan *p, struct clgrpo_tensor x, struct clgrpo_tensor w, struct clgrpo_tensor rstd,
                    struct clgrpo_tensor dy, struct clgrpo_tensor dw)
{
    struct clgrpo_rmsnorm_backward_args r = CLGRPO_RMSNORM_BACKWARD_ARGS_INIT;

    r.x = x;
    r.w = w;
    r.rstd = rstd;
    r.dy = dy;
    r.dx = plan_matrix(p, x.shape[0], x.shape[1]);
    r.dw = dw;
    PLAN_WITH_SPACE(p, rmsnorm_backward, r);
    return r.dx;
}

/* Rotates the queries and the keys, which lie side by side. */
static void
rotate(struct plan *p, const struct layer_shape *s, const struct layer_inputs *in, struct clgrpo_tensor qkv,
       bool inverse)
{
    struct clgrpo_rope_args r = CLGRPO_ROPE_ARGS_INIT;

    r.x = heads_of(s, qkv, 0, s->heads + s->key_heads);
    r.position = in->position;
    r.table = in->table;
    r.inverse = inverse;
    PLAN(p, rope, r);
}

static void
attend(struct plan *p, const struct layer_shape *s, const struct layer_inputs *in, struct layer_state *state)
{
    struct clgrpo_attention_args a = CLGRPO_ATTENTION_ARGS_INIT;

    state->o = plan_matrix(p, s->tokens, queries(s));
    a.q = heads_of(s, state->qkv, 0, s->heads);
    a.k = heads_of(s, state->qkv, queries(s), s->key_heads);
    a.v = heads_of(s, state->qkv, queries(s) + keys(s), s->key_heads);
    a.o = heads_of(s, state->o, 0, s->heads);
    a.lse = state->lse = plan_matrix(p, s->tokens, s->heads);
    a.offsets = in->offsets;
    a.max_len = s->max_len;
    a.scale = 1.0f / sqrtf((float)s->dim);
    PLAN_WITH_SPACE(p, attention, a);
}

struct clgrpo_tensor
layer_forward(struct plan *p, const struct layer_shape *s, const struct layer_inputs *in, const struct layer_weights *w,
              struct clgrpo_tensor x, struct layer_state *state)
{
    struct clgrpo_swiglu_args g = CLGRPO_SWIGLU_ARGS_INIT;

    state->x = x;
    state->n1 = layer_norm(p, x, w->norm1, NULL, NULL, &state->rstd1);
    state->qkv = product(p, state->n1, w->qkv, true);
    rotate(p, s, in, state->qkv, false);
    attend(p, s, in, state);
    state->n2 = layer_norm(p, product(p, state->o, w->o, true), w->norm2, &x, &state->h, &state->rstd2);
    g.gate_up = state->gate_up = product(p, state->n2, w->gate_up, true);
    g.y = state->mlp = plan_matrix(p, s->tokens, s->inner);
    PLAN(p, swiglu, g);
    return sum(p, state->h, product(p, state->mlp, w->down, true));
}

/* The gradient of the queries, keys and values before their rotation. */
static struct clgrpo_tensor
attend_backward(struct plan *p, const struct layer_shape *s, const struct layer_inputs *in,
                const struct layer_state *state, struct clgrpo_tensor dout)
{
    struct clgrpo_attention_backward_args a = CLGRPO_ATTENTION_BACKWARD_ARGS_INIT;
    const struct clgrpo_tensor dqkv = plan_matrix(p, s->tokens, all_heads(s));

    a.q = heads_of(s, state->qkv, 0, s->heads);
    a.k = heads_of(s, state->qkv, queries(s), s->key_heads);
    a.v = heads_of(s, state->qkv, queries(s) + keys(s), s->key_heads);
    a.o = heads_of(s, state->o, 0, s->heads);
    a.dout = heads_of(s, dout, 0, s->heads);
    a.dq = heads_of(s, dqkv, 0, s->heads);
    a.dk = heads_of(s, dqkv, queries(s), s->key_heads);
    a.dv = heads_of(s, dqkv, queries(s) + keys(s), s->key_heads);
    a.lse = state->lse;
    a.offsets = in->offsets;
    a.max_len = s->max_len;
    a.scale = 1.0f / sqrtf((float)s->dim);
    PLAN_WITH_SPACE(p, attention_backward, a);
    rotate(p, s, in, dqkv, true);
    return dqkv;
}

struct clgrpo_tensor
layer_backward(struct plan *p, const struct layer_shape *s, const struct layer_inputs *in,
               const struct layer_weights *w, const struct layer_weights *dw, const struct layer_state *state,
               struct clgrpo_tensor dy)
{
    struct clgrpo_swiglu_backward_args g = CLGRPO_SWIGLU_BACKWARD_ARGS_INIT;
    struct clgrpo_tensor dh, dqkv, dn;

    g.gate_up = state->gate_up;
    g.dy = product(p, dy, w->down, false);
    add_gradient(p, dy, state->mlp, dw->down);
    g.dgate_up = plan_matrix(p, s->tokens, 2 * s->inner);
    PLAN(p, swiglu_backward, g);
    add_gradient(p, g.dgate_up, state->n2, dw->gate_up);
    dn = product(p, g.dgate_up, w->gate_up, false);
    dh = sum(p, layer_norm_backward(p, state->h, w->norm2, state->rstd2, dn, dw->norm2), dy);
    add_gradient(p, dh, state->o, dw->o);
    dqkv = attend_backward(p, s, in, state, product(p, dh, w->o, false));
    add_gradient(p, dqkv, state->n1, dw->qkv);
    dn = product(p, dqkv, w->qkv, false);
    return sum(p, layer_norm_backward(p, state->x, w->norm1, state->rstd1, dn, dw->norm1), dh);
}
