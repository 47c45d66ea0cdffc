/* SPDX-License-Identifier: Apache-2.0 */
#include "rows/row_groups.h"
#include "rows/small_row.h"

/*
 * Most of these operations are bound by memory: a row counts the bytes of each tensor that is read or written once.
 * Most shapes exceed the caches, so that the limit is the copy rate; 4096 rows of 128 and 352 are those of the
 * reference trainer, and the caches hold them.
 */
enum { TABLE_ROWS = 1024 };

/* variant: 1 with a residual. */
static void
rmsnorm(struct plan *p, const struct small_row *r)
{
    struct clgrpo_rmsnorm_args a = CLGRPO_RMSNORM_ARGS_INIT;

    a.x = plan_matrix(p, r->n, r->e);
    a.w = plan_vector(p, r->e);
    a.y = plan_matrix(p, r->n, r->e);
    a.rstd = plan_vector(p, r->n);
    if (r->variant) {
        a.residual = plan_matrix(p, r->n, r->e);
        a.sum = plan_matrix(p, r->n, r->e);
    }
    PLAN(p, rmsnorm, a);
}

/* variant: 1 adds to dx. */
static void
rmsnorm_backward(struct plan *p, const struct small_row *r)
{
    struct clgrpo_rmsnorm_backward_args a = CLGRPO_RMSNORM_BACKWARD_ARGS_INIT;

    a.x = plan_matrix(p, r->n, r->e);
    a.w = plan_vector(p, r->e);
    a.rstd = plan_vector(p, r->n);
    a.dy = plan_matrix(p, r->n, r->e);
    a.dx = plan_matrix(p, r->n, r->e);
    a.dw = plan_vector(p, r->e);
    a.accumulate_dx = r->variant != 0;
    PLAN_WITH_SPACE(p, rmsnorm_backward, a);
}

static void
add(struct plan *p, const struct small_row *r)
{
    struct clgrpo_add_args a = CLGRPO_ADD_ARGS_INIT;

    a.a = plan_matrix(p, r->n, r->e);
    a.b = plan_matrix(p, r->n, r->e);
    a.y = plan_matrix(p, r->n, r->e);
    PLAN(p, add, a);
}

/* variant: the dimension of a head. */
static void
rope(struct plan *p, const struct small_row *r)
{
    struct clgrpo_rope_args a = CLGRPO_ROPE_ARGS_INIT;
    size_t dim = (size_t)r->variant;

    a.x = plan_heads(p, r->n, r->e / dim, dim);
    a.position = plan_indices(p, r->n, 1, 131, TABLE_ROWS);
    a.table = plan_matrix(p, TABLE_ROWS, dim);
    PLAN(p, rope, a);
}

static void
swiglu(struct plan *p, const struct small_row *r)
{
    struct clgrpo_swiglu_args a = CLGRPO_SWIGLU_ARGS_INIT;

    a.gate_up = plan_matrix(p, r->n, 2 * r->e);
    a.y = plan_matrix(p, r->n, r->e);
    PLAN(p, swiglu, a);
}

static void
swiglu_backward(struct plan *p, const struct small_row *r)
{
    struct clgrpo_swiglu_backward_args a = CLGRPO_SWIGLU_BACKWARD_ARGS_INIT;

    a.gate_up = plan_matrix(p, r->n, 2 * r->e);
    a.dy = plan_matrix(p, r->n, r->e);
    a.dgate_up = plan_matrix(p, r->n, 2 * r->e);
    PLAN(p, swiglu_backward, a);
}

static void
embedding(struct plan *p, const struct small_row *r)
{
    struct clgrpo_embedding_args a = CLGRPO_EMBEDDING_ARGS_INIT;

    a.table = plan_matrix(p, TABLE_ROWS, r->e);
    a.index = plan_indices(p, r->n, 1, 131, TABLE_ROWS);
    a.y = plan_matrix(p, r->n, r->e);
    PLAN(p, embedding, a);
}

static void
embedding_backward(struct plan *p, const struct small_row *r)
{
    struct clgrpo_embedding_backward_args a = CLGRPO_EMBEDDING_BACKWARD_ARGS_INIT;

    a.dtable = plan_matrix(p, TABLE_ROWS, r->e);
    a.index = plan_indices(p, r->n, 1, 131, TABLE_ROWS);
    a.dy = plan_matrix(p, r->n, r->e);
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
    {"rmsnorm.fwd.f32.8192x896", BENCH_COPY, 2.0, 8192, 896, 0, rmsnorm},
    {"rmsnorm.fwd.f32.8192x1024", BENCH_COPY, 2.0, 8192, 1024, 0, rmsnorm},
    {"rmsnorm.fwd.f32.4096x2048", BENCH_COPY, 2.0, 4096, 2048, 0, rmsnorm},
    {"rmsnorm.fwd.f32.2048x4096", BENCH_COPY, 2.0, 2048, 4096, 0, rmsnorm},
    {"rmsnorm.fwd.f32.1024x8192", BENCH_COPY, 2.0, 1024, 8192, 0, rmsnorm},
    {"rmsnorm.fwd.f32.4096x128", BENCH_COPY, 2.0, 4096, 128, 0, rmsnorm},
    {"rmsnorm.add.f32.8192x1024", BENCH_COPY, 4.0, 8192, 1024, 1, rmsnorm},
    {"rmsnorm.add.f32.4096x128", BENCH_COPY, 4.0, 4096, 128, 1, rmsnorm},
    {"rmsnorm.bwd.f32.8192x1024", BENCH_COPY, 3.0, 8192, 1024, 0, rmsnorm_backward},
    {"rmsnorm.bwd.f32.8192x896", BENCH_COPY, 3.0, 8192, 896, 0, rmsnorm_backward},
    {"rmsnorm.bwd.f32.2048x4096", BENCH_COPY, 3.0, 2048, 4096, 0, rmsnorm_backward},
    {"rmsnorm.bwd.f32.1024x8192", BENCH_COPY, 3.0, 1024, 8192, 0, rmsnorm_backward},
    {"rmsnorm.bwdadd.f32.8192x1024", BENCH_COPY, 4.0, 8192, 1024, 1, rmsnorm_backward},
    {"rmsnorm.bwdadd.f32.4096x128", BENCH_COPY, 4.0, 4096, 128, 1, rmsnorm_backward},
    {"add.f32.8192x1024", BENCH_COPY, 3.0, 8192, 1024, 0, add},
    {"rope.f32.8192x16x64", BENCH_COPY, 2.0, 8192, 1024, 64, rope},
    {"rope.f32.8192x8x128", BENCH_COPY, 2.0, 8192, 1024, 128, rope},
    {"swiglu.fwd.f32.8192x1024", BENCH_COPY, 3.0, 8192, 1024, 0, swiglu},
    {"swiglu.fwd.f32.4096x352", BENCH_COPY, 3.0, 4096, 352, 0, swiglu},
    {"swiglu.bwd.f32.8192x1024", BENCH_COPY, 5.0, 8192, 1024, 0, swiglu_backward},
    {"swiglu.bwd.f32.4096x352", BENCH_COPY, 5.0, 4096, 352, 0, swiglu_backward},
    {"embedding.f32.8192x1024", BENCH_COPY, 1.125, 8192, 1024, 0, embedding},
    {"embedding.bwd.f32.8192x1024", BENCH_COPY, 1.25, 8192, 1024, 0, embedding_backward},
    {"adamw.f32.8M", BENCH_COPY, 7.0, M8, 1, 0, adamw},
    {"adamw.f32.1M", BENCH_COPY, 7.0, M1, 1, 0, adamw},
    {"adamw.bf16.8M", BENCH_COPY, 7.0, M8, 1, 1, adamw},
    {"global_norm.f32.1M", BENCH_READ, 1.0, M1, 1, 0, global_norm},
    {"global_norm.f32.8M", BENCH_READ, 1.0, M8, 1, 0, global_norm},
    {"cast.f32-bf16.8M", BENCH_COPY, 1.5, M8, 1, FROM_TO(CLGRPO_F32, CLGRPO_BF16), cast},
    {"cast.bf16-f32.8M", BENCH_COPY, 1.5, M8, 1, FROM_TO(CLGRPO_BF16, CLGRPO_F32), cast},
    {"cast.f32-f16.8M", BENCH_COPY, 1.5, M8, 1, FROM_TO(CLGRPO_F32, CLGRPO_F16), cast},
    {"cast.f16-f32.8M", BENCH_COPY, 1.5, M8, 1, FROM_TO(CLGRPO_F16, CLGRPO_F32), cast},
};

void
rows_small(struct bench *b)
{
    small_rows_run(b, rows, sizeof rows / sizeof rows[0]);
}
