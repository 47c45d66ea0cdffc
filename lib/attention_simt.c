/* SPDX-License-Identifier: Apache-2.0 */
#include "attention_simt.h"
#include "simt_tile.h"

/* Values of the defines P_TY, P_MI, P_K, P_VEC, P_SUB_M, P_SUB_N, P_UNROLL and P_BUFFERS; y m is 64. */
struct tile {
    unsigned y, m, k, vec, sub_m, sub_n, unroll, buffers;
};
/* The first is the standard. */
static const struct tile gpu_tiles[] = {
    {16, 4, 8, 4, 4, 8, 4, 2},  /* a slice of k is loaded while the one before is used */
    {16, 4, 16, 4, 4, 8, 4, 1}, /* slices of twice as many terms, loaded and used in turn */
    {8, 8, 8, 4, 4, 8, 4, 2},   /* for small work-groups */
};
static const struct tile lane_tiles[] = {
    {16, 4, 16, 1, 4, 2, 4, 1},
    {16, 4, 8, 1, 4, 2, 4, 1},
    {8, 8, 16, 1, 4, 2, 4, 1},
};
enum { SMALL = 2 }; /* the number of the last */

static const struct tile *
tile_at(const struct clgrpo_context *ctx, size_t index)
{
    const bool lanes = clg_simt_lanes(ctx);
    const size_t n = (lanes ? sizeof lane_tiles : sizeof gpu_tiles) / sizeof gpu_tiles[0];

    return index < n ? (lanes ? lane_tiles : gpu_tiles) + index : NULL;
}

static size_t
larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Words of local memory of a slice of an operand with this extent, T_SIZE of the kernels. */
static size_t
slice_words(const struct tile *t, size_t extent)
{
    return t->vec == 1 ? extent * (t->k + 4) + 4 * t->k : t->k * (extent + 4);
}

/* Words of local memory of the forward kernel, or the most of the backward kernels: the tile of scores (C_SHARED),
 * those of the operands (C_STAGE or C_STAGE_BOTH), and the partial maxima, or lse and delta. */
static size_t
local_words(const struct tile *t, enum clg_attention_pass pass, size_t head_dim)
{
    const size_t block = CLGRPO_ATTENTION_BLOCK, operand = t->buffers * slice_words(t, block);
    const size_t shared = larger(block * (block + 4), operand);
    const size_t stage = t->buffers * slice_words(t, larger(block, head_dim));

    return pass == CLG_ATTENTION_FORWARD ? shared + stage + block * CLG_ATTENTION_SIMT_X
                                         : shared + larger(stage, 2 * operand) + 2 * block;
}

enum clgrpo_status
clg_attention_simt_check(struct clgrpo_context *ctx, const char *place, enum clg_attention_pass pass, size_t head_dim,
                         size_t tile)
{
    enum clgrpo_status st = CLGRPO_OK;
    const struct tile *t = tile_at(ctx, tile);
    size_t items, bytes;

    CLG_REQUIRE(ctx, t != NULL, CLGRPO_E_VALUE, "%s: the device has no attention's tile %zu", place, tile);
    items = (size_t)CLG_ATTENTION_SIMT_X * t->y;
    bytes = sizeof(float) * local_words(t, pass, head_dim);
    CLG_REQUIRE(ctx, items <= ctx->info.max_work_group, CLGRPO_E_VALUE,
                "%s: a work-group of %zu items, the device takes at most %zu", place, items, ctx->info.max_work_group);
    CLG_REQUIRE(ctx, bytes <= ctx->info.local_bytes, CLGRPO_E_VALUE,
                "%s: %zu bytes of local memory, the device has %llu", place, bytes,
                (unsigned long long)ctx->info.local_bytes);
out:
    return st;
}

static struct clg_attention_simt
describe(const struct clgrpo_context *ctx, size_t tile, size_t head_dim, const struct clgrpo_tensor *prefix,
         const struct clgrpo_tensor *const *tensors, size_t n)
{
    const struct tile *t = tile_at(ctx, tile);
    struct clg_attention_simt chosen = {.rows = t->y};
    bool aligned = true;

    for (size_t i = 0; i < n; i++)
        aligned = aligned && (tensors[i]->offset | tensors[i]->stride[0] | tensors[i]->stride[1]) % 4 == 0;
    snprintf(chosen.defines, sizeof chosen.defines,
             "-DC_HEAD_DIM=%zu -DC_ALIGNED=%d -DC_PREFIX=%d -DP_TY=%u -DP_MI=%u -DP_K=%u -DP_VEC=%u -DP_SUB_M=%u "
             "-DP_SUB_N=%u -DP_UNROLL=%u -DP_BUFFERS=%u%s",
             head_dim, aligned, prefix->buf != NULL, t->y, t->m, t->k, t->vec, t->sub_m, t->sub_n, t->unroll,
             t->buffers, clg_act_define(tensors[0]->dtype));
    return chosen;
}

/* Gets the kernels of this tile, and whether each takes its work-group. */
static enum clgrpo_status
get_kernels(struct clgrpo_context *ctx, struct clg_attention_simt *chosen, const char *const (*kernels)[2],
            size_t n_kernels, bool *take)
{
    enum clgrpo_status st = CLGRPO_OK;

    *take = true;
    for (size_t i = 0; i < n_kernels && *take; i++) {
        size_t most = 0;

        CLG_TRY(clg_kernel_get_most(ctx, kernels[i][0], kernels[i][1], chosen->defines, &chosen->kernel[i], &most));
        *take = CLG_ATTENTION_SIMT_X * chosen->rows <= most;
    }
out:
    return st;
}

enum clgrpo_status
clg_attention_simt_choose(struct clgrpo_context *ctx, size_t tile, const struct clg_attention_simt_shape *shape,
                          const char *const (*kernels)[2], size_t n_kernels, struct clg_attention_simt *out)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t tiles[] = {tile, SMALL};
    bool take = false;

    for (size_t i = 0; i < 2 && !take; i++) {
        if (i == 0 && (size_t)CLG_ATTENTION_SIMT_X * tile_at(ctx, tiles[i])->y > ctx->info.max_work_group)
            continue;
        *out = describe(ctx, tiles[i], shape->head_dim, shape->prefix, shape->tensors, shape->n);
        CLG_TRY(get_kernels(ctx, out, kernels, n_kernels, &take));
    }
    CLG_REQUIRE(ctx, take, CLGRPO_E_UNSUPPORTED, "%s: the device takes no work-group of %zu items", kernels[0][1],
                CLG_ATTENTION_SIMT_X * out->rows);
out:
    return st;
}
