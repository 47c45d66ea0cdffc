/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "rows.h"

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_rope_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->x.shape[0], dim = a->x.shape[2];

    CLG_TRY(clg_tensor_check_storage(ctx, "rope", "x", &a->x, 3, CLG_SHAPE(CLG_ANY, CLG_ANY, CLG_ANY)));
    CLG_REQUIRE(ctx, dim == 32 || dim == 64 || dim == 128, CLGRPO_E_UNSUPPORTED,
                "rope: head dimension %zu, need 32, 64 or 128", dim);
    CLG_TRY(clg_tensor_check_dense(ctx, "rope", "position", &a->position, CLGRPO_I32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check(ctx, "rope", "table", &a->table, CLGRPO_F32, 2, CLG_SHAPE(CLG_ANY, dim)));
out:
    return st;
}

CLG_VIEWS(views, clgrpo_rope, "rope", CLG_OUT(a, x), CLG_IN(a, position), CLG_IN(a, table))

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_rope_args *a)
{
    const size_t n = a->x.shape[0], heads = a->x.shape[1];

    if (n == 0 || heads == 0)
        return CLGRPO_OK;
    CLG_WORK(seq, 0.0, 2.0 * CLG_BYTES(&a->x));
    return CLG_ROWS_RUN(seq, "rope", "k_rope", a->x.dtype, "", clg_rows_grid(seq->ctx, n), CLG_TENSOR_HEADS(&a->x),
                        CLG_TENSOR(&a->position), CLG_TENSOR_ROWS(&a->table), CLG_SIZE(n), CLG_SIZE(heads),
                        CLG_SIZE(a->x.shape[2]), CLG_SIZE(a->table.shape[0]), CLG_FLOAT(a->inverse ? -1.0 : 1.0));
}

CLG_OPERATION(clgrpo_rope, "rope", check, views, run)

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
