/* SPDX-License-Identifier: Apache-2.0 */
#include "simt_tile.h"

#include <string.h>

/* Largest first; the last is for few rows. */
static const struct clg_simt_tile gpu_tiles[] = {
    {16, 16, 8, 8, 8, 4, 8, 8, 8, 2}, /* 128 x 128 */
    {8, 8, 8, 8, 8, 4, 8, 8, 4, 2},   /* 64 x 64 */
    {8, 8, 4, 4, 16, 4, 4, 4, 8, 2},  /* 32 x 32 */
    {16, 4, 4, 4, 16, 4, 4, 4, 8, 2}, /* 16 x 64 */
};
static const struct clg_simt_tile lane_tiles[] = {
    {16, 16, 8, 8, 16, 1, 4, 2, 4, 1}, /* 128 x 128 */
    {16, 16, 4, 4, 16, 1, 4, 2, 4, 1}, /* 64 x 64 */
    {16, 4, 4, 8, 16, 1, 4, 2, 4, 1},  /* 16 x 128 */
};

void
clg_simt_tile_defines(const struct clg_simt_tile *t, char text[CLG_SIMT_TILE_DEFINES])
{
    snprintf(text, CLG_SIMT_TILE_DEFINES,
             " -DP_TX=%u -DP_TY=%u -DP_MI=%u -DP_NI=%u -DP_K=%u -DP_VEC=%u -DP_SUB_M=%u -DP_SUB_N=%u -DP_UNROLL=%u "
             "-DP_BUFFERS=%u",
             t->x, t->y, t->m, t->n, t->k, t->vec, t->sub_m, t->sub_n, t->unroll, t->buffers);
}

bool
clg_simt_lanes(const struct clgrpo_context *ctx)
{
    return (ctx->info.type & CL_DEVICE_TYPE_CPU) != 0 && strstr(ctx->info.platform, "Intel") != NULL;
}

const struct clg_simt_tile *
clg_simt_tile_at(const struct clgrpo_context *ctx, size_t index)
{
    const bool lanes = clg_simt_lanes(ctx);
    const size_t n = (lanes ? sizeof lane_tiles : sizeof gpu_tiles) / sizeof gpu_tiles[0];
    const struct clg_simt_tile *t = (lanes ? lane_tiles : gpu_tiles) + index;

    return index < n && clg_simt_tile_items(t) <= ctx->info.max_work_group ? t : NULL;
}

struct clg_simt_tile
clg_simt_tile_choose(const struct clgrpo_context *ctx, size_t m, size_t n, size_t most)
{
    const bool lanes = clg_simt_lanes(ctx);
    const struct clg_simt_tile *tiles = lanes ? lane_tiles : gpu_tiles;
    const size_t last = (lanes ? sizeof lane_tiles : sizeof gpu_tiles) / sizeof *tiles - 1;
    const size_t want = (size_t)2 * ctx->info.compute_units;

    if (m <= clg_simt_tile_rows(&tiles[last]))
        return tiles[last];
    for (size_t i = 0; i + 1 < last; i++) {
        const struct clg_simt_tile *t = &tiles[i];
        const size_t groups = clg_divide_up(m, clg_simt_tile_rows(t)) * clg_divide_up(n, clg_simt_tile_cols(t));

        if (groups >= want && clg_simt_tile_items(t) <= most)
            return *t;
    }
    return clg_simt_tile_items(&tiles[last - 1]) <= most ? tiles[last - 1] : tiles[last];
}

struct clg_simt_tile
clg_simt_tile_head(const struct clgrpo_context *ctx, size_t n, size_t across, size_t most)
{
    /* the last is for small work-groups */
    static const struct clg_simt_tile gpu[] = {
        {16, 8, 8, 8, 8, 4, 8, 8, 4, 2}, {16, 8, 4, 4, 8, 4, 4, 4, 4, 2}, {16, 4, 8, 4, 8, 4, 4, 4, 4, 2}};
    static const struct clg_simt_tile lanes[] = {
        {16, 16, 8, 8, 16, 1, 4, 2, 4, 1}, {16, 8, 4, 8, 16, 1, 4, 2, 4, 1}, {16, 4, 8, 8, 16, 1, 4, 2, 4, 1}};
    const struct clg_simt_tile *tiles = clg_simt_lanes(ctx) ? lanes : gpu;
    const size_t groups = clg_divide_up(n, clg_simt_tile_rows(&tiles[0])) * across;
    const unsigned first = groups >= (size_t)2 * ctx->info.compute_units ? 0 : 1;

    for (unsigned i = first; i < 2; i++)
        if (clg_simt_tile_items(&tiles[i]) <= most)
            return tiles[i];
    return tiles[2];
}
