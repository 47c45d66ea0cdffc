/* SPDX-License-Identifier: Apache-2.0 */
/* What the two passes of the language-model head share. */
#ifndef CLGRPO_LINEAR_LOGPROB_H
#define CLGRPO_LINEAR_LOGPROB_H

#include "gemm_pack.h"
#include "simt_tile.h"

/* Of kernels/lse.clh and kernels/linear_logprob_*.cl. */
enum {
    CLG_LSE_SEGMENT = 1024,
    CLG_LSE_BLOCK = 128,
    CLG_LOGPROB_CPU_ROWS = CLG_GEMM_MR * 16 /* rows of a group */
};

/* x [N][E], w [V][E], target [N], lse [N]; V at least 1, all counts fit 31 bits, the temperature is positive. */
enum clgrpo_status clg_logprob_check(struct clgrpo_context *ctx, const char *op, const struct clgrpo_tensor *x,
                                     const struct clgrpo_tensor *w, const struct clgrpo_tensor *target,
                                     const struct clgrpo_tensor *lse, float inv_temperature);
/* Halves of x become f32 once, in a launch of their own: so many floats of the workspace, and the launch, after which
 * *x is the copy at float `at`. */
size_t clg_logprob_x_elems(const struct clgrpo_tensor *x);
enum clgrpo_status clg_logprob_x_run(struct clg_seq *seq, struct clgrpo_tensor *x, const struct clgrpo_workspace *w,
                                     size_t at);
/* The defines of a family's unit: with the entropy or not, and of the simt family its tile. */
enum { CLG_LOGPROB_DEFINES = CLG_SIMT_TILE_DEFINES + 64 };
void clg_logprob_defines(const struct clgrpo_context *ctx, bool with_entropy, const struct clg_simt_tile *tile,
                         const struct clgrpo_tensor *x, const struct clgrpo_tensor *w, char text[CLG_LOGPROB_DEFINES]);

#endif
