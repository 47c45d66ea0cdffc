/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

/* Work-groups of the backward, each with a part of the vocabulary. Their number does not change the order of a sum. */
enum { BACKWARD_GROUPS = 32 };

enum clgrpo_status
clgrpo_embedding(struct clgrpo_context *ctx, const struct clgrpo_embedding_args *args, cl_command_queue queue,
                 cl_uint n_wait, const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_seq seq = {0};
    struct clg_grid grid;
    cl_kernel k;
    size_t n, e;

    CLG_CHECK_ARGS(ctx, args, "embedding");
    CLG_TRY(clg_tensor_check(ctx, "embedding", "table", &args->table, CLGRPO_F32, 2, CLG_SHAPE(CLG_ANY, CLG_ANY)));
    e = args->table.shape[1];
    CLG_TRY(clg_tensor_check_dense(ctx, "embedding", "index", &args->index, CLGRPO_I32, 1, CLG_SHAPE(CLG_ANY)));
    n = args->index.shape[0];
    CLG_TRY(clg_tensor_check(ctx, "embedding", "y", &args->y, CLGRPO_F32, 2, CLG_SHAPE(n, e)));
    CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));
    if (n == 0 || e == 0)
        goto out;
    CLG_TRY(clg_rows_kernel(ctx, "embedding", "k_embedding", "", &k));
    grid = clg_rows_grid(ctx, n);
    CLG_TRY(CLG_LAUNCH(&seq, k, &grid, CLG_TENSOR_ROWS(&args->table), CLG_TENSOR(&args->index),
                       CLG_TENSOR_ROWS(&args->y), CLG_SIZE(n), CLG_SIZE(e), CLG_SIZE(args->table.shape[0])));
out:
    return clg_seq_end(&seq, st);
}

enum clgrpo_status
clgrpo_embedding_backward(struct clgrpo_context *ctx, const struct clgrpo_embedding_backward_args *args,
                          cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_seq seq = {0};
    struct clg_grid grid;
    cl_kernel k;
    size_t n, e, v;

    CLG_CHECK_ARGS(ctx, args, "embedding_backward");
    CLG_TRY(clg_tensor_check(ctx, "embedding_backward", "dtable", &args->dtable, CLGRPO_F32, 2,
                             CLG_SHAPE(CLG_ANY, CLG_ANY)));
    v = args->dtable.shape[0];
    e = args->dtable.shape[1];
    CLG_TRY(
        clg_tensor_check_dense(ctx, "embedding_backward", "index", &args->index, CLGRPO_I32, 1, CLG_SHAPE(CLG_ANY)));
    n = args->index.shape[0];
    CLG_TRY(clg_tensor_check(ctx, "embedding_backward", "dy", &args->dy, CLGRPO_F32, 2, CLG_SHAPE(n, e)));
    CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));
    if (n == 0 || e == 0 || v == 0)
        goto out;
    CLG_TRY(clg_rows_kernel(ctx, "embedding", "k_embedding_backward", "", &k));
    grid = clg_rows_fixed(ctx, v < BACKWARD_GROUPS ? v : BACKWARD_GROUPS);
    CLG_TRY(CLG_LAUNCH(&seq, k, &grid, CLG_TENSOR_ROWS(&args->dy), CLG_TENSOR(&args->index),
                       CLG_TENSOR_ROWS(&args->dtable), CLG_SIZE(n), CLG_SIZE(e), CLG_SIZE(v)));
out:
    return clg_seq_end(&seq, st);
}
