/* SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"

#include <math.h>

#define OP "advantage"

static enum clgrpo_status
check_told(struct clgrpo_context *ctx, const struct clgrpo_advantage_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n_groups = a->offsets.shape[0] - 1;
    const bool told = a->group_mean.buf != NULL;

    CLG_REQUIRE(ctx, (a->group_deviation.buf != NULL) == told && (a->group_flat.buf != NULL) == told, CLGRPO_E_ARGUMENT,
                OP ": group_mean, group_deviation and group_flat are written together, and some have no buffer");
    CLG_TRY(clg_tensor_check_optional(ctx, OP, "group_mean", &a->group_mean, CLGRPO_F32, 1, CLG_SHAPE(n_groups)));
    CLG_TRY(
        clg_tensor_check_optional(ctx, OP, "group_deviation", &a->group_deviation, CLGRPO_F32, 1, CLG_SHAPE(n_groups)));
    CLG_TRY(clg_tensor_check_optional(ctx, OP, "group_flat", &a->group_flat, CLGRPO_I32, 1, CLG_SHAPE(n_groups)));
    CLG_REQUIRE(ctx, a->kind != CLGRPO_ADVANTAGE_BATCH || a->batch_deviation.buf != NULL, CLGRPO_E_ARGUMENT,
                OP ": kind BATCH needs batch_deviation");
    CLG_TRY(clg_tensor_check_optional(ctx, OP, "batch_deviation", &a->batch_deviation, CLGRPO_F32, 1, CLG_SHAPE(1)));
out:
    return st;
}

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_advantage_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->reward.shape[0];

    CLG_TRY(clg_tensor_check(ctx, OP, "reward", &a->reward, CLGRPO_F32, 1, CLG_SHAPE(CLG_ANY)));
    CLG_TRY(clg_tensor_check(ctx, OP, "advantage", &a->advantage, CLGRPO_F32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check_optional(ctx, OP, "weight", &a->weight, CLGRPO_F32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check(ctx, OP, "offsets", &a->offsets, CLGRPO_I32, 1, CLG_SHAPE(CLG_ANY)));
    CLG_REQUIRE(ctx, a->offsets.shape[0] >= 1 && a->offsets.shape[0] <= INT32_MAX && n <= INT32_MAX, CLGRPO_E_SHAPE,
                OP ": %zu offsets and %zu rewards; need 1 or more offsets and neither over %zu", a->offsets.shape[0], n,
                (size_t)INT32_MAX);
    CLG_REQUIRE(ctx, a->kind >= CLGRPO_ADVANTAGE_STD && a->kind <= CLGRPO_ADVANTAGE_BATCH, CLGRPO_E_ARGUMENT,
                OP ": unknown kind %d", (int)a->kind);
    CLG_TRY(check_told(ctx, a));
    CLG_REQUIRE(ctx, a->eps >= 0.0f && isfinite(a->eps), CLGRPO_E_VALUE, OP ": eps is %g, need 0 or a positive number",
                (double)a->eps);
out:
    return st;
}

CLG_VIEWS(views, clgrpo_advantage, OP, CLG_OUT_OR(a, advantage, reward), CLG_OUT(a, group_mean),
          CLG_OUT(a, group_deviation), CLG_OUT(a, group_flat), CLG_OUT(a, batch_deviation), CLG_IN(a, reward),
          CLG_IN(a, weight), CLG_IN(a, offsets))

/* A tensor, or for one without a buffer another, which the kernel does not touch in its place. */
static const struct clgrpo_tensor *
or_else(const struct clgrpo_tensor *t, const struct clgrpo_tensor *other)
{
    return t->buf != NULL ? t : other;
}

/* The kernel has parameters of the tensors that it writes or reads beside the usual ones, and no others. */
static enum clgrpo_status
launch(struct clg_seq *seq, cl_kernel kernel, const struct clg_grid *grid, const struct clgrpo_advantage_args *a,
       const struct clgrpo_tensor *weight)
{
    struct clg_arg args[19] = {CLG_TENSOR(&a->reward),
                               CLG_TENSOR(weight),
                               CLG_TENSOR(&a->offsets),
                               CLG_TENSOR(&a->advantage),
                               CLG_UINT(grid->n_groups[0] > 0 ? a->offsets.shape[0] - 1 : (size_t)0),
                               CLG_INT(a->reward.shape[0]),
                               CLG_FLOAT(a->eps)};
    const struct clg_arg told[] = {CLG_TENSOR(&a->group_mean), CLG_TENSOR(&a->group_deviation),
                                   CLG_TENSOR(&a->group_flat)};
    const struct clg_arg batch[] = {CLG_TENSOR(&a->batch_deviation)};
    cl_uint n = 11;

    for (size_t i = 0; a->group_mean.buf != NULL && i < sizeof told / sizeof told[0]; i++)
        args[n++] = told[i];
    for (size_t i = 0; a->kind == CLGRPO_ADVANTAGE_BATCH && i < sizeof batch / sizeof batch[0]; i++)
        args[n++] = batch[i];
    return clg_launch(seq, kernel, grid, args, n);
}

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_advantage_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t items = seq->ctx->family == CLGRPO_FAMILY_CPU ? 1 : 64, n = a->reward.shape[0];
    const bool told = a->group_mean.buf != NULL;
    const size_t n_groups = n > 0 || told ? a->offsets.shape[0] - 1 : 0;
    const struct clg_grid grid = clg_grid1(clg_divide_up(n_groups, items), items), one = clg_grid1(1, items);
    const struct clgrpo_tensor *weight = or_else(&a->weight, &a->reward);
    cl_kernel advantage, batch;
    char defines[96];

    snprintf(defines, sizeof defines, "-DC_KIND=%d -DC_WEIGHTED=%d -DC_TELL=%d -DC_LANES=%zu", (int)a->kind,
             a->weight.buf != NULL, told, items);
    CLG_TRY(clg_kernel_get(seq->ctx, OP, "k_advantage", defines, &advantage));
    if (a->batch_deviation.buf != NULL) {
        CLG_TRY(clg_kernel_get(seq->ctx, OP, "k_batch_deviation", defines, &batch));
        CLG_WORK(seq, 0.0, CLG_BYTES(&a->reward, &a->weight, &a->batch_deviation));
        CLG_TRY(CLG_LAUNCH(seq, batch, &one, CLG_TENSOR(or_else(&a->reward, &a->offsets)),
                           CLG_TENSOR(or_else(weight, &a->offsets)), CLG_TENSOR(&a->batch_deviation), CLG_INT(n)));
    }
    CLG_WORK(seq, 0.0,
             CLG_BYTES(&a->reward, &a->weight, &a->offsets, &a->advantage, &a->group_mean, &a->group_deviation,
                       &a->group_flat));
    CLG_TRY(launch(seq, advantage, &grid, a, weight));
out:
    return st;
}

CLG_OPERATION(clgrpo_advantage, OP, check, views, run)
