/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "rows.h"

enum clgrpo_status
clgrpo_rope(struct clgrpo_context *ctx, const struct clgrpo_rope_args *args, cl_command_queue queue, cl_uint n_wait,
            const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_seq seq = {0};
    struct clg_grid grid;
    cl_kernel k;
    size_t n, heads, dim;

    CLG_CHECK_ARGS(ctx, args, "rope");
    CLG_TRY(clg_tensor_check(ctx, "rope", "x", &args->x, CLGRPO_F32, 3, CLG_SHAPE(CLG_ANY, CLG_ANY, CLG_ANY)));
    n = args->x.shape[0];
    heads = args->x.shape[1];
    dim = args->x.shape[2];
    CLG_REQUIRE(ctx, dim == 32 || dim == 64 || dim == 128, CLGRPO_E_UNSUPPORTED,
                "rope: head dimension %zu, need 32, 64 or 128", dim);
    CLG_TRY(clg_tensor_check_dense(ctx, "rope", "position", &args->position, CLGRPO_I32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check(ctx, "rope", "table", &args->table, CLGRPO_F32, 2, CLG_SHAPE(CLG_ANY, dim)));
    CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));
    if (n == 0 || heads == 0)
        goto out;
    CLG_TRY(clg_rows_kernel(ctx, "rope", "k_rope", "", &k));
    grid = clg_rows_grid(ctx, n);
    CLG_TRY(CLG_LAUNCH(&seq, k, &grid, CLG_TENSOR_HEADS(&args->x), CLG_TENSOR(&args->position),
                       CLG_TENSOR_ROWS(&args->table), CLG_SIZE(n), CLG_SIZE(heads), CLG_SIZE(dim),
                       CLG_SIZE(args->table.shape[0]), CLG_FLOAT(args->inverse ? -1.0 : 1.0)));
out:
    return clg_seq_end(&seq, st);
}

void
clgrpo_rope_table_fill(float *host, size_t n_positions, size_t head_dim, double theta)
{
    for (size_t p = 0; p < n_positions; p++) {
        for (size_t i = 0; i < head_dim / 2; i++) {
            double angle = (double)p * pow(theta, -2.0 * (double)i / (double)head_dim);

            host[p * head_dim + i] = (float)cos(angle);
            host[p * head_dim + head_dim / 2 + i] = (float)sin(angle);
        }
    }
}
