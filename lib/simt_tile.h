/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles of the matrix product inside the simt kernels. */
#ifndef CLGRPO_SIMT_TILE_H
#define CLGRPO_SIMT_TILE_H

#include "internal.h"

/* Values of the kernels' defines. No choice changes a bit of a product. */
struct clg_simt_tile {
    unsigned x, y;         /* P_TX, P_TY: items of a row of the work-group, and its rows; powers of 2 */
    unsigned m, n;         /* P_MI, P_NI: rows and columns of the tile that an item computes; powers of 2 */
    unsigned k;            /* P_K: terms of a slice, which local memory holds */
    unsigned vec;          /* P_VEC: words of a load, 4 or 1 */
    unsigned sub_m, sub_n; /* P_SUB_M, P_SUB_N: rows and columns that an item computes at a time */
    unsigned unroll;       /* P_UNROLL: terms of a slice in an unrolled step */
    unsigned buffers;      /* P_BUFFERS: slices in local memory, 2 or 1 */
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
static inline size_t
clg_simt_tile_items(const struct clg_simt_tile *t)
{
    return (size_t)t->x * t->y;
}

/* The tile of an m x n product: the largest that still gives each compute unit two groups. Its groups have at most
 * `most` items, or 64 if `most` is less. */
struct clg_simt_tile clg_simt_tile_choose(const struct clgrpo_context *ctx, size_t m, size_t n, size_t most);

/* The tile of a language-model head over n rows, with `across` work-groups for each block of rows; `most` as above. Its
 * x is 16, the lanes of the log-sum-exp. */
struct clg_simt_tile clg_simt_tile_head(const struct clgrpo_context *ctx, size_t n, size_t across, size_t most);

/* Whether the device is a CPU that runs neighbouring items in the lanes of a vector unit, as Intel's runtime does. */
bool clg_simt_lanes(const struct clgrpo_context *ctx);

#endif
