/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

enum clgrpo_status
clgrpo_add(struct clgrpo_context *ctx, const struct clgrpo_add_args *args, cl_command_queue queue, cl_uint n_wait,
           const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_seq seq = {0};
    struct clg_grid grid;
    cl_kernel k;
    size_t n, e;

    CLG_CHECK_ARGS(ctx, args, "add");
    CLG_TRY(clg_tensor_check(ctx, "add", "a", &args->a, CLGRPO_F32, 2, CLG_SHAPE(CLG_ANY, CLG_ANY)));
    n = args->a.shape[0];
    e = args->a.shape[1];
    CLG_TRY(clg_tensor_check(ctx, "add", "b", &args->b, CLGRPO_F32, 2, CLG_SHAPE(n, e)));
    CLG_TRY(clg_tensor_check(ctx, "add", "y", &args->y, CLGRPO_F32, 2, CLG_SHAPE(n, e)));
    CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));
    if (n == 0 || e == 0)
        goto out;
    CLG_TRY(clg_rows_kernel(ctx, "add", "k_add", "", &k));
    grid = clg_rows_grid(ctx, n);
    CLG_TRY(CLG_LAUNCH(&seq, k, &grid, CLG_TENSOR_ROWS(&args->a), CLG_TENSOR_ROWS(&args->b), CLG_TENSOR_ROWS(&args->y),
                       CLG_SIZE(n), CLG_SIZE(e)));
out:
    return clg_seq_end(&seq, st);
}
