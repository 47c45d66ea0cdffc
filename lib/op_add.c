/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_add_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->a.shape[0], e = a->a.shape[1];

    CLG_TRY(clg_tensor_check_storage(ctx, "add", "a", &a->a, 2, CLG_SHAPE(CLG_ANY, CLG_ANY)));
    CLG_TRY(clg_tensor_check(ctx, "add", "b", &a->b, a->a.dtype, 2, CLG_SHAPE(n, e)));
    CLG_TRY(clg_tensor_check(ctx, "add", "y", &a->y, a->a.dtype, 2, CLG_SHAPE(n, e)));
out:
    return st;
}

CLG_VIEWS(views, clgrpo_add, "add", CLG_OUT_OR2(a, y, a, b), CLG_IN(a, a), CLG_IN(a, b))

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_add_args *a)
{
    const size_t n = a->y.shape[0], e = a->y.shape[1];

    if (n == 0 || e == 0)
        return CLGRPO_OK;
    CLG_WORK(seq, 0.0, CLG_BYTES(&a->a, &a->b, &a->y));
    return CLG_ROWS_RUN(seq, "add", "k_add", a->y.dtype, "", clg_rows_grid(seq->ctx, n), CLG_TENSOR_ROWS(&a->a),
                        CLG_TENSOR_ROWS(&a->b), CLG_TENSOR_ROWS(&a->y), CLG_SIZE(n), CLG_SIZE(e));
}

CLG_OPERATION(clgrpo_add, "add", check, views, run)
