/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to compute a product, of at least one element and one term. */
#ifndef CLGRPO_GEMM_KERNEL_H
#define CLGRPO_GEMM_KERNEL_H

#include "launch.h"

enum clgrpo_status clg_gemm_cpu_run(struct clg_seq *seq, const struct clgrpo_gemm_args *args);
size_t clg_gemm_cpu_workspace_bytes(const struct clgrpo_context *ctx, const struct clgrpo_gemm_args *args);
enum clgrpo_status clg_gemm_simt_run(struct clg_seq *seq, const struct clgrpo_gemm_args *args);
enum clgrpo_status clg_gemm_clblast_run(struct clg_seq *seq, const struct clgrpo_gemm_args *args);

/* CLG_WORK of a launch that computes this share of a product. */
static inline void
clg_gemm_work(struct clg_seq *seq, const struct clgrpo_gemm_args *args, double share)
{
    const struct clgrpo_tensor *b = args->b_packed.buf != NULL ? &args->b_packed : &args->b;
    const double m = (double)args->c.shape[0], n = (double)args->c.shape[1];
    const double k = (double)args->a.shape[args->trans_a ? 0 : 1];

    CLG_WORK(seq, share * 2.0 * m * n * k,
             share * (CLG_BYTES(&args->a, b, &args->c) + (args->accumulate ? CLG_BYTES(&args->c) : 0.0)));
}

/* How a finished sum s becomes an element of C: s of a chain from 0, s of a chain from C, alpha s, alpha s + C. The
 * numbers are those of the kernels. */
enum clg_gemm_finish { CLG_GEMM_STORE, CLG_GEMM_ADD, CLG_GEMM_SCALE, CLG_GEMM_SCALE_AND_ADD };
static inline enum clg_gemm_finish
clg_gemm_finish_of(const struct clgrpo_gemm_args *args)
{
    if (args->alpha == 1.0f)
        return args->accumulate ? CLG_GEMM_ADD : CLG_GEMM_STORE;
    return args->accumulate ? CLG_GEMM_SCALE_AND_ADD : CLG_GEMM_SCALE;
}

#endif
