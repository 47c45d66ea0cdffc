/* SPDX-License-Identifier: Apache-2.0 */
#include "gemm.h"
#include "gemm_kernel.h"
#include "tune.h"

#include <stdlib.h>
#include <string.h>

enum clg_gemm_provider
clg_gemm_provider_choose(const struct clgrpo_context *ctx, size_t m, bool trans_a)
{
#ifdef HAVE_CLBLAST
    const char *wanted = secure_getenv("CLGRPO_GEMM");

    if (wanted != NULL && strcmp(wanted, "clblast") == 0)
        return CLG_GEMM_CLBLAST;
    if (clg_tune_get(ctx, CLG_TUNE_GEMM_SIMT_PROVIDER, clg_gemm_class_of(m, trans_a)) != 0)
        return CLG_GEMM_CLBLAST;
#else
    (void)ctx, (void)m, (void)trans_a;
#endif
    return CLG_GEMM_OWN;
}

/* A product over no k: C = beta C. */
static enum clgrpo_status
run_empty(struct clg_seq *seq, const struct clgrpo_gemm_args *args)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_grid grid = {2, {args->c.shape[1], args->c.shape[0], 1}, {1, 1, 1}};

    if (args->accumulate)
        return CLGRPO_OK;
    CLG_WORK(seq, 0.0, CLG_BYTES(&args->c));
    CLG_TRY(
        CLG_RUN(seq, "gemm_empty", "k_gemm_empty", clg_act_define(args->c.dtype), &grid, CLG_TENSOR_ROWS(&args->c)));
out:
    return st;
}

enum clgrpo_status
clg_gemm_run(struct clg_seq *seq, const struct clgrpo_gemm_args *args)
{
    if (args->c.shape[0] == 0 || args->c.shape[1] == 0)
        return CLGRPO_OK;
    if (args->a.shape[args->trans_a ? 0 : 1] == 0)
        return run_empty(seq, args);
#ifdef HAVE_CLBLAST
    if (clg_gemm_provider_choose(seq->ctx, args->c.shape[0], args->trans_a) == CLG_GEMM_CLBLAST &&
        args->b_packed.buf == NULL && args->a.dtype == CLGRPO_F32 && args->b.dtype == CLGRPO_F32 &&
        args->c.dtype == CLGRPO_F32)
        return clg_gemm_clblast_run(seq, args);
#endif
    return seq->ctx->family == CLGRPO_FAMILY_CPU ? clg_gemm_cpu_run(seq, args) : clg_gemm_simt_run(seq, args);
}

size_t
clg_gemm_workspace_bytes(const struct clgrpo_context *ctx, const struct clgrpo_gemm_args *args)
{
    return ctx->family == CLGRPO_FAMILY_CPU ? clg_gemm_cpu_workspace_bytes(ctx, args) : 0;
}
