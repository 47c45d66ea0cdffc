/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Register tiles of the cpu kernels of attention. A tile is P_ROWS rows (queries, or keys in the dk/dv pass) and one
 * block of C_BLOCK = 64 positions, counted from the start of the history.
 *
 *   clg_tile_scores             s[i][j] = sum_d a[i][d] b[d][j]                     one fma chain, d ascending from 0
 *   clg_tile_softmax            maximum, rescaling, p = 2^(s - m), l by lane (j mod C_VW)
 *   clg_tile_accumulate         o[i][c] = f[i] o[i][c] + sum_j p[i][j] x[j][c]      one fma chain, j ascending
 *   clg_tile_accumulate_turned  o[i][c] = o[i][c] + sum_j p[j][i] x[j][c]           one fma chain, j ascending
 *
 * The bits of a row therefore depend neither on the tile, nor on the other rows, nor on where the block lies in
 * memory. A caller may leave out panels and positions that a mask hides: p is exactly 0 there, l + 0 is l, and fma(0,
 * x, o) is o but for the sign of a zero, which callers clear at the end by adding +0.
 *
 * Registers: P_ROWS * C_NS accumulators, C_NS vectors of b and one broadcast element: 15 of 16 for AVX2, 29 of 32 for
 * AVX-512. T_SPACE is the address space of b and x, and T_ELEMENT their type: packed private blocks, or the KV cache.
 *
 * The functions *_ahead take the number of rows n_rows, a constant of at most P_ROWS. Their loops are bounded by
 * P_ROWS as well, as a bound that is known only after inlining comes too late to keep arrays in registers. Step i of
 * an inner loop begins with T_AHEAD(i, ahead), which may prefetch.
 */
#ifndef C_HEAD_DIM
#define C_HEAD_DIM 64
#endif
#ifndef P_ROWS
#define P_ROWS 6
#endif
#ifndef T_SPACE
#define T_SPACE
#define T_ELEMENT    float
#define T_LOAD(i, p) vf_load(i, p)
#define C_BLOCK      64
#endif
#ifndef T_AHEAD
#define T_AHEAD(i, ahead)
struct clg_ahead {
    int none;
};
#endif

/* Vectors across a panel of scores (C_NS) and a panel of columns (C_NC). */
#if P_VECTOR_WIDTH == 16
#define C_NS 4
#elif P_ROWS == 1
#define C_NS 8
#elif P_ROWS == 2
#define C_NS 4
#else
#define C_NS 2
#endif
#if C_NS * C_VW > C_HEAD_DIM
#define C_NC (C_HEAD_DIM / C_VW)
#else
#define C_NC C_NS
#endif
#define C_PANEL (C_NS * C_VW)
#define C_COLS  (C_NC * C_VW)

/* a [n_rows][D], b [D][C_PANEL] with row stride b_row, s [n_rows][C_PANEL] with row stride C_BLOCK. */
static inline void
clg_tile_scores_ahead(const int n_rows, const float *a, T_SPACE const T_ELEMENT *b, const size_t b_row, float *s,
                      const struct clg_ahead ahead)
{
    vf acc[P_ROWS][C_NS];
#pragma unroll
    for (int i = 0; i < P_ROWS; i++)
#pragma unroll
        for (int j = 0; j < C_NS; j++)
            acc[i][j] = (vf)(0.0f);
#pragma unroll 4
    for (int d = 0; d < C_HEAD_DIM; d++) {
        vf x[C_NS];
        T_AHEAD(d, ahead);
#pragma unroll
        for (int j = 0; j < C_NS; j++)
            x[j] = T_LOAD(j, b + d * b_row);
#pragma unroll
        for (int i = 0; i < P_ROWS && i < n_rows; i++) {
            vf y = (vf)(a[i * C_HEAD_DIM + d]);
#pragma unroll
            for (int j = 0; j < C_NS; j++)
                acc[i][j] = fma(y, x[j], acc[i][j]);
        }
    }
#pragma unroll
    for (int i = 0; i < P_ROWS && i < n_rows; i++)
#pragma unroll
        for (int j = 0; j < C_NS; j++)
            vf_store(acc[i][j], j, s + i * C_BLOCK);
}

static inline void
clg_tile_scores(const float *a, T_SPACE const T_ELEMENT *b, const size_t b_row, float *s)
{
    const struct clg_ahead none = {0};
    clg_tile_scores_ahead(P_ROWS, a, b, b_row, s, none);
}

/* p [n_rows][C_BLOCK], x [C_BLOCK][C_COLS] with row stride x_row, o [n_rows][C_COLS] with row stride C_HEAD_DIM,
 * f [n_rows]; positions from .. to-1. */
static inline void
clg_tile_accumulate_ahead(const int n_rows, const float *p, T_SPACE const T_ELEMENT *x, const size_t x_row,
                          const int from, const int to, const float *f, float *o, const struct clg_ahead ahead)
{
    vf acc[P_ROWS][C_NC];
#pragma unroll
    for (int i = 0; i < P_ROWS && i < n_rows; i++)
#pragma unroll
        for (int j = 0; j < C_NC; j++)
            acc[i][j] = vf_load(j, o + i * C_HEAD_DIM) * (vf)(f[i]);
#pragma unroll 4
    for (int k = from; k < to; k++) {
        vf y[C_NC];
        T_AHEAD(k, ahead);
#pragma unroll
        for (int j = 0; j < C_NC; j++)
            y[j] = T_LOAD(j, x + k * x_row);
#pragma unroll
        for (int i = 0; i < P_ROWS && i < n_rows; i++) {
            vf w = (vf)(p[i * C_BLOCK + k]);
#pragma unroll
            for (int j = 0; j < C_NC; j++)
                acc[i][j] = fma(w, y[j], acc[i][j]);
        }
    }
#pragma unroll
    for (int i = 0; i < P_ROWS && i < n_rows; i++)
#pragma unroll
        for (int j = 0; j < C_NC; j++)
            vf_store(acc[i][j], j, o + i * C_HEAD_DIM);
}

static inline void
clg_tile_accumulate(const float *p, T_SPACE const T_ELEMENT *x, const size_t x_row, const int from, const int to,
                    const float *f, float *o)
{
    const struct clg_ahead none = {0};
    clg_tile_accumulate_ahead(P_ROWS, p, x, x_row, from, to, f, o, none);
}

/* p [n][P_ROWS] with row stride C_BLOCK; x and o as above. */
static inline void
clg_tile_accumulate_turned(const float *p, T_SPACE const T_ELEMENT *x, const size_t x_row, const int n, float *o)
{
    vf acc[P_ROWS][C_NC];
#pragma unroll
    for (int i = 0; i < P_ROWS; i++)
#pragma unroll
        for (int j = 0; j < C_NC; j++)
            acc[i][j] = vf_load(j, o + i * C_HEAD_DIM);
#pragma unroll 4
    for (int k = 0; k < n; k++) {
        vf y[C_NC];
#pragma unroll
        for (int j = 0; j < C_NC; j++)
            y[j] = T_LOAD(j, x + k * x_row);
#pragma unroll
        for (int i = 0; i < P_ROWS; i++) {
            vf w = (vf)(p[k * C_BLOCK + i]);
#pragma unroll
            for (int j = 0; j < C_NC; j++)
                acc[i][j] = fma(w, y[j], acc[i][j]);
        }
    }
#pragma unroll
    for (int i = 0; i < P_ROWS; i++)
#pragma unroll
        for (int j = 0; j < C_NC; j++)
            vf_store(acc[i][j], j, o + i * C_HEAD_DIM);
}

/* The numbers of the lanes, 0 .. C_VW-1. */
static inline vi
clg_lanes(void)
{
#if P_VECTOR_WIDTH == 16
    return (vi)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#elif P_VECTOR_WIDTH == 8
    return (vi)(0, 1, 2, 3, 4, 5, 6, 7);
#else
    return (vi)(0, 1, 2, 3);
#endif
}

/* Stores a finished row of a tile, times f; adding +0 clears the sign of a zero. */
static inline void
clg_row_scaled(const float *row, float f, __global float *out)
{
#pragma unroll
    for (int c = 0; c < C_HEAD_DIM / C_VW; c++)
        vf_store(fma(vf_load(c, row), (vf)(f), (vf)(0.0f)), c, out);
}

static inline void
clg_row_copy(const float *row, __global float *out)
{
#pragma unroll
    for (int c = 0; c < C_HEAD_DIM / C_VW; c++)
        vf_store(vf_load(c, row), c, out);
}

static inline float
clg_row_dot(__global const float *a, __global const float *b)
{
    vf sum = (vf)(0.0f);
#pragma unroll
    for (int c = 0; c < C_HEAD_DIM / C_VW; c++)
        sum = fma(vf_load(c, a), vf_load(c, b), sum);
    return clg_sum_v(sum);
}
