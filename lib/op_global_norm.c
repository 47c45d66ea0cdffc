/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "rows.h"

/* C_PARTIALS of the kernel: fixed, because it decides the order of the sum. */
enum { PARTIALS = 64 };

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_global_norm_args *args)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_CHECK_ARGS(ctx, args, "global_norm");
    CLG_TRY(clg_tensor_check_dense(ctx, "global_norm", "grad", &args->grad, CLGRPO_F32, 1, CLG_SHAPE(CLG_ANY)));
    CLG_TRY(clg_tensor_check_dense(ctx, "global_norm", "out", &args->out, CLGRPO_F32, 1, CLG_SHAPE(2)));
    CLG_REQUIRE(ctx, args->max_norm >= 0.0f && isfinite(args->max_norm), CLGRPO_E_VALUE,
                "global_norm: max_norm is %g, need 0 or more", (double)args->max_norm);
out:
    return st;
}

enum clgrpo_status
clgrpo_global_norm_workspace(struct clgrpo_context *ctx, const struct clgrpo_global_norm_args *args, size_t *bytes)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_REQUIRE(ctx, bytes != NULL, CLGRPO_E_ARGUMENT, "global_norm_workspace: bytes is null");
    CLG_TRY(check(ctx, args));
    *bytes = 2 * PARTIALS * sizeof(cl_float);
out:
    return st;
}

enum clgrpo_status
clgrpo_global_norm(struct clgrpo_context *ctx, const struct clgrpo_global_norm_args *args, cl_command_queue queue,
                   cl_uint n_wait, const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_seq seq = {0};
    struct clg_grid grid;
    cl_kernel k;
    size_t partial_at;

    CLG_TRY(check(ctx, args));
    CLG_TRY(clg_workspace_check(ctx, "global_norm", &args->workspace, 2 * PARTIALS * sizeof(cl_float)));
    partial_at = args->workspace.offset_bytes / sizeof(cl_float);
    CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));
    CLG_TRY(clg_rows_kernel(ctx, "global_norm", "k_global_norm", "", &k));
    grid = clg_rows_fixed(ctx, PARTIALS);
    /* an empty view may come without a buffer; the workspace stands in and no element of it is read */
    CLG_TRY(CLG_LAUNCH(&seq, k, &grid, CLG_MEM(args->grad.buf != NULL ? args->grad.buf : args->workspace.buf),
                       CLG_SIZE(args->grad.offset), CLG_MEM(args->workspace.buf), CLG_SIZE(partial_at),
                       CLG_SIZE(args->grad.shape[0])));
    CLG_TRY(clg_rows_kernel(ctx, "global_norm", "k_global_norm_finish", "", &k));
    grid = clg_grid1(1, 1);
    CLG_TRY(CLG_LAUNCH(&seq, k, &grid, CLG_MEM(args->workspace.buf), CLG_SIZE(partial_at), CLG_TENSOR(&args->out),
                       CLG_FLOAT(args->max_norm)));
out:
    return clg_seq_end(&seq, st);
}
