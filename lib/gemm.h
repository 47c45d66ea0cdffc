/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products as parts of operations. */
#ifndef CLGRPO_GEMM_H
#define CLGRPO_GEMM_H

#include "launch.h"

/* clgrpo_gemm without its argument check, as launches of `seq`. */
enum clgrpo_status clg_gemm_run(struct clg_seq *seq, const struct clgrpo_gemm_args *args);
/* Bytes of workspace that clg_gemm_run needs; depends on shapes, types, flags and whether b_packed.buf is set. */
size_t clg_gemm_workspace_bytes(const struct clgrpo_context *ctx, const struct clgrpo_gemm_args *args);

/* Who computes a product: OWN, unless the library was built with CLBlast, and the environment says CLGRPO_GEMM=clblast
 * or the tuned PROVIDER of its class is CLBlast, which it can be on GPUs alone. CLBlast is not batch invariant. */
enum clg_gemm_provider { CLG_GEMM_OWN, CLG_GEMM_CLBLAST };
enum clg_gemm_provider clg_gemm_provider_choose(const struct clgrpo_context *ctx, size_t m, bool trans_a);

#endif
