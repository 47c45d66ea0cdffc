/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of kernels/gemm_tile_simt.clh, the matrix product inside the simt kernels. */
#ifndef CLGRPO_SIMT_TILE_H
#define CLGRPO_SIMT_TILE_H

#include "internal.h"

/* Items x of a row and y rows of items, each with m rows and n columns of the tile, all powers of 2; the rest as there.
 * No choice changes a bit of a product. */
struct clg_simt_tile {
    unsigned x, y, m, n, k, vec, sub_m, sub_n, unroll, buffers;
};

static inline size_t
clg_simt_tile_rows(const struct clg_simt_tile *t)
{
    return (size_t)t->y * t->m;
}
static inline size_t
clg_simt_tile_cols(const struct clg_simt_tile *t)
{
    return (size_t)t->x * t->n;
}

/* " -DP_TX=8 ...", all of them. */
enum { CLG_SIMT_TILE_DEFINES = 192 };
void clg_simt_tile_defines(const struct clg_simt_tile *t, char text[CLG_SIMT_TILE_DEFINES]);

/* A tile of the device's list; NULL if there is none, or its group is too large for the device. */
const struct clg_simt_tile *clg_simt_tile_at(const struct clgrpo_context *ctx, size_t index);
/* The tile of an m x n product: the largest that still gives each compute unit two groups. */
struct clg_simt_tile clg_simt_tile_choose(const struct clgrpo_context *ctx, size_t m, size_t n);

/* The tile of a language-model head over n rows, with `across` groups for each group of rows; its x is C_LSE_LANES of
 * kernels/lse.clh. */
struct clg_simt_tile clg_simt_tile_head(const struct clgrpo_context *ctx, size_t n, size_t across);

/* Whether the device runs neighbouring items as the lanes of a vector unit: Intel's runtime for CPUs. */
bool clg_simt_lanes(const struct clgrpo_context *ctx);

#endif
