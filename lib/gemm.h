/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products as parts of other operations. */
#ifndef CLGRPO_GEMM_H
#define CLGRPO_GEMM_H

#include "launch.h"

/*
 * The cpu family's register tile and panel width (kernels/gemm_tile.cl has the same): a packed B holds panels of
 * clg_gemm_nr columns, [ceil(N / NR)][K][NR], padded with 0. The simt family's packed B is op(B), dense [K][N].
 */
enum { CLG_GEMM_MR = 6 };
unsigned clg_gemm_nr(const struct clgrpo_context *ctx);

/* How a finished sum s becomes an element of C: s (from 0), s (from C), alpha s, alpha s + C. The kernels have the
 * same. */
enum clg_gemm_finish { CLG_GEMM_STORE, CLG_GEMM_ADD, CLG_GEMM_SCALE, CLG_GEMM_SCALE_AND_ADD };
enum clg_gemm_finish clg_gemm_finish_of(const struct clgrpo_gemm_args *args);

/* clgrpo_gemm without its argument check, as launches of `seq`. */
enum clgrpo_status clg_gemm_run(struct clg_seq *seq, const struct clgrpo_gemm_args *args);
/* Bytes of workspace that clg_gemm_run needs; depends on shapes, flags and whether b_packed.buf is set. */
size_t clg_gemm_workspace_bytes(const struct clgrpo_context *ctx, const struct clgrpo_gemm_args *args);

/* Writes op(B) of a view of b ([K][N], or [N][K] with trans_b) as clgrpo_gemm_pack does, from the first element of
 * packed on; clgrpo_gemm_pack_elems says how many elements that takes. */
enum clgrpo_status clg_gemm_pack_run(struct clg_seq *seq, const struct clgrpo_tensor *b, bool trans_b,
                                     const struct clgrpo_tensor *packed);

/* Who computes a product: OWN, unless the library was built with CLBlast, and the environment says CLGRPO_GEMM=clblast
 * or the tuned PROVIDER of its class is CLBlast, which it can be on GPUs alone. CLBlast is not batch invariant. */
enum clg_gemm_provider { CLG_GEMM_OWN, CLG_GEMM_CLBLAST };
enum clg_gemm_provider clg_gemm_provider_choose(const struct clgrpo_context *ctx, size_t m, bool trans_a);
enum clgrpo_status clg_gemm_clblast_run(struct clg_seq *seq, const struct clgrpo_gemm_args *args);

#endif
