/* SPDX-License-Identifier: Apache-2.0 */
#include "attention.h"

#include <math.h>

#define OP "attention_decode"

/* A row is a token's query head. */
enum {
    TILE_ROWS = 4,      /* of a register tile whose rows share keys */
    MOST_ROWS = 8,      /* heads of one token that a group computes together */
    PREFIX_ROWS = 64,   /* rows of a group whose tokens share a prefix: the more, the more arithmetic for a byte read */
    PREFILL_TOKENS = 24 /* consecutive tokens of a group in prefill */
};
/* Work-groups wanted for a compute unit: of the simt kernel, to hide the latency of memory; of the cpu kernel, where
 * tokens share a prefix. */
enum { SIMT_GROUPS = 8, CPU_GROUPS = 2 };

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_attention_decode_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->q.shape[0], h = a->q.shape[1], d = a->q.shape[2], k = a->k_cache.shape[1];

    CLG_TRY(clg_tensor_check_storage(ctx, OP, "q", &a->q, 3, CLG_SHAPE(CLG_ANY, CLG_ANY, CLG_ANY)));
    CLG_TRY(clg_attention_check_cache(ctx, OP, &a->k_cache, &a->v_cache, k, d));
    CLG_TRY(clg_attention_check_heads(ctx, OP, h, k, d, a->scale));
    CLG_TRY(clg_tensor_check(ctx, OP, "o", &a->o, a->q.dtype, 3, CLG_SHAPE(n, h, d)));
    CLG_TRY(clg_tensor_check(ctx, OP, "slot", &a->slot, CLGRPO_I32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check(ctx, OP, "position", &a->position, CLGRPO_I32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_attention_check_count(ctx, OP, "the number of tokens", n));
    CLG_REQUIRE(ctx, (a->prefix_slot.buf == NULL) == (a->prefix_length.buf == NULL), CLGRPO_E_ARGUMENT,
                OP ": prefix_slot and prefix_length go together, one has no buffer");
    CLG_TRY(clg_tensor_check_optional(ctx, OP, "prefix_slot", &a->prefix_slot, CLGRPO_I32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check_optional(ctx, OP, "prefix_length", &a->prefix_length, CLGRPO_I32, 1, CLG_SHAPE(n)));
out:
    return st;
}

CLG_VIEWS(views, clgrpo_attention_decode, OP, CLG_OUT(a, o), CLG_IN(a, q), CLG_IN(a, slot), CLG_IN(a, position),
          CLG_IN(a, k_cache), CLG_IN(a, v_cache), CLG_IN(a, prefix_slot), CLG_IN(a, prefix_length))

/* A kernel without prefixes does not read its arguments for them: any tensor of integers will do. */
static const struct clgrpo_tensor *
prefix_of(const struct clgrpo_attention_decode_args *a, const struct clgrpo_tensor *t)
{
    return a->prefix_slot.buf != NULL ? t : &a->slot;
}

/*
 * How many query heads of a key head a group computes together, reading its keys once: as many as registers hold,
 * divided evenly, and fewer where the groups would not suffice for the compute units.
 */
static size_t
heads_together(const struct clgrpo_context *ctx, size_t n_pairs, size_t group, size_t head_dim)
{
    const size_t most = head_dim > 64 ? MOST_ROWS / 2 : MOST_ROWS;
    size_t parts = (group + most - 1) / most;

    while (parts < group && n_pairs * parts < (size_t)SIMT_GROUPS * ctx->info.compute_units)
        parts *= 2;
    return parts < group ? (group + parts - 1) / parts : 1;
}

static enum clgrpo_status
launch_simt(struct clg_seq *seq, const struct clgrpo_attention_decode_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->q.shape[0], k = a->k_cache.shape[1], group = a->q.shape[1] / k;
    const size_t heads = heads_together(seq->ctx, n * k, group, a->q.shape[2]), parts = (group + heads - 1) / heads;
    struct clg_grid grid = {3, {n, parts, k}, {CLGRPO_ATTENTION_BLOCK, 1, 1}};
    char defines[96];

    snprintf(defines, sizeof defines, "-DC_HEAD_DIM=%zu -DP_HEADS=%zu -DC_CACHE=%s -DC_PREFIX=%d%s", a->q.shape[2],
             heads, clg_storage_name(a->v_cache.dtype), a->prefix_slot.buf != NULL, clg_act_define(a->q.dtype));
    CLG_TRY(CLG_RUN(seq, "attention_decode_simt", "k_attention_decode", defines, &grid, CLG_TENSOR_HEADS(&a->q),
                    CLG_TENSOR(&a->slot), CLG_TENSOR(&a->position), CLG_TENSOR(&a->k_cache), CLG_TENSOR(&a->v_cache),
                    CLG_TENSOR(prefix_of(a, &a->prefix_slot)), CLG_TENSOR(prefix_of(a, &a->prefix_length)),
                    CLG_TENSOR_HEADS(&a->o), CLG_INT(a->k_cache.shape[0]), CLG_INT(a->v_cache.shape[2]), CLG_INT(group),
                    CLG_FLOAT(a->scale * CLG_ATTENTION_LOG2E)));
out:
    return st;
}

/* How many tokens a group takes: a power of two, so that an aligned run of as many tokens falls into one group. */
static size_t
tokens_together(const struct clgrpo_context *ctx, size_t n_pairs, size_t group)
{
    size_t tokens = 1;

    while (2 * tokens * group <= PREFIX_ROWS && 2 * tokens * CPU_GROUPS * ctx->info.compute_units <= n_pairs)
        tokens *= 2;
    return tokens;
}

/* What a group of the cpu kernel computes: `tiles` register tiles of `rows` rows, of `tokens` tokens. */
struct shape {
    size_t rows, tiles, tokens;
};

/*
 * Tokens with prefixes are taken several to a group, which reads a common prefix once. More tokens than slots are
 * prefill, at least in part: a group takes consecutive tokens, in tiles of many rows. Else a group takes one token, its
 * rows are the query heads that share a key head, and its time is that of reading the cache. The bits are the same.
 */
static struct shape
shape_of(const struct clgrpo_context *ctx, const struct clgrpo_attention_decode_args *a)
{
    const size_t n = a->q.shape[0], k = a->k_cache.shape[1], group = a->q.shape[1] / k;
    const size_t together = group < MOST_ROWS ? group : MOST_ROWS;

    if (a->prefix_slot.buf != NULL)
        return (struct shape){TILE_ROWS, PREFIX_ROWS / TILE_ROWS, tokens_together(ctx, n * k, group)};
    if (n > a->k_cache.shape[0])
        return (struct shape){CLG_ATTENTION_ROWS, 1, PREFILL_TOKENS};
    if (group < TILE_ROWS)
        return (struct shape){1, together, 1};
    return (struct shape){TILE_ROWS, (together + TILE_ROWS - 1) / TILE_ROWS, 1};
}

static enum clgrpo_status
launch_cpu(struct clg_seq *seq, const struct clgrpo_attention_decode_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->q.shape[0], k = a->k_cache.shape[1];
    const struct shape s = shape_of(seq->ctx, a);
    struct clg_grid grid = {2, {(n + s.tokens - 1) / s.tokens, k, 1}, {1, 1, 1}};
    char defines[160];

    snprintf(defines, sizeof defines, "-DC_HEAD_DIM=%zu -DP_ROWS=%zu -DP_TILES=%zu -DC_CACHE=%s -DC_PREFIX=%d%s",
             a->q.shape[2], s.rows, s.tiles, clg_storage_name(a->v_cache.dtype), a->prefix_slot.buf != NULL,
             clg_act_define(a->q.dtype));
    CLG_TRY(CLG_RUN(seq, "attention_decode_cpu", "k_attention_decode", defines, &grid, CLG_TENSOR_HEADS(&a->q),
                    CLG_TENSOR(&a->slot), CLG_TENSOR(&a->position), CLG_TENSOR(&a->k_cache), CLG_TENSOR(&a->v_cache),
                    CLG_TENSOR(prefix_of(a, &a->prefix_slot)), CLG_TENSOR(prefix_of(a, &a->prefix_length)),
                    CLG_TENSOR_HEADS(&a->o), CLG_INT(n), CLG_INT(s.tokens), CLG_INT(a->k_cache.shape[0]),
                    CLG_INT(a->v_cache.shape[2]), CLG_INT(a->q.shape[1] / k),
                    CLG_FLOAT(a->scale * CLG_ATTENTION_LOG2E)));
out:
    return st;
}

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_attention_decode_args *a)
{
    CLG_WORK(seq, NAN, NAN); /* the positions lie on the device */
    return seq->ctx->family == CLGRPO_FAMILY_CPU ? launch_cpu(seq, a) : launch_simt(seq, a);
}

CLG_OPERATION(clgrpo_attention_decode, OP, check, views, run)
