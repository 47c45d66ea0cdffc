/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_GEMM_PACK_H
#define CLGRPO_GEMM_PACK_H

#include "launch.h"

/*
 * A packed B of the cpu family holds panels of clg_gemm_nr columns, [ceil(N / NR)][K][NR], padded with 0; that of the
 * simt family is op(B), dense [K][N]. MR x NR is the cpu kernels' register tile.
 */
enum { CLG_GEMM_MR = 6 };
unsigned clg_gemm_nr(const struct clgrpo_context *ctx);
/* Writes op(B) of a view of b ([K][N], or [N][K] with trans_b) as clgrpo_gemm_pack does, from the first element of
 * packed on; clgrpo_gemm_pack_elems says how many elements that takes. */
enum clgrpo_status clg_gemm_pack_run(struct clg_seq *seq, const struct clgrpo_tensor *b, bool trans_b,
                                     const struct clgrpo_tensor *packed);

#endif
