/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

/*
 * The small operations, one table of rows. Most are bound by memory: a row counts each tensor's bytes once, those that
 * are read and those that are written. The shapes beyond the caches are measured against the copy rate; 4096 rows of
 * 128 and 352 are those of the reference trainer, which the caches hold.
 */

enum { MAX_TENSORS = 10, TABLE_ROWS = 1024 };

/* What a row owns while it runs. */
struct small {
    struct bench *b;
    struct clgrpo_tensor all[MAX_TENSORS];
    unsigned n;
    struct clgrpo_workspace workspace;
    union {
        struct clgrpo_rmsnorm_args rmsnorm;
        struct clgrpo_rmsnorm_backward_args rmsnorm_backward;
        struct clgrpo_add_args add;
        struct clgrpo_rope_args rope;
        struct clgrpo_swiglu_args swiglu;
        struct clgrpo_swiglu_backward_args swiglu_backward;
        struct clgrpo_embedding_args embedding;
        struct clgrpo_embedding_backward_args embedding_backward;
        struct clgrpo_cast_args cast;
        struct clgrpo_global_norm_args global_norm;
        struct clgrpo_adamw_args adamw;
        struct clgrpo_sample_args sample;
        struct clgrpo_advantage_args advantage;
        struct clgrpo_policy_loss_args policy_loss;
    } args;
};

struct row {
    const char *name;
    enum bench_kind kind;
    double floats; /* that must move for each of n e elements, of four bytes */
    size_t n, e;
    int variant; /* what else the operation is told */
    void (*prepare)(struct small *s, const struct row *r);
    enum clgrpo_status (*run)(struct bench *b, void *small);
};

static struct clgrpo_tensor
keep(struct small *s, struct clgrpo_tensor t)
{
    if (s->n < MAX_TENSORS)
        s->all[s->n++] = t;
    return t;
}

static struct clgrpo_tensor
vector(struct small *s, size_t n)
{
    return keep(s, bench_random(s->b, 1, BENCH_SHAPE(n)));
}

static struct clgrpo_tensor
matrix(struct small *s, size_t rows, size_t columns)
{
    return keep(s, bench_random(s->b, 2, BENCH_SHAPE(rows, columns)));
}

static struct clgrpo_tensor
blank(struct small *s, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape)
{
    struct clgrpo_tensor t = {0};

    if (!s->b->failed && bench_ok(s->b, clgrpo_tensor_create(s->b->ctx, dtype, rank, shape, &t), "tensor"))
        bench_ok(s->b, clgrpo_tensor_zero(s->b->ctx, &t, s->b->queue, 0, NULL, NULL), "zero");
    return keep(s, t);
}

/* i * step modulo `below`: neighbours are apart. */
static struct clgrpo_tensor
indices(struct small *s, size_t n, size_t step, size_t below)
{
    struct clgrpo_tensor t = {0};
    cl_int *host = malloc((n + 1) * sizeof *host);

    for (size_t i = 0; host != NULL && i < n; i++)
        host[i] = (cl_int)(i * step % below);
    s->b->failed |= host == NULL;
    if (host != NULL)
        t = bench_ints(s->b, n, host);
    free(host);
    return keep(s, t);
}

/* Asks for what the operation needs, and gives it. */
#define WORKSPACE(s, op, a)                                                                                            \
    do {                                                                                                               \
        size_t bytes_ = 0;                                                                                             \
        bench_ok((s)->b, clgrpo_##op##_workspace((s)->b->ctx, (a), &bytes_), #op);                                     \
        (s)->workspace = bench_workspace((s)->b, bytes_);                                                              \
        (a)->workspace = (s)->workspace;                                                                               \
    } while (0)
#define RUNNER(op)                                                                                                     \
    static enum clgrpo_status run_##op(struct bench *b, void *small)                                                   \
    {                                                                                                                  \
        return clgrpo_##op(b->ctx, &((struct small *)small)->args.op, b->queue, 0, NULL, NULL);                        \
    }
RUNNER(rmsnorm)
RUNNER(rmsnorm_backward)
RUNNER(add)
RUNNER(rope)
RUNNER(swiglu)
RUNNER(swiglu_backward)
RUNNER(embedding)
RUNNER(embedding_backward)
RUNNER(cast)
RUNNER(global_norm)
RUNNER(adamw)
RUNNER(sample)
RUNNER(advantage)
RUNNER(policy_loss)

/* variant: with a residual. */
static void
rmsnorm(struct small *s, const struct row *r)
{
    struct clgrpo_rmsnorm_args a = CLGRPO_RMSNORM_ARGS_INIT;

    a.x = matrix(s, r->n, r->e);
    a.w = vector(s, r->e);
    a.y = matrix(s, r->n, r->e);
    a.rstd = vector(s, r->n);
    if (r->variant) {
        a.residual = matrix(s, r->n, r->e);
        a.sum = matrix(s, r->n, r->e);
    }
    s->args.rmsnorm = a;
}

/* variant: dx is added to. */
static void
rmsnorm_backward(struct small *s, const struct row *r)
{
    struct clgrpo_rmsnorm_backward_args a = CLGRPO_RMSNORM_BACKWARD_ARGS_INIT;

    a.x = matrix(s, r->n, r->e);
    a.w = vector(s, r->e);
    a.rstd = vector(s, r->n);
    a.dy = matrix(s, r->n, r->e);
    a.dx = matrix(s, r->n, r->e);
    a.dw = vector(s, r->e);
    a.accumulate_dx = r->variant != 0;
    WORKSPACE(s, rmsnorm_backward, &a);
    s->args.rmsnorm_backward = a;
}

static void
add(struct small *s, const struct row *r)
{
    struct clgrpo_add_args a = CLGRPO_ADD_ARGS_INIT;

    a.a = matrix(s, r->n, r->e);
    a.b = matrix(s, r->n, r->e);
    a.y = matrix(s, r->n, r->e);
    s->args.add = a;
}

/* variant: the head dimension. */
static void
rope(struct small *s, const struct row *r)
{
    struct clgrpo_rope_args a = CLGRPO_ROPE_ARGS_INIT;
    size_t dim = (size_t)r->variant;

    a.x = keep(s, bench_random(s->b, 3, BENCH_SHAPE(r->n, r->e / dim, dim)));
    a.position = indices(s, r->n, 131, TABLE_ROWS);
    a.table = matrix(s, TABLE_ROWS, dim);
    s->args.rope = a;
}

static void
swiglu(struct small *s, const struct row *r)
{
    struct clgrpo_swiglu_args a = CLGRPO_SWIGLU_ARGS_INIT;

    a.gate_up = matrix(s, r->n, 2 * r->e);
    a.y = matrix(s, r->n, r->e);
    s->args.swiglu = a;
}

static void
swiglu_backward(struct small *s, const struct row *r)
{
    struct clgrpo_swiglu_backward_args a = CLGRPO_SWIGLU_BACKWARD_ARGS_INIT;

    a.gate_up = matrix(s, r->n, 2 * r->e);
    a.dy = matrix(s, r->n, r->e);
    a.dgate_up = matrix(s, r->n, 2 * r->e);
    s->args.swiglu_backward = a;
}

static void
embedding(struct small *s, const struct row *r)
{
    struct clgrpo_embedding_args a = CLGRPO_EMBEDDING_ARGS_INIT;

    a.table = matrix(s, TABLE_ROWS, r->e);
    a.index = indices(s, r->n, 131, TABLE_ROWS);
    a.y = matrix(s, r->n, r->e);
    s->args.embedding = a;
}

static void
embedding_backward(struct small *s, const struct row *r)
{
    struct clgrpo_embedding_backward_args a = CLGRPO_EMBEDDING_BACKWARD_ARGS_INIT;

    a.dtable = matrix(s, TABLE_ROWS, r->e);
    a.index = indices(s, r->n, 131, TABLE_ROWS);
    a.dy = matrix(s, r->n, r->e);
    s->args.embedding_backward = a;
}

/* variant: from and to. */
#define FROM_TO(from, to) ((from)*16 + (to))
static void
cast(struct small *s, const struct row *r)
{
    struct clgrpo_cast_args a = CLGRPO_CAST_ARGS_INIT;
    enum clgrpo_dtype from = (enum clgrpo_dtype)(r->variant / 16), to = (enum clgrpo_dtype)(r->variant % 16);

    a.x = vector(s, r->n);
    if (from != CLGRPO_F32) {
        a.y = blank(s, from, 1, BENCH_SHAPE(r->n));
        bench_ok(s->b, clgrpo_cast(s->b->ctx, &a, s->b->queue, 0, NULL, NULL), "cast");
        a.x = a.y;
    }
    a.y = blank(s, to, 1, BENCH_SHAPE(r->n));
    s->args.cast = a;
}

static void
global_norm(struct small *s, const struct row *r)
{
    struct clgrpo_global_norm_args a = CLGRPO_GLOBAL_NORM_ARGS_INIT;

    a.grad = vector(s, r->n);
    a.out = vector(s, 2);
    WORKSPACE(s, global_norm, &a);
    s->args.global_norm = a;
}

static void
adamw(struct small *s, const struct row *r)
{
    struct clgrpo_adamw_args a = CLGRPO_ADAMW_ARGS_INIT;

    a.param = vector(s, r->n);
    a.grad = vector(s, r->n);
    a.m = vector(s, r->n);
    a.v = blank(s, CLGRPO_F32, 1, BENCH_SHAPE(r->n));
    a.lr = 1e-6f;
    a.weight_decay = 0.01f;
    a.decay_elems = r->n;
    a.step = 1;
    s->args.adamw = a;
}

enum { PLAIN, TOP_K, TOP_P, GREEDY };
static void
sample(struct small *s, const struct row *r)
{
    struct clgrpo_sample_args a = CLGRPO_SAMPLE_ARGS_INIT;

    a.logits = matrix(s, r->n, r->e);
    a.key = blank(s, CLGRPO_U64, 2, BENCH_SHAPE(r->n, 2));
    a.token = indices(s, r->n, 1, 1);
    a.logprob = vector(s, r->n);
    a.temperature = r->variant == GREEDY ? 0.0f : 1.0f;
    a.top_k = r->variant == TOP_K ? 50 : 0;
    a.top_p = r->variant == TOP_P ? 0.9f : 1.0f;
    WORKSPACE(s, sample, &a);
    s->args.sample = a;
}

/* n groups of e rewards; variant: the kind. */
static void
advantage(struct small *s, const struct row *r)
{
    struct clgrpo_advantage_args a = CLGRPO_ADVANTAGE_ARGS_INIT;

    a.reward = vector(s, r->n * r->e);
    a.offsets = indices(s, r->n + 1, r->e, r->n * r->e + 1);
    a.advantage = vector(s, r->n * r->e);
    a.kind = (enum clgrpo_advantage_kind)r->variant;
    s->args.advantage = a;
}

/* variant: with a reference's KL divergence and a dual clip. */
static void
policy_loss(struct small *s, const struct row *r)
{
    struct clgrpo_policy_loss_args a = CLGRPO_POLICY_LOSS_ARGS_INIT;

    a.logprob = vector(s, r->n);
    a.old_logprob = vector(s, r->n);
    a.advantage = vector(s, r->n);
    a.weight = vector(s, r->n);
    a.dlogprob = vector(s, r->n);
    a.stats = vector(s, CLGRPO_POLICY_STATS);
    if (r->variant) {
        a.ref_logprob = vector(s, r->n);
        a.kl_beta = 0.04f;
        a.dual_clip = 3.0f;
    }
    WORKSPACE(s, policy_loss, &a);
    s->args.policy_loss = a;
}

enum { M8 = 8 << 20 };
static const struct row rows[] = {
    {"rmsnorm.fwd.f32.8192x896", BENCH_COPY, 2.0, 8192, 896, 0, rmsnorm, run_rmsnorm},
    {"rmsnorm.fwd.f32.8192x1024", BENCH_COPY, 2.0, 8192, 1024, 0, rmsnorm, run_rmsnorm},
    {"rmsnorm.fwd.f32.1024x8192", BENCH_COPY, 2.0, 1024, 8192, 0, rmsnorm, run_rmsnorm},
    {"rmsnorm.fwd.f32.4096x128", BENCH_COPY, 2.0, 4096, 128, 0, rmsnorm, run_rmsnorm},
    {"rmsnorm.add.f32.8192x1024", BENCH_COPY, 4.0, 8192, 1024, 1, rmsnorm, run_rmsnorm},
    {"rmsnorm.add.f32.4096x128", BENCH_COPY, 4.0, 4096, 128, 1, rmsnorm, run_rmsnorm},
    {"rmsnorm.bwd.f32.8192x1024", BENCH_COPY, 3.0, 8192, 1024, 0, rmsnorm_backward, run_rmsnorm_backward},
    {"rmsnorm.bwd.f32.1024x8192", BENCH_COPY, 3.0, 1024, 8192, 0, rmsnorm_backward, run_rmsnorm_backward},
    {"rmsnorm.bwdadd.f32.8192x1024", BENCH_COPY, 4.0, 8192, 1024, 1, rmsnorm_backward, run_rmsnorm_backward},
    {"rmsnorm.bwdadd.f32.4096x128", BENCH_COPY, 4.0, 4096, 128, 1, rmsnorm_backward, run_rmsnorm_backward},
    {"add.f32.8192x1024", BENCH_COPY, 3.0, 8192, 1024, 0, add, run_add},
    {"rope.f32.8192x16x64", BENCH_COPY, 2.0, 8192, 1024, 64, rope, run_rope},
    {"rope.f32.8192x8x128", BENCH_COPY, 2.0, 8192, 1024, 128, rope, run_rope},
    {"swiglu.fwd.f32.8192x1024", BENCH_COPY, 3.0, 8192, 1024, 0, swiglu, run_swiglu},
    {"swiglu.fwd.f32.4096x352", BENCH_COPY, 3.0, 4096, 352, 0, swiglu, run_swiglu},
    {"swiglu.bwd.f32.8192x1024", BENCH_COPY, 5.0, 8192, 1024, 0, swiglu_backward, run_swiglu_backward},
    {"swiglu.bwd.f32.4096x352", BENCH_COPY, 5.0, 4096, 352, 0, swiglu_backward, run_swiglu_backward},
    {"embedding.f32.8192x1024", BENCH_COPY, 1.125, 8192, 1024, 0, embedding, run_embedding},
    {"embedding.bwd.f32.8192x1024", BENCH_COPY, 1.25, 8192, 1024, 0, embedding_backward, run_embedding_backward},
    {"adamw.f32.8M", BENCH_COPY, 7.0, M8, 1, 0, adamw, run_adamw},
    {"global_norm.f32.8M", BENCH_READ, 1.0, M8, 1, 0, global_norm, run_global_norm},
    {"cast.f32-bf16.8M", BENCH_COPY, 1.5, M8, 1, FROM_TO(CLGRPO_F32, CLGRPO_BF16), cast, run_cast},
    {"cast.bf16-f32.8M", BENCH_COPY, 1.5, M8, 1, FROM_TO(CLGRPO_BF16, CLGRPO_F32), cast, run_cast},
    {"cast.f32-f16.8M", BENCH_COPY, 1.5, M8, 1, FROM_TO(CLGRPO_F32, CLGRPO_F16), cast, run_cast},
    {"cast.f16-f32.8M", BENCH_COPY, 1.5, M8, 1, FROM_TO(CLGRPO_F16, CLGRPO_F32), cast, run_cast},
    {"sample.f32.256x1024", BENCH_READ, 1.0, 256, 1024, PLAIN, sample, run_sample},
    {"sample.f32.64x151936", BENCH_READ, 1.0, 64, 151936, PLAIN, sample, run_sample},
    {"sample.top_k.f32.64x151936", BENCH_READ, 1.0, 64, 151936, TOP_K, sample, run_sample},
    {"sample.top_p.f32.64x151936", BENCH_READ, 1.0, 64, 151936, TOP_P, sample, run_sample},
    {"sample.f32.1x131072", BENCH_READ, 1.0, 1, 131072, PLAIN, sample, run_sample},
    {"sample.top_k.f32.1x131072", BENCH_READ, 1.0, 1, 131072, TOP_K, sample, run_sample},
    {"sample.top_p.f32.1x131072", BENCH_READ, 1.0, 1, 131072, TOP_P, sample, run_sample},
    {"sample.greedy.f32.64x151936", BENCH_READ, 1.0, 64, 151936, GREEDY, sample, run_sample},
    {"advantage.f32.256x4", BENCH_TIME, 0.0, 256, 4, CLGRPO_ADVANTAGE_STD, advantage, run_advantage},
    {"advantage.f32.64x8", BENCH_TIME, 0.0, 64, 8, CLGRPO_ADVANTAGE_STD, advantage, run_advantage},
    {"advantage.f32.16x64", BENCH_TIME, 0.0, 16, 64, CLGRPO_ADVANTAGE_STD, advantage, run_advantage},
    {"advantage.loo.f32.64x8", BENCH_TIME, 0.0, 64, 8, CLGRPO_ADVANTAGE_LOO, advantage, run_advantage},
    {"policy_loss.f32.16384", BENCH_TIME, 0.0, 16384, 1, 0, policy_loss, run_policy_loss},
    {"policy_loss.kl.f32.16384", BENCH_TIME, 0.0, 16384, 1, 1, policy_loss, run_policy_loss},
};

static void
run_row(struct bench *b, const struct row *r)
{
    struct small s = {.b = b};
    struct bench_case c = {
        .kind = r->kind, .work = r->floats * 4.0 * (double)r->n * (double)r->e, .run = r->run, .arg = &s};

    snprintf(c.row, sizeof c.row, "%s", r->name);
    if (!bench_wanted(b, c.row))
        return;
    r->prepare(&s, r);
    bench_run(b, &c);
    for (unsigned i = 0; i < s.n; i++)
        bench_release(&s.all[i]);
    bench_release_workspace(&s.workspace);
}

void
bench_small(struct bench *b)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        run_row(b, &rows[i]);
}
