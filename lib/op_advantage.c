/* SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"

#include <math.h>

#define OP "advantage"

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
    CLG_REQUIRE(ctx, a->kind >= CLGRPO_ADVANTAGE_STD && a->kind <= CLGRPO_ADVANTAGE_LOO, CLGRPO_E_ARGUMENT,
                OP ": unknown kind %d", (int)a->kind);
    CLG_REQUIRE(ctx, a->eps >= 0.0f && isfinite(a->eps), CLGRPO_E_VALUE, OP ": eps is %g, need 0 or a positive number",
                (double)a->eps);
out:
    return st;
}

CLG_VIEWS(views, clgrpo_advantage, OP, CLG_OUT_OR(a, advantage, reward), CLG_IN(a, reward), CLG_IN(a, weight),
          CLG_IN(a, offsets))

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_advantage_args *a)
{
    const size_t items = seq->ctx->family == CLGRPO_FAMILY_CPU ? 1 : 64, n = a->reward.shape[0];
    const size_t n_groups = n > 0 ? a->offsets.shape[0] - 1 : 0;
    const struct clg_grid grid = clg_grid1(clg_divide_up(n_groups, items), items);
    char defines[64];

    snprintf(defines, sizeof defines, "-DC_KIND=%d -DC_WEIGHTED=%d", (int)a->kind, a->weight.buf != NULL);
    CLG_WORK(seq, 0.0, CLG_BYTES(&a->reward, &a->weight, &a->offsets, &a->advantage));
    return CLG_RUN(seq, OP, "k_advantage", defines, &grid, CLG_TENSOR(&a->reward),
                   CLG_TENSOR(a->weight.buf != NULL ? &a->weight : &a->reward), CLG_TENSOR(&a->offsets),
                   CLG_TENSOR(&a->advantage), CLG_UINT(n_groups), CLG_INT(n), CLG_FLOAT(a->eps));
}

CLG_OPERATION(clgrpo_advantage, OP, check, views, run)
