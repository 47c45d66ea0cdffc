/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "rows.h"

/* C_PARTIALS of the kernel: fixed, because it decides the order of the sum. */
enum { PARTIALS = 64 };

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_global_norm_args *args)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_TRY(clg_tensor_check_dense(ctx, "global_norm", "grad", &args->grad, CLGRPO_F32, 1, CLG_SHAPE(CLG_ANY)));
    CLG_TRY(clg_tensor_check_dense(ctx, "global_norm", "out", &args->out, CLGRPO_F32, 1, CLG_SHAPE(2)));
    CLG_REQUIRE(ctx, args->max_norm >= 0.0f && isfinite(args->max_norm), CLGRPO_E_VALUE,
                "global_norm: max_norm is %g, need 0 or more", (double)args->max_norm);
out:
    return st;
}

CLG_VIEWS(views, clgrpo_global_norm, "global_norm", CLG_OUT(a, out), CLG_IN(a, grad))

static size_t
workspace_bytes(const struct clgrpo_context *ctx, const struct clgrpo_global_norm_args *a)
{
    (void)ctx, (void)a;
    return 2 * PARTIALS * sizeof(cl_float);
}

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_global_norm_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t partial_at = a->workspace.offset_bytes / sizeof(cl_float);

    CLG_WORK(seq, 0.0, CLG_BYTES(&a->grad) + 2.0 * PARTIALS * sizeof(cl_float));
    /* an empty view may come without a buffer; the workspace stands in and no element of it is read */
    CLG_TRY(CLG_ROWS_RUN(seq, "global_norm", "k_global_norm", CLGRPO_F32, "", clg_rows_fixed(seq->ctx, PARTIALS),
                         CLG_MEM(a->grad.buf != NULL ? a->grad.buf : a->workspace.buf), CLG_SIZE(a->grad.offset),
                         CLG_MEM(a->workspace.buf), CLG_SIZE(partial_at), CLG_SIZE(a->grad.shape[0])));
    CLG_WORK(seq, 0.0, CLG_BYTES(&a->out) + 2.0 * PARTIALS * sizeof(cl_float));
    CLG_TRY(CLG_ROWS_RUN(seq, "global_norm", "k_global_norm_finish", CLGRPO_F32, "", clg_grid1(1, 1),
                         CLG_MEM(a->workspace.buf), CLG_SIZE(partial_at), CLG_TENSOR(&a->out), CLG_FLOAT(a->max_norm)));
out:
    return st;
}

CLG_OPERATION_WITH_SPACE(clgrpo_global_norm, "global_norm", check, views, workspace_bytes, run)
