/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_LIB_ATTENTION_H
#define CLGRPO_LIB_ATTENTION_H

#include "launch.h"

/* Rows of a register tile of the cpu kernels. */
enum { CLG_ATTENTION_ROWS = 6 };
/* log2(e): kernels get the scale times it, and raise 2 to the scores. */
#define CLG_ATTENTION_LOG2E 1.44269504088896341f

/* Checks that D is 32, 64 or 128, H is a multiple of K, neither is 0, and the scale is finite and above 0. */
enum clgrpo_status clg_attention_check_heads(struct clgrpo_context *ctx, const char *op, size_t n_heads, size_t n_keys,
                                             size_t head_dim, float scale);
/* Checks that k_cache is [S][K][L/64][D*64] and v_cache [S][K][L][D], dense and of one type of storage. */
enum clgrpo_status clg_attention_check_cache(struct clgrpo_context *ctx, const char *op,
                                             const struct clgrpo_tensor *k_cache, const struct clgrpo_tensor *v_cache,
                                             size_t n_keys, size_t head_dim);
/* Checks that a count fits the kernels' ints. */
enum clgrpo_status clg_attention_check_count(struct clgrpo_context *ctx, const char *op, const char *name, size_t n);

/*
 * How the cpu kernels divide a sequence: a work-group computes `tiles` register tiles of each of the query heads that
 * share its key head, all together at most `limit`, and n_chunks groups cover max_len rows. Tiles are fewer where
 * groups would be too few to keep the compute units busy. n_pairs: sequences times key heads.
 */
struct clg_attention_cut {
    size_t tiles, n_chunks;
};
struct clg_attention_cut clg_attention_cut_choose(const struct clgrpo_context *ctx, size_t limit, size_t heads_per_key,
                                                  size_t n_pairs, size_t max_len);

/*
 * What forward and backward are given alike. The check: q, o [N][H][D], k, v [N][K][D], all of one type of storage,
 * offsets [B + 1] with B of 0 or more, prefix [B] if it has a buffer, counts that fit the kernels' ints, and
 * clg_attention_check_heads.
 */
struct clg_attention_batch {
    const struct clgrpo_tensor *q, *k, *v, *o, *offsets, *prefix;
    size_t max_len;
    float scale;
};
#define CLG_ATTENTION_BATCH(a)                                                                                         \
    (&(const struct clg_attention_batch){&(a)->q, &(a)->k, &(a)->v, &(a)->o, &(a)->offsets, &(a)->prefix,              \
                                         (a)->max_len, (a)->scale})
enum clgrpo_status clg_attention_check_batch(struct clgrpo_context *ctx, const char *op,
                                             const struct clg_attention_batch *b);
/*
 * The flop of one of attention's products, 2 D for each query head and pair of a query and a key: of all sequences,
 * which is known where they have equal lengths and no prefixes; else NaN.
 */
double clg_attention_product_flop(const struct clg_attention_batch *b, bool causal);

/* A kernel's arguments of a prefix: the tensor, how many entries it has, how many rows the batch has, and max_len. */
#define CLG_ATTENTION_PREFIX(a)                                                                                        \
    CLG_TENSOR(&(a)->prefix), CLG_INT((a)->prefix.buf != NULL ? (a)->prefix.shape[0] : (size_t)0),                     \
        CLG_INT((a)->q.shape[0]), CLG_INT((a)->max_len)

#endif
