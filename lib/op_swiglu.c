/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

/* gate_up, or its gradient, has 2F columns where y has F, and its type. */
static enum clgrpo_status
check_pair(struct clgrpo_context *ctx, const char *op, const char *wide_name, const struct clgrpo_tensor *wide,
           const char *name, const struct clgrpo_tensor *y)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_TRY(clg_tensor_check_storage(ctx, op, name, y, 2, CLG_SHAPE(CLG_ANY, CLG_ANY)));
    CLG_TRY(clg_tensor_check(ctx, op, wide_name, wide, y->dtype, 2, CLG_SHAPE(y->shape[0], 2 * y->shape[1])));
out:
    return st;
}

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_swiglu_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_TRY(check_pair(ctx, "swiglu", "gate_up", &a->gate_up, "y", &a->y));
out:
    return st;
}

CLG_VIEWS(views, clgrpo_swiglu, "swiglu", CLG_OUT(a, y), CLG_IN(a, gate_up))

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_swiglu_args *a)
{
    const size_t n = a->y.shape[0], f = a->y.shape[1];

    if (n == 0 || f == 0)
        return CLGRPO_OK;
    CLG_WORK(seq, 0.0, CLG_BYTES(&a->gate_up, &a->y));
    return CLG_ROWS_RUN(seq, "swiglu", "k_swiglu", a->y.dtype, "", clg_rows_grid(seq->ctx, n),
                        CLG_TENSOR_ROWS(&a->gate_up), CLG_TENSOR_ROWS(&a->y), CLG_SIZE(n), CLG_SIZE(f));
}

CLG_OPERATION(clgrpo_swiglu, "swiglu", check, views, run)

static enum clgrpo_status
check_backward(struct clgrpo_context *ctx, const struct clgrpo_swiglu_backward_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_TRY(check_pair(ctx, "swiglu_backward", "gate_up", &a->gate_up, "dy", &a->dy));
    CLG_TRY(check_pair(ctx, "swiglu_backward", "dgate_up", &a->dgate_up, "dy", &a->dy));
out:
    return st;
}

CLG_VIEWS(views_backward, clgrpo_swiglu_backward, "swiglu_backward", CLG_OUT_OR(a, dgate_up, gate_up),
          CLG_IN(a, gate_up), CLG_IN(a, dy))

static enum clgrpo_status
run_backward(struct clg_seq *seq, const struct clgrpo_swiglu_backward_args *a)
{
    const size_t n = a->dy.shape[0], f = a->dy.shape[1];

    if (n == 0 || f == 0)
        return CLGRPO_OK;
    CLG_WORK(seq, 0.0, CLG_BYTES(&a->gate_up, &a->dy, &a->dgate_up));
    return CLG_ROWS_RUN(seq, "swiglu", "k_swiglu_backward", a->dy.dtype, "", clg_rows_grid(seq->ctx, n),
                        CLG_TENSOR_ROWS(&a->gate_up), CLG_TENSOR_ROWS(&a->dy), CLG_TENSOR_ROWS(&a->dgate_up),
                        CLG_SIZE(n), CLG_SIZE(f));
}

CLG_OPERATION(clgrpo_swiglu_backward, "swiglu_backward", check_backward, views_backward, run_backward)
