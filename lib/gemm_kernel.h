/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to compute a product, of at least one element and one term. */
#ifndef CLGRPO_GEMM_KERNEL_H
#define CLGRPO_GEMM_KERNEL_H

#include "launch.h"

enum clgrpo_status clg_gemm_cpu_run(struct clg_seq *seq, const struct clgrpo_gemm_args *args);
size_t clg_gemm_cpu_workspace_bytes(const struct clgrpo_context *ctx, const struct clgrpo_gemm_args *args);
enum clgrpo_status clg_gemm_simt_run(struct clg_seq *seq, const struct clgrpo_gemm_args *args);
enum clgrpo_status clg_gemm_clblast_run(struct clg_seq *seq, const struct clgrpo_gemm_args *args);

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
