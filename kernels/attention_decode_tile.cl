/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of a set of attention decoding, cpu family, and their computation over a slot of the KV cache, which is
 * read in place, as its blocks of keys are transposed already.
 *
 * The rows are cut into parts: tiles of P_ROWS rows, then single rows. For each block of 64 positions all parts
 * compute their scores, then the softmax, then the sums over values; meanwhile each part prefetches its share of the
 * next block.
 */
#define C_ROWS (P_TILES * P_ROWS)

/* Of each row: the query, scaled; the state of its softmax, o, m and l; the last position that it sees. */
typedef struct {
    float q[C_ROWS * C_HEAD_DIM], o[C_ROWS * C_HEAD_DIM], m[C_ROWS + C_ROWS_PADDED];
    vf l[C_ROWS];
    int last[C_ROWS];
} __attribute__((aligned(64))) clg_rows;

/* Keys and values of a slot from some position on. */
struct clg_span {
    __global const cache_t *keys, *values;
};

/* The cache and all tokens of the call. */
struct clg_tokens {
    __global const cache_t *keys, *values;
    __global const int *slot, *position, *prefix_slot, *prefix_length;
    int n_tokens, n_slots, n_positions;
};

/* Keys and values of `slot` from position `first` on, of the group's key head. */
static inline struct clg_span
clg_span_of(const struct clg_tokens *all, int slot, int first)
{
    const size_t row = (size_t)slot * get_num_groups(1) + get_group_id(1);
    const size_t at = (row * all->n_positions + first) * C_HEAD_DIM;
    const struct clg_span span = {all->keys + at, all->values + at};
    return span;
}

/* The share of part t, of `parts`, in prefetching the n elements from `next` on: hints of a loop of n / `width`
 * steps. */
static inline struct clg_ahead
clg_share(__global const cache_t *next, int n, int width, int t, int parts)
{
    const struct clg_ahead ahead = {next + t * n / parts, max(width / (parts * max((int)C_HINTS, 1)), 1)};
    return ahead;
}

/* Scores of part t, n_rows rows from `row` on, with panel j of a block of keys: s is [C_ROWS][C_BLOCK]. */
static inline void
clg_part_scores(const int n_rows, clg_rows *r, int row, struct clg_span block, int j, float *s, struct clg_span next,
                int t, int parts)
{
    clg_tile_scores_ahead(n_rows, r->q + row * C_HEAD_DIM, block.keys + j, C_BLOCK, s + row * C_BLOCK + j,
                          clg_share(next.keys + j * C_HEAD_DIM, C_PANEL * C_HEAD_DIM, C_PANEL, t, parts));
}

static inline void
clg_part_softmax(const int n_rows, clg_rows *r, int row, float *s, int panels, int first, float *f)
{
    clg_tile_softmax(n_rows, s + row * C_BLOCK, panels, first, r->last + row, r->m + row, r->l + row, f + row);
}

/* Sums of part t over the n positions of a block of values, for the panel of columns from c on. */
static inline void
clg_part_accumulate(const int n_rows, clg_rows *r, int row, const float *s, struct clg_span block, int c, int n,
                    const float *f, struct clg_span next, int t, int parts)
{
    clg_tile_accumulate_ahead(n_rows, s + row * C_BLOCK, block.values + c, C_HEAD_DIM, 0, n, f + row,
                              r->o + row * C_HEAD_DIM + c,
                              clg_share(next.values + c * C_BLOCK, C_COLS * C_BLOCK, C_COLS, t, parts));
}

/* Rows from .. to-1 over a block of n positions, the first of which is `first`. The softmax of a part writes factors
 * f past its own rows; the next part, computed after it, overwrites them. */
static inline void
clg_decode_block(clg_rows *r, int from, int to, struct clg_span block, int n, int first, struct clg_span next)
{
    float s[C_ROWS * C_BLOCK] __attribute__((aligned(64))), f[C_ROWS + C_ROWS_PADDED];
    const int panels = (n + C_PANEL - 1) / C_PANEL, tiles = (to - from) / P_ROWS;
    const int single = from + tiles * (P_ROWS - 1), parts = to - single;
    for (int j = 0; j < panels * C_PANEL; j += C_PANEL) {
        for (int t = 0; t < tiles; t++)
            clg_part_scores(P_ROWS, r, from + t * P_ROWS, block, j, s, next, t, parts);
        for (int t = tiles; t < parts; t++)
            clg_part_scores(1, r, single + t, block, j, s, next, t, parts);
    }
    for (int t = 0; t < tiles; t++)
        clg_part_softmax(P_ROWS, r, from + t * P_ROWS, s, panels, first, f);
    for (int t = tiles; t < parts; t++)
        clg_part_softmax(1, r, single + t, s, panels, first, f);
    for (int c = 0; c < C_HEAD_DIM; c += C_COLS) {
        for (int t = 0; t < tiles; t++)
            clg_part_accumulate(P_ROWS, r, from + t * P_ROWS, s, block, c, n, f, next, t, parts);
        for (int t = tiles; t < parts; t++)
            clg_part_accumulate(1, r, single + t, s, block, c, n, f, next, t, parts);
    }
}

/* Rows from .. to-1 over positions first .. end-1 of a slot, first a multiple of C_BLOCK; `next` is what is read after
 * them. */
static inline void
clg_decode_walk(clg_rows *r, int from, int to, struct clg_span at, int first, int end, struct clg_span next)
{
    for (; first < end; first += C_BLOCK) {
        const struct clg_span following = {at.keys + C_BLOCK * C_HEAD_DIM, at.values + C_BLOCK * C_HEAD_DIM};
        clg_decode_block(r, from, to, at, min(end - first, C_BLOCK), first, first + C_BLOCK < end ? following : next);
        at = following;
    }
}

/* Row i before its first block. */
static inline void
clg_row_begin(clg_rows *r, int i, __global const float *q, float scale2, int last)
{
    r->l[i] = (vf)(0.0f);
    r->m[i] = C_MASKED;
    r->last[i] = last;
#pragma unroll
    for (int c = 0; c < C_HEAD_DIM / C_VW; c++) {
        vf_store(vf_load(c, q) * (vf)(scale2), c, r->q + i * C_HEAD_DIM);
        vf_store((vf)(0.0f), c, r->o + i * C_HEAD_DIM);
    }
}
