/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "rows.h"

/* Row blocks of the weight gradient, C_BLOCKS of the kernel: fixed, because it decides the order of the sum. */
enum { BLOCKS = 32 };

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_rmsnorm_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->x.shape[0], e = a->x.shape[1];

    CLG_REQUIRE(ctx, a->eps > 0.0f && isfinite(a->eps), CLGRPO_E_VALUE,
                "rmsnorm: eps is %g, need a finite number above 0", (double)a->eps);
    CLG_TRY(clg_tensor_check_storage(ctx, "rmsnorm", "x", &a->x, 2, CLG_SHAPE(CLG_ANY, CLG_ANY)));
    CLG_TRY(clg_tensor_check_dense(ctx, "rmsnorm", "w", &a->w, CLGRPO_F32, 1, CLG_SHAPE(e)));
    CLG_TRY(clg_tensor_check(ctx, "rmsnorm", "y", &a->y, a->x.dtype, 2, CLG_SHAPE(n, e)));
    if (a->rstd.buf != NULL)
        CLG_TRY(clg_tensor_check_dense(ctx, "rmsnorm", "rstd", &a->rstd, CLGRPO_F32, 1, CLG_SHAPE(n)));
    if (a->residual.buf != NULL)
        CLG_TRY(clg_tensor_check(ctx, "rmsnorm", "residual", &a->residual, a->x.dtype, 2, CLG_SHAPE(n, e)));
    if (a->sum.buf != NULL) {
        CLG_REQUIRE(ctx, a->residual.buf != NULL, CLGRPO_E_ARGUMENT, "rmsnorm: there is a sum but no residual");
        CLG_TRY(clg_tensor_check(ctx, "rmsnorm", "sum", &a->sum, a->x.dtype, 2, CLG_SHAPE(n, e)));
    }
out:
    return st;
}

/* The sum of x and residual has the place of x where it has no other. */
CLG_VIEWS(views, clgrpo_rmsnorm, "rmsnorm",
          a->residual.buf != NULL && a->sum.buf == NULL ? CLG_OUT(a, x) : CLG_IN(a, x), CLG_OUT_OR(a, y, x),
          CLG_OUT_OR(a, sum, x), CLG_OUT(a, rstd), CLG_IN(a, w), CLG_IN(a, residual))

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_rmsnorm_args *a)
{
    const size_t n = a->x.shape[0], e = a->x.shape[1];
    /* an absent tensor is not read; its argument must still be a buffer */
    const struct clgrpo_tensor *residual = a->residual.buf != NULL ? &a->residual : &a->w;
    const struct clgrpo_tensor *sum = a->sum.buf != NULL ? &a->sum : &a->x;
    const struct clgrpo_tensor *rstd = a->rstd.buf != NULL ? &a->rstd : &a->y;

    if (n == 0 || e == 0)
        return CLGRPO_OK;
    CLG_WORK(seq, 0.0,
             CLG_BYTES(&a->x, &a->w, &a->y, &a->rstd, &a->residual) + (a->residual.buf != NULL ? CLG_BYTES(sum) : 0.0));
    return CLG_ROWS_RUN(seq, "rmsnorm", "k_rmsnorm", a->x.dtype, a->residual.buf != NULL ? "-DC_RESIDUAL=1" : "",
                        clg_rows_grid(seq->ctx, n), CLG_TENSOR_ROWS(&a->x), CLG_TENSOR_ROWS(residual),
                        CLG_TENSOR_ROWS(sum), CLG_TENSOR(&a->w), CLG_TENSOR_ROWS(&a->y), CLG_TENSOR(rstd),
                        CLG_INT(a->rstd.buf != NULL), CLG_SIZE(n), CLG_SIZE(e), CLG_FLOAT(a->eps));
}

CLG_OPERATION(clgrpo_rmsnorm, "rmsnorm", check, views, run)

static size_t
workspace_bytes(const struct clgrpo_context *ctx, const struct clgrpo_rmsnorm_backward_args *a)
{
    return BLOCKS * clg_round_up(a->x.shape[1], clg_vector_width(ctx)) * sizeof(cl_float);
}

static enum clgrpo_status
check_backward(struct clgrpo_context *ctx, const struct clgrpo_rmsnorm_backward_args *args)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = args->x.shape[0], e = args->x.shape[1];

    CLG_TRY(clg_tensor_check_storage(ctx, "rmsnorm_backward", "x", &args->x, 2, CLG_SHAPE(CLG_ANY, CLG_ANY)));
    CLG_TRY(clg_tensor_check_dense(ctx, "rmsnorm_backward", "w", &args->w, CLGRPO_F32, 1, CLG_SHAPE(e)));
    CLG_TRY(clg_tensor_check_dense(ctx, "rmsnorm_backward", "rstd", &args->rstd, CLGRPO_F32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check(ctx, "rmsnorm_backward", "dy", &args->dy, args->x.dtype, 2, CLG_SHAPE(n, e)));
    CLG_TRY(clg_tensor_check(ctx, "rmsnorm_backward", "dx", &args->dx, args->x.dtype, 2, CLG_SHAPE(n, e)));
    CLG_TRY(clg_tensor_check_dense(ctx, "rmsnorm_backward", "dw", &args->dw, CLGRPO_F32, 1, CLG_SHAPE(e)));
out:
    return st;
}

CLG_VIEWS(views_backward, clgrpo_rmsnorm_backward, "rmsnorm_backward", CLG_OUT_OR(a, dx, dy), CLG_OUT(a, dw),
          CLG_IN(a, x), CLG_IN(a, w), CLG_IN(a, rstd), CLG_IN(a, dy))

static enum clgrpo_status
run_backward(struct clg_seq *seq, const struct clgrpo_rmsnorm_backward_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->x.shape[0], e = a->x.shape[1], width = clg_vector_width(seq->ctx);
    const size_t partial_at = a->workspace.offset_bytes / sizeof(cl_float);

    if (n == 0 || e == 0)
        return CLGRPO_OK;
    CLG_WORK(seq, 0.0,
             CLG_BYTES(&a->x, &a->w, &a->rstd, &a->dy, &a->dx) + (a->accumulate_dx ? CLG_BYTES(&a->dx) : 0.0) +
                 BLOCKS * CLG_BYTES(&a->dw));
    CLG_TRY(CLG_ROWS_RUN(seq, "rmsnorm_backward", "k_rmsnorm_backward", a->x.dtype,
                         a->accumulate_dx ? "-DC_ACCUMULATE=1" : "", clg_rows_fixed(seq->ctx, BLOCKS),
                         CLG_TENSOR_ROWS(&a->x), CLG_TENSOR(&a->w), CLG_TENSOR(&a->rstd), CLG_TENSOR_ROWS(&a->dy),
                         CLG_TENSOR_ROWS(&a->dx), CLG_MEM(a->workspace.buf), CLG_SIZE(partial_at), CLG_SIZE(n),
                         CLG_SIZE(e)));
    CLG_WORK(seq, 0.0, (BLOCKS + 2.0) * CLG_BYTES(&a->dw));
    CLG_TRY(CLG_ROWS_RUN(seq, "rmsnorm_backward", "k_rmsnorm_dw", a->x.dtype, "",
                         clg_rows_grid(seq->ctx, clg_divide_up(e, width)), CLG_MEM(a->workspace.buf),
                         CLG_SIZE(partial_at), CLG_TENSOR(&a->dw), CLG_SIZE(e)));
out:
    return st;
}

CLG_OPERATION_WITH_SPACE(clgrpo_rmsnorm_backward, "rmsnorm_backward", check_backward, views_backward, workspace_bytes,
                         run_backward)
