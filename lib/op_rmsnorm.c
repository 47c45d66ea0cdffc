/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

/* Row blocks of the weight gradient, C_BLOCKS of the kernel: fixed, because it decides the order of the sum. */
enum { BLOCKS = 32 };

enum clgrpo_status
clgrpo_rmsnorm(struct clgrpo_context *ctx, const struct clgrpo_rmsnorm_args *args, cl_command_queue queue,
               cl_uint n_wait, const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_seq seq = {0};
    struct clg_grid grid;
    const struct clgrpo_tensor *residual, *sum, *rstd;
    cl_kernel k;
    size_t n, e;

    CLG_CHECK_ARGS(ctx, args, "rmsnorm");
    CLG_REQUIRE(ctx, args->eps > 0.0f, CLGRPO_E_VALUE, "rmsnorm: eps is %g, need more than 0", (double)args->eps);
    CLG_TRY(clg_tensor_check(ctx, "rmsnorm", "x", &args->x, CLGRPO_F32, 2, CLG_SHAPE(CLG_ANY, CLG_ANY)));
    n = args->x.shape[0];
    e = args->x.shape[1];
    CLG_TRY(clg_tensor_check_dense(ctx, "rmsnorm", "w", &args->w, CLGRPO_F32, 1, CLG_SHAPE(e)));
    CLG_TRY(clg_tensor_check(ctx, "rmsnorm", "y", &args->y, CLGRPO_F32, 2, CLG_SHAPE(n, e)));
    if (args->rstd.buf != NULL)
        CLG_TRY(clg_tensor_check_dense(ctx, "rmsnorm", "rstd", &args->rstd, CLGRPO_F32, 1, CLG_SHAPE(n)));
    if (args->residual.buf != NULL)
        CLG_TRY(clg_tensor_check(ctx, "rmsnorm", "residual", &args->residual, CLGRPO_F32, 2, CLG_SHAPE(n, e)));
    if (args->sum.buf != NULL) {
        CLG_REQUIRE(ctx, args->residual.buf != NULL, CLGRPO_E_ARGUMENT, "rmsnorm: there is a sum but no residual");
        CLG_TRY(clg_tensor_check(ctx, "rmsnorm", "sum", &args->sum, CLGRPO_F32, 2, CLG_SHAPE(n, e)));
    }
    CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));
    if (n == 0 || e == 0)
        goto out;
    /* an absent tensor is not read; its argument must still be a buffer */
    residual = args->residual.buf != NULL ? &args->residual : &args->w;
    sum = args->sum.buf != NULL ? &args->sum : &args->x;
    rstd = args->rstd.buf != NULL ? &args->rstd : &args->y;
    CLG_TRY(clg_rows_kernel(ctx, "rmsnorm", "k_rmsnorm", args->residual.buf != NULL ? "-DC_RESIDUAL=1" : "", &k));
    grid = clg_rows_grid(ctx, n);
    CLG_TRY(CLG_LAUNCH(&seq, k, &grid, CLG_TENSOR_ROWS(&args->x), CLG_TENSOR_ROWS(residual), CLG_TENSOR_ROWS(sum),
                       CLG_TENSOR(&args->w), CLG_TENSOR_ROWS(&args->y), CLG_TENSOR(rstd),
                       CLG_INT(args->rstd.buf != NULL), CLG_SIZE(n), CLG_SIZE(e), CLG_FLOAT(args->eps)));
out:
    return clg_seq_end(&seq, st);
}

static size_t
partial_bytes(struct clgrpo_context *ctx, size_t e)
{
    return BLOCKS * clg_round_up(e, clg_vector_width(ctx)) * sizeof(cl_float);
}

static enum clgrpo_status
check_backward(struct clgrpo_context *ctx, const struct clgrpo_rmsnorm_backward_args *args)
{
    enum clgrpo_status st = CLGRPO_OK;
    size_t n, e;

    CLG_CHECK_ARGS(ctx, args, "rmsnorm_backward");
    CLG_TRY(clg_tensor_check(ctx, "rmsnorm_backward", "x", &args->x, CLGRPO_F32, 2, CLG_SHAPE(CLG_ANY, CLG_ANY)));
    n = args->x.shape[0];
    e = args->x.shape[1];
    CLG_TRY(clg_tensor_check_dense(ctx, "rmsnorm_backward", "w", &args->w, CLGRPO_F32, 1, CLG_SHAPE(e)));
    CLG_TRY(clg_tensor_check_dense(ctx, "rmsnorm_backward", "rstd", &args->rstd, CLGRPO_F32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check(ctx, "rmsnorm_backward", "dy", &args->dy, CLGRPO_F32, 2, CLG_SHAPE(n, e)));
    CLG_TRY(clg_tensor_check(ctx, "rmsnorm_backward", "dx", &args->dx, CLGRPO_F32, 2, CLG_SHAPE(n, e)));
    CLG_TRY(clg_tensor_check_dense(ctx, "rmsnorm_backward", "dw", &args->dw, CLGRPO_F32, 1, CLG_SHAPE(e)));
out:
    return st;
}

enum clgrpo_status
clgrpo_rmsnorm_backward_workspace(struct clgrpo_context *ctx, const struct clgrpo_rmsnorm_backward_args *args,
                                  size_t *bytes)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_REQUIRE(ctx, bytes != NULL, CLGRPO_E_ARGUMENT, "rmsnorm_backward_workspace: bytes is null");
    CLG_TRY(check_backward(ctx, args));
    *bytes = partial_bytes(ctx, args->x.shape[1]);
out:
    return st;
}

enum clgrpo_status
clgrpo_rmsnorm_backward(struct clgrpo_context *ctx, const struct clgrpo_rmsnorm_backward_args *args,
                        cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_seq seq = {0};
    struct clg_grid grid;
    cl_kernel k;
    size_t n, e, partial_at;

    CLG_TRY(check_backward(ctx, args));
    n = args->x.shape[0];
    e = args->x.shape[1];
    CLG_TRY(clg_workspace_check(ctx, "rmsnorm_backward", &args->workspace, partial_bytes(ctx, e)));
    CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));
    if (n == 0 || e == 0)
        goto out;
    partial_at = args->workspace.offset_bytes / sizeof(cl_float);
    CLG_TRY(clg_rows_kernel(ctx, "rmsnorm_backward", "k_rmsnorm_backward",
                            args->accumulate_dx ? "-DC_ACCUMULATE=1" : "", &k));
    grid = clg_rows_fixed(ctx, BLOCKS);
    CLG_TRY(CLG_LAUNCH(&seq, k, &grid, CLG_TENSOR_ROWS(&args->x), CLG_TENSOR(&args->w), CLG_TENSOR(&args->rstd),
                       CLG_TENSOR_ROWS(&args->dy), CLG_TENSOR_ROWS(&args->dx), CLG_MEM(args->workspace.buf),
                       CLG_SIZE(partial_at), CLG_SIZE(n), CLG_SIZE(e)));
    CLG_TRY(clg_rows_kernel(ctx, "rmsnorm_backward", "k_rmsnorm_dw", "", &k));
    grid = clg_rows_grid(ctx, (e + clg_vector_width(ctx) - 1) / clg_vector_width(ctx));
    CLG_TRY(CLG_LAUNCH(&seq, k, &grid, CLG_MEM(args->workspace.buf), CLG_SIZE(partial_at), CLG_TENSOR(&args->dw),
                       CLG_SIZE(e)));
out:
    return clg_seq_end(&seq, st);
}
