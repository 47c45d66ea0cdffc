/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packing for the cpu kernels of attention, into private memory: blocks of 64 rows as panels that the register tiles
 * read in order, and the rows of tiles. Of n rows, n >= 1, the last one is repeated for those past the end, so that
 * nothing past a sequence is read; what is computed from the repeated rows is masked or not stored. The rows of a
 * block may lie in two places: the end of a prefix and the start of what continues it.
 *
 *   clg_pack_keys  x [64][D] -> [64 / C_PANEL][D][C_PANEL], transposed, times f (1 keeps the bits)
 *   clg_pack_cols  x [64][D] -> [D / C_COLS][64][C_COLS]
 *   clg_pack_rows  x [P_ROWS][D] -> [P_ROWS][D], times f
 */

/* n rows: row i is at head + i * row if i < split, else at tail + i * row. */
struct clg_rows {
    __global const float *head, *tail;
    size_t row;
    int split, n;
};

static inline struct clg_rows
clg_rows_at(__global const float *x, size_t row, int n)
{
    struct clg_rows r = {x, x, row, 0, n};
    return r;
}

/* The block of keys, or values, that begins at position `first`; x is row 0 of the batch. */
static inline struct clg_rows
clg_history_rows(__global const float *x, size_t row, const struct clg_history *h, int first)
{
    struct clg_rows r = {x + (h->prefix + first) * row, x + (h->own + first) * row, row, h->past - first,
                         h->len - first};
    return r;
}

static inline __global const float *
clg_row_of(const struct clg_rows *r, int i)
{
    const int at = min(i, r->n - 1);
    return (at < r->split ? r->head : r->tail) + at * r->row;
}

/* The lower halves of a and b, interleaved; below, the upper halves. */
static inline vf
clg_zip_low(vf a, vf b)
{
#if P_VECTOR_WIDTH == 16
    return (vf)(a.s0, b.s0, a.s1, b.s1, a.s2, b.s2, a.s3, b.s3, a.s4, b.s4, a.s5, b.s5, a.s6, b.s6, a.s7, b.s7);
#elif P_VECTOR_WIDTH == 8
    return (vf)(a.s0, b.s0, a.s1, b.s1, a.s2, b.s2, a.s3, b.s3);
#else
    return (vf)(a.s0, b.s0, a.s1, b.s1);
#endif
}

static inline vf
clg_zip_high(vf a, vf b)
{
#if P_VECTOR_WIDTH == 16
    return (vf)(a.s8, b.s8, a.s9, b.s9, a.sa, b.sa, a.sb, b.sb, a.sc, b.sc, a.sd, b.sd, a.se, b.se, a.sf, b.sf);
#elif P_VECTOR_WIDTH == 8
    return (vf)(a.s4, b.s4, a.s5, b.s5, a.s6, b.s6, a.s7, b.s7);
#else
    return (vf)(a.s2, b.s2, a.s3, b.s3);
#endif
}

/* Transposes C_VW vectors: each of log2(C_VW) rounds interleaves the first half of them with the second. */
static inline void
clg_transpose(vf *r)
{
#pragma unroll
    for (int span = 1; span < C_VW; span *= 2) {
        vf t[C_VW];
#pragma unroll
        for (int i = 0; i < C_VW / 2; i++) {
            t[2 * i] = clg_zip_low(r[i], r[i + C_VW / 2]);
            t[2 * i + 1] = clg_zip_high(r[i], r[i + C_VW / 2]);
        }
#pragma unroll
        for (int i = 0; i < C_VW; i++)
            r[i] = t[i];
    }
}

static inline void
clg_pack_keys(struct clg_rows x, float f, float *out)
{
    for (int j = 0; j < C_BLOCK; j += C_VW) {
        float *panel = out + j / C_PANEL * (C_HEAD_DIM * C_PANEL) + j % (uint)C_PANEL;
        for (int d = 0; d < C_HEAD_DIM; d += C_VW) {
            vf r[C_VW];
#pragma unroll
            for (int i = 0; i < C_VW; i++)
                r[i] = vf_load(0, clg_row_of(&x, j + i) + d) * (vf)(f);
            clg_transpose(r);
#pragma unroll
            for (int i = 0; i < C_VW; i++)
                vf_store(r[i], 0, panel + (d + i) * C_PANEL);
        }
    }
}

static inline void
clg_pack_cols(struct clg_rows x, float *out)
{
    for (int j = 0; j < C_BLOCK; j++)
#pragma unroll
        for (int c = 0; c < C_HEAD_DIM / C_VW; c++)
            vf_store(vf_load(c, clg_row_of(&x, j)), c % C_NC,
                     out + (c / C_NC) * (C_BLOCK * C_COLS) + j * C_COLS);
}

static inline void
clg_pack_rows(__global const float *x, size_t x_row, int n, float f, float *out)
{
    for (int i = 0; i < P_ROWS; i++)
#pragma unroll
        for (int c = 0; c < C_HEAD_DIM / C_VW; c++)
            vf_store(vf_load(c, x + min(i, n - 1) * x_row) * (vf)(f), c, out + i * C_HEAD_DIM);
}
