/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "rows.h"

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_adamw_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->param.shape[0];

    CLG_TRY(clg_tensor_check_dense(ctx, "adamw", "param", &a->param, CLGRPO_F32, 1, CLG_SHAPE(CLG_ANY)));
    CLG_TRY(clg_tensor_check_storage(ctx, "adamw", "grad", &a->grad, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check_dense(ctx, "adamw", "m", &a->m, CLGRPO_F32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check_dense(ctx, "adamw", "v", &a->v, CLGRPO_F32, 1, CLG_SHAPE(n)));
    if (a->scale.buf != NULL)
        CLG_TRY(clg_tensor_check_dense(ctx, "adamw", "scale", &a->scale, CLGRPO_F32, 1, CLG_SHAPE(1)));
    if (a->copy.buf != NULL)
        CLG_TRY(clg_tensor_check_storage(ctx, "adamw", "copy", &a->copy, 1, CLG_SHAPE(n)));
    CLG_REQUIRE(ctx, a->step >= 1, CLGRPO_E_VALUE, "adamw: step counts from 1");
    CLG_REQUIRE(ctx, a->beta1 >= 0.0f && a->beta1 < 1.0f && a->beta2 >= 0.0f && a->beta2 < 1.0f, CLGRPO_E_VALUE,
                "adamw: beta1 is %g and beta2 %g, need 0 to less than 1", (double)a->beta1, (double)a->beta2);
    CLG_REQUIRE(ctx, isfinite(a->lr) && isfinite(a->weight_decay), CLGRPO_E_VALUE,
                "adamw: lr is %g and weight_decay %g, need finite numbers", (double)a->lr, (double)a->weight_decay);
    CLG_REQUIRE(ctx, a->eps > 0.0f && isfinite(a->eps), CLGRPO_E_VALUE,
                "adamw: eps is %g, need a finite number above 0", (double)a->eps);
out:
    return st;
}

CLG_VIEWS(views, clgrpo_adamw, "adamw", CLG_OUT(a, param), CLG_OUT(a, m), CLG_OUT(a, v), CLG_OUT(a, copy),
          CLG_IN(a, grad), CLG_IN(a, scale))

/* Gradients of f32 and no copy are the kernel's default, which needs no define. */
static void
write_defines(const struct clgrpo_adamw_args *a, char *out, size_t bytes)
{
    const bool copies = a->copy.buf != NULL;

    out[0] = '\0';
    if (copies || a->grad.dtype != CLGRPO_F32)
        snprintf(out, bytes, "-DC_GRAD=%s%s%s", clg_storage_name(a->grad.dtype), copies ? " -DC_COPY=" : "",
                 copies ? clg_storage_name(a->copy.dtype) : "");
}

/* The kernel has a parameter for the copy only where there is one. */
static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_adamw_args *a)
{
    const double step = (double)a->step;
    const struct clg_arg args[] = {CLG_TENSOR(&a->param),
                                   CLG_TENSOR(&a->grad),
                                   CLG_TENSOR(&a->m),
                                   CLG_TENSOR(&a->v),
                                   CLG_TENSOR(a->scale.buf != NULL ? &a->scale : &a->grad),
                                   CLG_INT(a->scale.buf != NULL),
                                   CLG_SIZE(a->param.shape[0]),
                                   CLG_SIZE(a->decay_elems),
                                   CLG_FLOAT(a->lr),
                                   CLG_FLOAT(a->beta1),
                                   CLG_FLOAT(a->beta2),
                                   CLG_FLOAT(a->eps),
                                   CLG_FLOAT(a->weight_decay),
                                   CLG_FLOAT(1.0 / (1.0 - pow((double)a->beta1, step))),
                                   CLG_FLOAT(1.0 / (1.0 - pow((double)a->beta2, step))),
                                   CLG_TENSOR(&a->copy)};
    const cl_uint n_of_copy = 2, n_args = CLG_COUNT(args) - (a->copy.buf != NULL ? 0 : n_of_copy);
    const size_t vectors = clg_divide_up(a->param.shape[0], clg_vector_width(seq->ctx));
    const struct clg_grid grid = clg_rows_grid(seq->ctx, clg_divide_up(vectors, clg_rows_group(seq->ctx)));
    char defines[48];

    if (vectors == 0)
        return CLGRPO_OK;
    write_defines(a, defines, sizeof defines);
    CLG_WORK(seq, 0.0, 2.0 * CLG_BYTES(&a->param, &a->m, &a->v) + CLG_BYTES(&a->grad, &a->copy));
    return clg_rows_run(seq, "adamw", "k_adamw", CLGRPO_F32, defines, grid, args, n_args);
}

CLG_OPERATION(clgrpo_adamw, "adamw", check, views, run)
