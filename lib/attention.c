/* SPDX-License-Identifier: Apache-2.0 */
#include "attention.h"

#include <limits.h>
#include <math.h>

enum clgrpo_status
clg_attention_check_heads(struct clgrpo_context *ctx, const char *op, size_t n_heads, size_t n_keys, size_t head_dim,
                          float scale)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_REQUIRE(ctx, head_dim == 32 || head_dim == 64 || head_dim == 128, CLGRPO_E_SHAPE,
                "%s: the head dimension is %zu, need 32, 64 or 128", op, head_dim);
    CLG_REQUIRE(ctx, n_keys > 0 && n_heads > 0 && n_heads % n_keys == 0, CLGRPO_E_SHAPE,
                "%s: %zu query heads are no multiple of %zu key heads", op, n_heads, n_keys);
    CLG_REQUIRE(ctx, isfinite(scale) && scale > 0.0f, CLGRPO_E_VALUE, "%s: scale is %g, need a finite number above 0",
                op, (double)scale);
out:
    return st;
}

enum clgrpo_status
clg_attention_check_count(struct clgrpo_context *ctx, const char *op, const char *name, size_t n)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_REQUIRE(ctx, n <= INT_MAX / 2, CLGRPO_E_SHAPE, "%s: %s is %zu, at most %d", op, name, n, INT_MAX / 2);
out:
    return st;
}

enum clgrpo_status
clg_attention_check_cache(struct clgrpo_context *ctx, const char *op, const struct clgrpo_tensor *k_cache,
                          const struct clgrpo_tensor *v_cache, size_t n_keys, size_t head_dim)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n_slots = v_cache->shape[0], n_positions = v_cache->shape[2], block = CLGRPO_ATTENTION_BLOCK;

    CLG_REQUIRE(ctx, clg_storage_name(v_cache->dtype) != NULL, CLGRPO_E_DTYPE,
                "%s: the cache is %s, need f32, f16 or bf16", op, clg_dtype_name(v_cache->dtype));
    CLG_TRY(clg_tensor_check_dense(ctx, op, "v_cache", v_cache, v_cache->dtype, 4,
                                   CLG_SHAPE(CLG_ANY, n_keys, CLG_ANY, head_dim)));
    CLG_REQUIRE(ctx, n_positions % block == 0, CLGRPO_E_SHAPE,
                "%s: the cache has %zu positions, need a multiple of %zu", op, n_positions, block);
    CLG_TRY(clg_tensor_check_dense(ctx, op, "k_cache", k_cache, v_cache->dtype, 4,
                                   CLG_SHAPE(n_slots, n_keys, n_positions / block, head_dim * block)));
    CLG_TRY(clg_attention_check_count(ctx, op, "the number of slots", n_slots));
    CLG_TRY(clg_attention_check_count(ctx, op, "the number of positions", n_positions));
out:
    return st;
}

enum clgrpo_status
clg_attention_check_batch(struct clgrpo_context *ctx, const char *op, const struct clg_attention_batch *b)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = b->q->shape[0], h = b->q->shape[1], d = b->q->shape[2], k = b->k->shape[1];

    CLG_TRY(clg_tensor_check_storage(ctx, op, "q", b->q, 3, CLG_SHAPE(CLG_ANY, CLG_ANY, CLG_ANY)));
    CLG_TRY(clg_tensor_check(ctx, op, "k", b->k, b->q->dtype, 3, CLG_SHAPE(n, CLG_ANY, d)));
    CLG_TRY(clg_attention_check_heads(ctx, op, h, k, d, b->scale));
    CLG_TRY(clg_tensor_check(ctx, op, "v", b->v, b->q->dtype, 3, CLG_SHAPE(n, k, d)));
    CLG_TRY(clg_tensor_check(ctx, op, "o", b->o, b->q->dtype, 3, CLG_SHAPE(n, h, d)));
    CLG_TRY(clg_tensor_check(ctx, op, "offsets", b->offsets, CLGRPO_I32, 1, CLG_SHAPE(CLG_ANY)));
    CLG_REQUIRE(ctx, b->offsets->shape[0] >= 1, CLGRPO_E_SHAPE, "%s: offsets is empty, need one more than sequences",
                op);
    if (b->prefix->buf != NULL)
        CLG_TRY(clg_tensor_check(ctx, op, "prefix", b->prefix, CLGRPO_I32, 1, CLG_SHAPE(b->offsets->shape[0] - 1)));
    CLG_TRY(clg_attention_check_count(ctx, op, "the number of rows", n));
    CLG_TRY(clg_attention_check_count(ctx, op, "max_len", b->max_len));
out:
    return st;
}

double
clg_attention_product_flop(const struct clg_attention_batch *b, bool causal)
{
    const size_t n = b->q->shape[0], n_sequences = b->offsets->shape[0] - 1;
    const double length = (double)n / (double)n_sequences;

    /* sequences of at most max_len tokens have n of them together only if each has max_len */
    if (b->prefix->buf != NULL || (n_sequences > 1 && n_sequences * b->max_len != n))
        return NAN;
    return 2.0 * (double)(b->q->shape[1] * b->q->shape[2]) * (double)n * (causal ? 0.5 * (length + 1.0) : length);
}

struct clg_attention_cut
clg_attention_cut_choose(const struct clgrpo_context *ctx, size_t limit, size_t heads_per_key, size_t n_pairs,
                         size_t max_len)
{
    struct clg_attention_cut cut = {.tiles = heads_per_key < limit ? limit / heads_per_key : 1};
    const size_t want = (size_t)8 * ctx->info.compute_units;

    for (;;) {
        cut.n_chunks = clg_round_up(max_len, cut.tiles * CLG_ATTENTION_ROWS) / (cut.tiles * CLG_ATTENTION_ROWS);
        if (cut.n_chunks * n_pairs >= want || cut.tiles < 8)
            return cut;
        cut.tiles /= 2;
    }
}
