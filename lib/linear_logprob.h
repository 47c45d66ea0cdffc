/* SPDX-License-Identifier: Apache-2.0 */
/* What the two passes of the language-model head share. */
#ifndef CLGRPO_LINEAR_LOGPROB_H
#define CLGRPO_LINEAR_LOGPROB_H

#include "gemm_pack.h"
#include "simt_tile.h"

/* Constants of the kernels. */
enum {
    CLG_LSE_SEGMENT = 1024,                 /* columns of a segment of the log-sum-exp */
    CLG_LSE_BLOCK = 128,                    /* columns of a block of a segment, cpu family */
    CLG_LOGPROB_CPU_ROWS = CLG_GEMM_MR * 16 /* rows of a group, cpu family */
};

/* Checks x [N][E], w [V][E], target [N], lse [N]; V is at least 1, all extents fit 31 bits, and the temperature is
 * positive. */
enum clgrpo_status clg_logprob_check(struct clgrpo_context *ctx, const char *op, const struct clgrpo_tensor *x,
                                     const struct clgrpo_tensor *w, const struct clgrpo_tensor *target,
                                     const struct clgrpo_tensor *lse, float inv_temperature);
/* x that is stored as f16 or bf16 is first converted to f32 by a launch of its own. clg_logprob_x_elems: the floats of
 * workspace that the copy takes, 0 if x is f32. clg_logprob_x_run: makes the copy, at float `at` of the workspace, and
 * lets *x be it. */
size_t clg_logprob_x_elems(const struct clgrpo_tensor *x);
enum clgrpo_status clg_logprob_x_run(struct clg_seq *seq, struct clgrpo_tensor *x, const struct clgrpo_workspace *w,
                                     size_t at);
/* What the kernels' defines depend on. */
struct clg_logprob_shape {
    bool with_entropy;
    size_t n_rows, across; /* rows of x, and work-groups for each block of them */
    const struct clgrpo_tensor *x, *w;
};
/* The defines of the context's family, and of the simt family the tile: the largest whose work-group the kernel `entry`
 * takes, and that kernel. NULL in the cpu family. */
enum { CLG_LOGPROB_DEFINES = CLG_SIMT_TILE_DEFINES + 64 };
enum clgrpo_status clg_logprob_choose(struct clgrpo_context *ctx, const struct clg_logprob_shape *s, const char *entry,
                                      struct clg_simt_tile *tile, char defines[CLG_LOGPROB_DEFINES], cl_kernel *kernel);

#endif
