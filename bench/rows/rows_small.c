/* SPDX-License-Identifier: Apache-2.0 */
#include "rows/row_groups.h"
#include "rows/small_row.h"

/*
 * Most of these operations are bound by memory: a row counts the bytes of each tensor that is read or written once.
 * Most shapes exceed the caches, so that the limit is the copy rate; 4096 rows of 128 and 352 are those of the
 * reference trainer, and the caches hold them.
 */
enum { TABLE_ROWS = 1024 };

static struct clgrpo_tensor
act(struct plan *p, const struct small_row *r, size_t columns)
{
    return plan_random(p, r->act, 2, BENCH_SHAPE(r->n, columns));
}

/* variant: 1 with a residual. */
static void
rmsnorm(struct plan *p, const struct small_row *r)
{
    struct clgrpo_rmsnorm_args a = CLGRPO_RMSNORM_ARGS_INIT;

    a.x = act(p, r, r->e);
    a.w = plan_vector(p, r->e);
    a.y = act(p, r, r->e);
    a.rstd = plan_vector(p, r->n);
    if (r->variant) {
        a.residual = act(p, r, r->e);
        a.sum = act(p, r, r->e);
    }
    PLAN(p, rmsnorm, a);
}

/* variant: 1 adds to dx. */
static void
rmsnorm_backward(struct plan *p, const struct small_row *r)
{
    struct clgrpo_rmsnorm_backward_args a = CLGRPO_RMSNORM_BACKWARD_ARGS_INIT;

    a.x = act(p, r, r->e);
    a.w = plan_vector(p, r->e);
    a.rstd = plan_vector(p, r->n);
    a.dy = act(p, r, r->e);
    a.dx = act(p, r, r->e);
    a.dw = plan_vector(p, r->e);
    a.accumulate_dx = r->variant != 0;
    PLAN_WITH_SPACE(p, rmsnorm_backward, a);
}

static void
add(struct plan *p, const struct small_row *r)
{
    struct clgrpo_add_args a = CLGRPO_ADD_ARGS_INIT;

    a.a = act(p, r, r->e);
    a.b = act(p, r, r->e);
    a.y = act(p, r, r->e);
    PLAN(p, add, a);
}

/* variant: the dimension of a head. */
static void
rope(struct plan *p, const struct small_row *r)
{
    struct clgrpo_rope_args a = CLGRPO_ROPE_ARGS_INIT;
    size_t dim = (size_t)r->variant;

    a.x = plan_random(p, r->act, 3, BENCH_SHAPE(r->n, r->e / dim, dim));
    a.position = plan_indices(p, r->n, 1, 131, TABLE_ROWS);
    a.table = plan_matrix(p, TABLE_ROWS, dim);
    PLAN(p, rope, a);
}

static void
swiglu(struct plan *p, const struct small_row *r)
{
    struct clgrpo_swiglu_args a = CLGRPO_SWIGLU_ARGS_INIT;

    a.gate_up = act(p, r, 2 * r->e);
    a.y = act(p, r, r->e);
    PLAN(p, swiglu, a);
}

static void
swiglu_backward(struct plan *p, const struct small_row *r)
{
    struct clgrpo_swiglu_backward_args a = CLGRPO_SWIGLU_BACKWARD_ARGS_INIT;

    a.gate_up = act(p, r, 2 * r->e);
    a.dy = act(p, r, r->e);
    a.dgate_up = act(p, r, 2 * r->e);
    PLAN(p, swiglu_backward, a);
}

static void
embedding(struct plan *p, const struct small_row *r)
{
    struct clgrpo_embedding_args a = CLGRPO_EMBEDDING_ARGS_INIT;

    a.table = plan_random(p, r->act, 2, BENCH_SHAPE(TABLE_ROWS, r->e));
    a.index = plan_indices(p, r->n, 1, 131, TABLE_ROWS);
    a.y = act(p, r, r->e);
    PLAN(p, embedding, a);
}

static void
embedding_backward(struct plan *p, const struct small_row *r)
{
    struct clgrpo_embedding_backward_args a = CLGRPO_EMBEDDING_BACKWARD_ARGS_INIT;

    a.dtable = plan_matrix(p, TABLE_ROWS, r->e);
    a.index = plan_indices(p, r->n, 1, 131, TABLE_ROWS);
    a.dy = act(p, r, r->e);
    PLAN(p, embedding_backward, a);
}

/* variant: FROM_TO of the two types. */
#define FROM_TO(from, to) ((from)*16 + (to))
static void
cast(struct plan *p, const struct small_row *r)
{
    struct clgrpo_cast_args a = CLGRPO_CAST_ARGS_INIT;
    enum clgrpo_dtype from = (enum clgrpo_dtype)(r->variant / 16), to = (enum clgrpo_dtype)(r->variant % 16);

    a.x = plan_vector(p, r->n);
    if (from != CLGRPO_F32) {
        a.y = plan_zeros(p, from, 1, BENCH_SHAPE(r->n));
        bench_ok(p->b, clgrpo_cast(p->b->ctx, &a, p->b->queue, 0, NULL, NULL), "cast");
        a.x = a.y;
    }
    a.y = plan_zeros(p, to, 1, BENCH_SHAPE(r->n));
    PLAN(p, cast, a);
}

static void
global_norm(struct plan *p, const struct small_row *r)
{
    struct clgrpo_global_norm_args a = CLGRPO_GLOBAL_NORM_ARGS_INIT;

    a.grad = plan_vector(p, r->n);
    a.out = plan_vector(p, 2);
    PLAN_WITH_SPACE(p, global_norm, a);
}

/* variant: 1 with a gradient in bf16, and a copy of the parameters in bf16. */
static void
adamw(struct plan *p, const struct small_row *r)
{
    struct clgrpo_adamw_args a = CLGRPO_ADAMW_ARGS_INIT;

    a.param = plan_vector(p, r->n);
    a.grad = plan_random(p, r->variant ? CLGRPO_BF16 : CLGRPO_F32, 1, BENCH_SHAPE(r->n));
    if (r->variant)
        a.copy = plan_zeros(p, CLGRPO_BF16, 1, BENCH_SHAPE(r->n));
    a.m = plan_vector(p, r->n);
    a.v = plan_zeros(p, CLGRPO_F32, 1, BENCH_SHAPE(r->n));
    a.lr = 1e-6f;
    a.weight_decay = 0.01f;
    a.decay_elems = r->n;
    a.step = 1;
    PLAN(p, adamw, a);
}

enum { M1 = 1 << 20, M8 = 8 << 20 };
static const struct small_row rows[] = {
    {"rmsnorm.fwd.f32.8192x896", BENCH_COPY, 2.0, 8192, 896, 0, rmsnorm, CLGRPO_F32},
    {"rmsnorm.fwd.f32.8192x1024", BENCH_COPY, 2.0, 8192, 1024, 0, rmsnorm, CLGRPO_F32},
    {"rmsnorm.fwd.f32.4096x2048", BENCH_COPY, 2.0, 4096, 2048, 0, rmsnorm, CLGRPO_F32},
    {"rmsnorm.fwd.f32.2048x4096", BENCH_COPY, 2.0, 2048, 4096, 0, rmsnorm, CLGRPO_F32},
    {"rmsnorm.fwd.f32.1024x8192", BENCH_COPY, 2.0, 1024, 8192, 0, rmsnorm, CLGRPO_F32},
    {"rmsnorm.fwd.f32.4096x128", BENCH_COPY, 2.0, 4096, 128, 0, rmsnorm, CLGRPO_F32},
    {"rmsnorm.add.f32.8192x1024", BENCH_COPY, 4.0, 8192, 1024, 1, rmsnorm, CLGRPO_F32},
    {"rmsnorm.add.f32.4096x128", BENCH_COPY, 4.0, 4096, 128, 1, rmsnorm, CLGRPO_F32},
    {"rmsnorm.bwd.f32.8192x1024", BENCH_COPY, 3.0, 8192, 1024, 0, rmsnorm_backward, CLGRPO_F32},
    {"rmsnorm.bwd.f32.8192x896", BENCH_COPY, 3.0, 8192, 896, 0, rmsnorm_backward, CLGRPO_F32},
    {"rmsnorm.bwd.f32.2048x4096", BENCH_COPY, 3.0, 2048, 4096, 0, rmsnorm_backward, CLGRPO_F32},
    {"rmsnorm.bwd.f32.1024x8192", BENCH_COPY, 3.0, 1024, 8192, 0, rmsnorm_backward, CLGRPO_F32},
    {"rmsnorm.bwdadd.f32.8192x1024", BENCH_COPY, 4.0, 8192, 1024, 1, rmsnorm_backward, CLGRPO_F32},
    {"rmsnorm.bwdadd.f32.4096x128", BENCH_COPY, 4.0, 4096, 128, 1, rmsnorm_backward, CLGRPO_F32},
    {"add.f32.8192x1024", BENCH_COPY, 3.0, 8192, 1024, 0, add, CLGRPO_F32},
    {"rope.f32.8192x16x64", BENCH_COPY, 2.0, 8192, 1024, 64, rope, CLGRPO_F32},
    {"rope.f32.8192x8x128", BENCH_COPY, 2.0, 8192, 1024, 128, rope, CLGRPO_F32},
    {"swiglu.fwd.f32.8192x1024", BENCH_COPY, 3.0, 8192, 1024, 0, swiglu, CLGRPO_F32},
    {"swiglu.fwd.f32.4096x352", BENCH_COPY, 3.0, 4096, 352, 0, swiglu, CLGRPO_F32},
    {"swiglu.bwd.f32.8192x1024", BENCH_COPY, 5.0, 8192, 1024, 0, swiglu_backward, CLGRPO_F32},
    {"swiglu.bwd.f32.4096x352", BENCH_COPY, 5.0, 4096, 352, 0, swiglu_backward, CLGRPO_F32},
    {"embedding.f32.8192x1024", BENCH_COPY, 1.125, 8192, 1024, 0, embedding, CLGRPO_F32},
    {"embedding.bwd.f32.8192x1024", BENCH_COPY, 1.25, 8192, 1024, 0, embedding_backward, CLGRPO_F32},
    {"rmsnorm.fwd.f16.8192x1024", BENCH_COPY, 1.0, 8192, 1024, 0, rmsnorm, CLGRPO_F16},
    {"rmsnorm.fwd.bf16.8192x1024", BENCH_COPY, 1.0, 8192, 1024, 0, rmsnorm, CLGRPO_BF16},
    {"rmsnorm.add.f16.8192x1024", BENCH_COPY, 2.0, 8192, 1024, 1, rmsnorm, CLGRPO_F16},
    {"rmsnorm.add.bf16.8192x1024", BENCH_COPY, 2.0, 8192, 1024, 1, rmsnorm, CLGRPO_BF16},
    {"rmsnorm.bwd.f16.8192x1024", BENCH_COPY, 1.5, 8192, 1024, 0, rmsnorm_backward, CLGRPO_F16},
    {"rmsnorm.bwd.bf16.8192x1024", BENCH_COPY, 1.5, 8192, 1024, 0, rmsnorm_backward, CLGRPO_BF16},
    {"add.f16.8192x1024", BENCH_COPY, 1.5, 8192, 1024, 0, add, CLGRPO_F16},
    {"add.bf16.8192x1024", BENCH_COPY, 1.5, 8192, 1024, 0, add, CLGRPO_BF16},
    {"rope.f16.8192x16x64", BENCH_COPY, 1.0, 8192, 1024, 64, rope, CLGRPO_F16},
    {"rope.bf16.8192x16x64", BENCH_COPY, 1.0, 8192, 1024, 64, rope, CLGRPO_BF16},
    {"swiglu.fwd.f16.8192x1024", BENCH_COPY, 1.5, 8192, 1024, 0, swiglu, CLGRPO_F16},
    {"swiglu.fwd.bf16.8192x1024", BENCH_COPY, 1.5, 8192, 1024, 0, swiglu, CLGRPO_BF16},
    {"swiglu.bwd.f16.8192x1024", BENCH_COPY, 2.5, 8192, 1024, 0, swiglu_backward, CLGRPO_F16},
    {"swiglu.bwd.bf16.8192x1024", BENCH_COPY, 2.5, 8192, 1024, 0, swiglu_backward, CLGRPO_BF16},
    {"embedding.f16.8192x1024", BENCH_COPY, 0.5625, 8192, 1024, 0, embedding, CLGRPO_F16},
    {"embedding.bf16.8192x1024", BENCH_COPY, 0.5625, 8192, 1024, 0, embedding, CLGRPO_BF16},
    {"embedding.bwd.f16.8192x1024", BENCH_COPY, 0.75, 8192, 1024, 0, embedding_backward, CLGRPO_F16},
    {"embedding.bwd.bf16.8192x1024", BENCH_COPY, 0.75, 8192, 1024, 0, embedding_backward, CLGRPO_BF16},
    {"adamw.f32.8M", BENCH_COPY, 7.0, M8, 1, 0, adamw, CLGRPO_F32},
    {"adamw.f32.1M", BENCH_COPY, 7.0, M1, 1, 0, adamw, CLGRPO_F32},
    {"adamw.bf16.8M", BENCH_COPY, 7.0, M8, 1, 1, adamw, CLGRPO_F32},
    {"global_norm.f32.1M", BENCH_READ, 1.0, M1, 1, 0, global_norm, CLGRPO_F32},
    {"global_norm.f32.8M", BENCH_READ, 1.0, M8, 1, 0, global_norm, CLGRPO_F32},
    {"cast.f32-bf16.8M", BENCH_COPY, 1.5, M8, 1, FROM_TO(CLGRPO_F32, CLGRPO_BF16), cast, CLGRPO_F32},
    {"cast.bf16-f32.8M", BENCH_COPY, 1.5, M8, 1, FROM_TO(CLGRPO_BF16, CLGRPO_F32), cast, CLGRPO_F32},
    {"cast.f32-f16.8M", BENCH_COPY, 1.5, M8, 1, FROM_TO(CLGRPO_F32, CLGRPO_F16), cast, CLGRPO_F32},
    {"cast.f16-f32.8M", BENCH_COPY, 1.5, M8, 1, FROM_TO(CLGRPO_F16, CLGRPO_F32), cast, CLGRPO_F32},
};

void
rows_small(struct bench *b)
{
    small_rows_run(b, rows, sizeof rows / sizeof rows[0]);
}
