/* SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"

#include <math.h>

#define OP "advantage"

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_advantage_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t most = 0x7fffffff, n = a->reward.shape[0];

    CLG_TRY(clg_tensor_check(ctx, OP, "reward", &a->reward, CLGRPO_F32, 1, CLG_SHAPE(CLG_ANY)));
    CLG_TRY(clg_tensor_check(ctx, OP, "advantage", &a->advantage, CLGRPO_F32, 1, CLG_SHAPE(n)));
    if (a->weight.buf != NULL)
        CLG_TRY(clg_tensor_check(ctx, OP, "weight", &a->weight, CLGRPO_F32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check(ctx, OP, "offsets", &a->offsets, CLGRPO_I32, 1, CLG_SHAPE(CLG_ANY)));
    CLG_REQUIRE(ctx, a->offsets.shape[0] >= 1 && a->offsets.shape[0] <= most && n <= most, CLGRPO_E_SHAPE,
                OP ": %zu offsets and %zu rewards; need 1 or more offsets and neither over %zu", a->offsets.shape[0], n,
                most);
    CLG_REQUIRE(ctx, a->kind >= CLGRPO_ADVANTAGE_STD && a->kind <= CLGRPO_ADVANTAGE_LOO, CLGRPO_E_ARGUMENT,
                OP ": unknown kind %d", (int)a->kind);
    CLG_REQUIRE(ctx, a->eps >= 0.0f && isfinite(a->eps), CLGRPO_E_VALUE, OP ": eps is %g, need 0 or a positive number",
                (double)a->eps);
out:
    return st;
}

enum clgrpo_status
clgrpo_advantage(struct clgrpo_context *ctx, const struct clgrpo_advantage_args *args, cl_command_queue queue,
                 cl_uint n_wait, const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t items = ctx->family == CLGRPO_FAMILY_CPU ? 1 : 64;
    struct clg_seq seq = {0};
    size_t n_groups;
    struct clg_grid grid;
    char defines[64];
    cl_kernel kernel;

    CLG_CHECK_ARGS(ctx, args, OP);
    CLG_TRY(check(ctx, args));
    n_groups = args->reward.shape[0] > 0 ? args->offsets.shape[0] - 1 : 0;
    snprintf(defines, sizeof defines, "-DC_KIND=%d -DC_WEIGHTED=%d", (int)args->kind, args->weight.buf != NULL);
    CLG_TRY(clg_kernel_get(ctx, OP, "k_advantage", defines, &kernel));
    CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));
    grid = clg_grid1((n_groups + items - 1) / items, items);
    CLG_TRY(CLG_LAUNCH(&seq, kernel, &grid, CLG_TENSOR(&args->reward),
                       CLG_TENSOR(args->weight.buf != NULL ? &args->weight : &args->reward), CLG_TENSOR(&args->offsets),
                       CLG_TENSOR(&args->advantage), CLG_UINT(n_groups), CLG_INT(args->reward.shape[0]),
                       CLG_FLOAT(args->eps)));
out:
    return clg_seq_end(&seq, st);
}
