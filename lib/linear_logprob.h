/* SPDX-License-Identifier: Apache-2.0 */
/* What the two passes of the language-model head share. */
#ifndef CLGRPO_LINEAR_LOGPROB_H
#define CLGRPO_LINEAR_LOGPROB_H

#include "gemm.h"

/* Of kernels/lse.cl and kernels/linear_logprob_*.cl. */
enum {
    CLG_LSE_SEGMENT = 1024,
    CLG_LSE_BLOCK = 128,
    CLG_LOGPROB_CPU_ROWS = CLG_GEMM_MR * 16, /* rows of a group */
    CLG_LOGPROB_SIMT_ROWS = 32,
    CLG_LOGPROB_SIMT_COLS = 64
};

static inline size_t
clg_divide_up(size_t n, size_t by)
{
    return (n + by - 1) / by;
}

/* x [N][E], w [V][E], target [N], lse [N]; V at least 1, all counts fit 31 bits, the temperature is positive. */
enum clgrpo_status clg_logprob_check(struct clgrpo_context *ctx, const char *op, const struct clgrpo_tensor *x,
                                     const struct clgrpo_tensor *w, const struct clgrpo_tensor *target,
                                     const struct clgrpo_tensor *lse, float inv_temperature);
/* Rows first .. first + n - 1 of a tensor of any rank. */
struct clgrpo_tensor clg_rows(const struct clgrpo_tensor *t, size_t first, size_t n);

#endif
