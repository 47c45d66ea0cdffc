/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "bench.h"

/*
 * One decoder layer of a Qwen or Llama form, forward and then backward, as a trainer would call it: one sequence, two
 * RMSNorms, grouped queries with RoPE, SwiGLU, all weights with their gradients. What binds is the arithmetic of the
 * seven products, three times, and of attention, 3.5 times.
 */
enum { N = 1024, E = 512, HEADS = 8, KEY_HEADS = 2, D = 64, F = 1408 };
enum { Q = HEADS * D, KV = KEY_HEADS * D, QKV = Q + 2 * KV, MAX_TENSORS = 48, MAX_STEPS = 32 };

/* A call with its arguments. */
struct step {
    enum clgrpo_status (*run)(struct bench *b, void *args);
    union {
        struct clgrpo_gemm_args gemm;
        struct clgrpo_rmsnorm_args rmsnorm;
        struct clgrpo_rmsnorm_backward_args rmsnorm_backward;
        struct clgrpo_rope_args rope;
        struct clgrpo_attention_args attention;
        struct clgrpo_attention_backward_args attention_backward;
        struct clgrpo_swiglu_args swiglu;
        struct clgrpo_swiglu_backward_args swiglu_backward;
        struct clgrpo_add_args add;
    } args;
    struct clgrpo_workspace space;
};

struct layer {
    struct bench *b;
    struct clgrpo_tensor all[MAX_TENSORS];
    struct step steps[MAX_STEPS];
    unsigned n, n_steps;
    struct clgrpo_tensor position, table, offsets;
    struct clgrpo_tensor x, n1, rstd1, qkv, lse, o, h, n2, rstd2, gate_up, mlp; /* forward */
    struct clgrpo_tensor w1, w_qkv, w_o, w2, w_gate_up, w_down;                 /* weights */
};

static struct clgrpo_tensor
matrix(struct layer *l, size_t rows, size_t columns)
{
    if (l->n == MAX_TENSORS)
        abort();
    return l->all[l->n++] = bench_random(l->b, 2, BENCH_SHAPE(rows, columns));
}

static struct clgrpo_tensor
vector(struct layer *l, size_t n)
{
    struct clgrpo_tensor t = matrix(l, 1, n);

    t.rank = 1;
    t.shape[0] = n;
    t.stride[0] = 1;
    return t;
}

/* Heads of D columns each, from column `first` on. */
static struct clgrpo_tensor
heads_of(struct clgrpo_tensor t, size_t first, size_t heads)
{
    t.rank = 3;
    t.offset += first;
    t.shape[1] = heads;
    t.shape[2] = D;
    t.stride[1] = D;
    t.stride[2] = 1;
    return t;
}

#define RUNNER(op)                                                                                                     \
    static enum clgrpo_status run_##op(struct bench *b, void *args)                                                    \
    {                                                                                                                  \
        return clgrpo_##op(b->ctx, args, b->queue, 0, NULL, NULL);                                                     \
    }
RUNNER(gemm)
RUNNER(rmsnorm)
RUNNER(rmsnorm_backward)
RUNNER(rope)
RUNNER(attention)
RUNNER(attention_backward)
RUNNER(swiglu)
RUNNER(swiglu_backward)
RUNNER(add)
#define STEP(l, op, a)                                                                                                 \
    do {                                                                                                               \
        if ((l)->n_steps == MAX_STEPS)                                                                                 \
            abort();                                                                                                   \
        (l)->steps[(l)->n_steps].run = run_##op;                                                                       \
        (l)->steps[(l)->n_steps++].args.op = (a);                                                                      \
    } while (0)
/* The same of an operation that wants a workspace. */
#define STEP_WITH_SPACE(l, op, a)                                                                                      \
    do {                                                                                                               \
        size_t bytes_ = 0;                                                                                             \
        bench_ok((l)->b, clgrpo_##op##_workspace((l)->b->ctx, &(a), &bytes_), "layer");                                \
        (a).workspace = bench_workspace((l)->b, bytes_);                                                               \
        (l)->steps[(l)->n_steps].space = (a).workspace;                                                                \
        STEP(l, op, a);                                                                                                \
    } while (0)

static struct clgrpo_tensor
product(struct layer *l, struct clgrpo_tensor a, bool trans_a, struct clgrpo_tensor b, bool trans_b)
{
    struct clgrpo_gemm_args g = CLGRPO_GEMM_ARGS_INIT;

    g.a = a;
    g.b = b;
    g.trans_a = trans_a;
    g.trans_b = trans_b;
    g.c = matrix(l, a.shape[trans_a ? 1 : 0], b.shape[trans_b ? 0 : 1]);
    STEP_WITH_SPACE(l, gemm, g);
    return g.c;
}

static struct clgrpo_tensor
sum(struct layer *l, struct clgrpo_tensor a, struct clgrpo_tensor b)
{
    struct clgrpo_add_args s = CLGRPO_ADD_ARGS_INIT;

    s.a = a;
    s.b = b;
    s.y = matrix(l, a.shape[0], a.shape[1]);
    STEP(l, add, s);
    return s.y;
}

/* y; with a residual, sum is its input. */
static struct clgrpo_tensor
norm(struct layer *l, struct clgrpo_tensor x, struct clgrpo_tensor w, const struct clgrpo_tensor *residual,
     struct clgrpo_tensor *total, struct clgrpo_tensor *rstd)
{
    struct clgrpo_rmsnorm_args r = CLGRPO_RMSNORM_ARGS_INIT;

    r.x = x;
    r.w = w;
    r.y = matrix(l, N, E);
    r.rstd = *rstd = vector(l, N);
    if (residual != NULL) {
        r.residual = *residual;
        r.sum = *total = matrix(l, N, E);
    }
    STEP(l, rmsnorm, r);
    return r.y;
}

static struct clgrpo_tensor
norm_backward(struct layer *l, struct clgrpo_tensor x, struct clgrpo_tensor w, struct clgrpo_tensor rstd,
              struct clgrpo_tensor dy)
{
    struct clgrpo_rmsnorm_backward_args r = CLGRPO_RMSNORM_BACKWARD_ARGS_INIT;

    r.x = x;
    r.w = w;
    r.rstd = rstd;
    r.dy = dy;
    r.dx = matrix(l, N, E);
    r.dw = vector(l, E);
    STEP_WITH_SPACE(l, rmsnorm_backward, r);
    return r.dx;
}

/* Queries and keys, which are neighbours. */
static void
rotate(struct layer *l, struct clgrpo_tensor qkv, bool inverse)
{
    struct clgrpo_rope_args r = CLGRPO_ROPE_ARGS_INIT;

    r.x = heads_of(qkv, 0, HEADS + KEY_HEADS);
    r.position = l->position;
    r.table = l->table;
    r.inverse = inverse;
    STEP(l, rope, r);
}

static void
forward(struct layer *l)
{
    struct clgrpo_attention_args a = CLGRPO_ATTENTION_ARGS_INIT;
    struct clgrpo_swiglu_args s = CLGRPO_SWIGLU_ARGS_INIT;

    l->n1 = norm(l, l->x, l->w1, NULL, NULL, &l->rstd1);
    l->qkv = product(l, l->n1, false, l->w_qkv, true);
    rotate(l, l->qkv, false);
    l->o = matrix(l, N, Q);
    a.q = heads_of(l->qkv, 0, HEADS);
    a.k = heads_of(l->qkv, Q, KEY_HEADS);
    a.v = heads_of(l->qkv, Q + KV, KEY_HEADS);
    a.o = heads_of(l->o, 0, HEADS);
    a.lse = l->lse = matrix(l, N, HEADS);
    a.offsets = l->offsets;
    a.max_len = N;
    a.scale = 1.0f / sqrtf(D);
    STEP_WITH_SPACE(l, attention, a);
    l->n2 = norm(l, product(l, l->o, false, l->w_o, true), l->w2, &l->x, &l->h, &l->rstd2);
    l->gate_up = product(l, l->n2, false, l->w_gate_up, true);
    s.gate_up = l->gate_up;
    s.y = l->mlp = matrix(l, N, F);
    STEP(l, swiglu, s);
    sum(l, l->h, product(l, l->mlp, false, l->w_down, true));
}

static void
backward(struct layer *l)
{
    struct clgrpo_attention_backward_args a = CLGRPO_ATTENTION_BACKWARD_ARGS_INIT;
    struct clgrpo_swiglu_backward_args s = CLGRPO_SWIGLU_BACKWARD_ARGS_INIT;
    const struct clgrpo_tensor dy = matrix(l, N, E), dqkv = matrix(l, N, QKV);
    struct clgrpo_tensor dh;

    s.gate_up = l->gate_up;
    s.dy = product(l, dy, false, l->w_down, false);
    product(l, dy, true, l->mlp, false);
    s.dgate_up = matrix(l, N, 2 * F);
    STEP(l, swiglu_backward, s);
    product(l, s.dgate_up, true, l->n2, false);
    dh = norm_backward(l, l->h, l->w2, l->rstd2, product(l, s.dgate_up, false, l->w_gate_up, false));
    dh = sum(l, dh, dy);
    product(l, dh, true, l->o, false);
    a.q = heads_of(l->qkv, 0, HEADS);
    a.k = heads_of(l->qkv, Q, KEY_HEADS);
    a.v = heads_of(l->qkv, Q + KV, KEY_HEADS);
    a.o = heads_of(l->o, 0, HEADS);
    a.dout = heads_of(product(l, dh, false, l->w_o, false), 0, HEADS);
    a.dq = heads_of(dqkv, 0, HEADS);
    a.dk = heads_of(dqkv, Q, KEY_HEADS);
    a.dv = heads_of(dqkv, Q + KV, KEY_HEADS);
    a.lse = l->lse;
    a.offsets = l->offsets;
    a.max_len = N;
    a.scale = 1.0f / sqrtf(D);
    STEP_WITH_SPACE(l, attention_backward, a);
    rotate(l, dqkv, true);
    product(l, dqkv, true, l->n1, false);
    sum(l, norm_backward(l, l->x, l->w1, l->rstd1, product(l, dqkv, false, l->w_qkv, false)), dh);
}

static enum clgrpo_status
run(struct bench *b, void *arg)
{
    struct layer *l = arg;
    enum clgrpo_status st = CLGRPO_OK;

    for (unsigned i = 0; i < l->n_steps && st == CLGRPO_OK; i++)
        st = l->steps[i].run(b, &l->steps[i].args);
    return st;
}

void
bench_layer(struct bench *b)
{
    static struct layer l;
    const double weights = (double)E * (QKV + 3.0 * F) + (double)Q * E, pairs = 0.5 * N * (N + 1.0);
    struct bench_case c = {.row = "layer.f32.1024x512", .kind = BENCH_FLOP, .run = run, .arg = &l};
    cl_int index[N];

    if (!bench_wanted(b, c.row))
        return;
    l = (struct layer){.b = b};
    c.work = 3.0 * 2.0 * N * weights + 3.5 * 4.0 * pairs * HEADS * D;
    for (cl_int i = 0; i < N; i++)
        index[i] = i;
    l.position = l.all[l.n++] = bench_ints(b, N, index);
    l.offsets = l.all[l.n++] = bench_ints(b, 2, (const cl_int[]){0, N});
    l.table = matrix(&l, N, D);
    l.x = matrix(&l, N, E);
    l.w1 = vector(&l, E);
    l.w2 = vector(&l, E);
    l.w_qkv = matrix(&l, QKV, E);
    l.w_o = matrix(&l, E, Q);
    l.w_gate_up = matrix(&l, 2 * F, E);
    l.w_down = matrix(&l, E, F);
    forward(&l);
    backward(&l);
    bench_run(b, &c);
    for (unsigned i = 0; i < l.n; i++)
        bench_release(&l.all[i]);
    for (unsigned i = 0; i < l.n_steps; i++)
        bench_release_workspace(&l.steps[i].space);
}
