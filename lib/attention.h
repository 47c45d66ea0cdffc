/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_LIB_ATTENTION_H
#define CLGRPO_LIB_ATTENTION_H

#include "launch.h"

/* What the attention operations share: the rows of a register tile of the cpu kernels, and log2(e), as scores are in
 * base 2. */
enum { CLG_ATTENTION_ROWS = 6 };
#define CLG_ATTENTION_LOG2E 1.44269504088896341f

/* D is 32, 64 or 128; H a multiple of K, neither 0; the scale finite and above 0; a count fits an int. */
enum clgrpo_status clg_attention_check_heads(struct clgrpo_context *ctx, const char *op, size_t n_heads, size_t n_keys,
                                             size_t head_dim, float scale);
/* k_cache [S][K][L/64][D*64] and v_cache [S][K][L][D], dense. */
enum clgrpo_status clg_attention_check_cache(struct clgrpo_context *ctx, const char *op,
                                             const struct clgrpo_tensor *k_cache, const struct clgrpo_tensor *v_cache,
                                             size_t n_keys, size_t head_dim);
enum clgrpo_status clg_attention_check_count(struct clgrpo_context *ctx, const char *op, const char *name, size_t n);

/*
 * How the cpu kernels cut a packed batch: `tiles` register tiles of each of the key head's query heads to a group, and
 * the groups that max_len takes. At most `limit` tiles to a group, fewer where the batch would not keep the compute
 * units busy.
 */
struct clg_attention_cut {
    size_t tiles, n_chunks;
};
struct clg_attention_cut clg_attention_cut_choose(const struct clgrpo_context *ctx, size_t limit, size_t heads_per_key,
                                                  size_t n_pairs, size_t max_len);

/* prefix, if it is there, is [B]. */
enum clgrpo_status clg_attention_check_prefix(struct clgrpo_context *ctx, const char *op,
                                              const struct clgrpo_tensor *prefix, const struct clgrpo_tensor *offsets);
/* A kernel's arguments of a prefix: the tensor, and how many entries it has. */
#define CLG_ATTENTION_PREFIX(a)                                                                                        \
    CLG_TENSOR(&(a)->prefix), CLG_INT((a)->prefix.buf != NULL ? (a)->prefix.shape[0] : (size_t)0)

#endif
