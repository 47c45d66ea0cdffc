/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

/* gate_up, or its gradient, has 2F columns where y has F. */
static enum clgrpo_status
check_pair(struct clgrpo_context *ctx, const char *op, const char *wide_name, const struct clgrpo_tensor *wide,
           const char *name, const struct clgrpo_tensor *y)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_TRY(clg_tensor_check(ctx, op, name, y, CLGRPO_F32, 2, CLG_SHAPE(CLG_ANY, CLG_ANY)));
    CLG_TRY(clg_tensor_check(ctx, op, wide_name, wide, CLGRPO_F32, 2, CLG_SHAPE(y->shape[0], 2 * y->shape[1])));
out:
    return st;
}

enum clgrpo_status
clgrpo_swiglu(struct clgrpo_context *ctx, const struct clgrpo_swiglu_args *args, cl_command_queue queue, cl_uint n_wait,
              const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_seq seq = {0};
    struct clg_grid grid;
    cl_kernel k;
    size_t n, f;

    CLG_CHECK_ARGS(ctx, args, "swiglu");
    CLG_TRY(check_pair(ctx, "swiglu", "gate_up", &args->gate_up, "y", &args->y));
    n = args->y.shape[0];
    f = args->y.shape[1];
    CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));
    if (n == 0 || f == 0)
        goto out;
    CLG_TRY(clg_rows_kernel(ctx, "swiglu", "k_swiglu", "", &k));
    grid = clg_rows_grid(ctx, n);
    CLG_TRY(CLG_LAUNCH(&seq, k, &grid, CLG_TENSOR_ROWS(&args->gate_up), CLG_TENSOR_ROWS(&args->y), CLG_SIZE(n),
                       CLG_SIZE(f)));
out:
    return clg_seq_end(&seq, st);
}

enum clgrpo_status
clgrpo_swiglu_backward(struct clgrpo_context *ctx, const struct clgrpo_swiglu_backward_args *args,
                       cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_seq seq = {0};
    struct clg_grid grid;
    cl_kernel k;
    size_t n, f;

    CLG_CHECK_ARGS(ctx, args, "swiglu_backward");
    CLG_TRY(check_pair(ctx, "swiglu_backward", "gate_up", &args->gate_up, "dy", &args->dy));
    CLG_TRY(check_pair(ctx, "swiglu_backward", "dgate_up", &args->dgate_up, "dy", &args->dy));
    n = args->dy.shape[0];
    f = args->dy.shape[1];
    CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));
    if (n == 0 || f == 0)
        goto out;
    CLG_TRY(clg_rows_kernel(ctx, "swiglu", "k_swiglu_backward", "", &k));
    grid = clg_rows_grid(ctx, n);
    CLG_TRY(CLG_LAUNCH(&seq, k, &grid, CLG_TENSOR_ROWS(&args->gate_up), CLG_TENSOR_ROWS(&args->dy),
                       CLG_TENSOR_ROWS(&args->dgate_up), CLG_SIZE(n), CLG_SIZE(f)));
out:
    return clg_seq_end(&seq, st);
}
