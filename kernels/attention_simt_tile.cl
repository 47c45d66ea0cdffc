/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work-group tiles of the simt kernels of attention: C_ITEMS = 128 items hold a tile of 64 x 64 scores, 64 rows against
 * a block of 64 positions counted from the start of the sequence. Item (y, x), y = id / 8, x = id mod 8, owns rows 4y
 * .. 4y+3 and positions x, x + 8, ..., x + 56 of scores, and columns x, x + 8, ... of outputs.
 *
 *   clg_product     s[i][j]  = sum_d f a[i][d] b[j][d]      one fma chain per element, d ascending from 0
 *   clg_accumulate  o[i][c] += sum_j p[i][j] x[j][c]        one fma chain per element, j ascending
 *
 * Local memory: the stage C_STAGE floats (slices of 16 columns of a and b, or of 16 rows of x), and for p 64 rows
 * of 65. Each slice has two barriers: one between its writes and its reads, one between its reads and the next slice's
 * writes. Rows from n on are read as zeros, so nothing past a sequence's end is read. The functions are not
 * static: LLVM 15 in PoCL 3.1 dies of inlining them if they are.
 * The id is narrowed before it is divided: of a 64-bit remainder kept as an int, the vectoriser of Intel's CPU runtime
 * (2026.22) makes stores to broken addresses.
 */
#ifndef C_HEAD_DIM
#define C_HEAD_DIM 64
#endif
#define C_BLOCK   64
#define C_ITEMS   128
#define C_X       8
#define C_ROWS    4
#define C_KEYS    (C_BLOCK / C_X)
#define C_COLS    (C_HEAD_DIM / C_X)
#define C_SLICE   16
#define C_PITCH   (C_SLICE + 1)
#define C_P_PITCH (C_BLOCK + 1)
#if C_SLICE * C_HEAD_DIM > 2 * C_BLOCK * C_PITCH
#define C_STAGE (C_SLICE * C_HEAD_DIM)
#else
#define C_STAGE (2 * C_BLOCK * C_PITCH)
#endif

inline void
clg_stage_columns(__global const float *x, ulong x_row, int n, int d0, float f, __local float *stage)
{
    for (uint e = get_local_id(0); e < C_BLOCK * C_SLICE; e += C_ITEMS) {
        const int r = e / C_SLICE, d = e % C_SLICE;
        stage[r * C_PITCH + d] = r < n ? x[r * x_row + d0 + d] * f : 0.0f;
    }
}

inline void
clg_product(__global const float *a, ulong a_row, int n_a, float a_f, __global const float *b, ulong b_row, int n_b,
            float b_f, __local float *stage, float s[C_ROWS][C_KEYS])
{
    const int y = (uint)get_local_id(0) / C_X, x = (uint)get_local_id(0) % C_X;
    __local float *stage_b = stage + C_BLOCK * C_PITCH;
    for (int i = 0; i < C_ROWS; i++)
        for (int j = 0; j < C_KEYS; j++)
            s[i][j] = 0.0f;
    for (int d0 = 0; d0 < C_HEAD_DIM; d0 += C_SLICE) {
        clg_stage_columns(a, a_row, n_a, d0, a_f, stage);
        clg_stage_columns(b, b_row, n_b, d0, b_f, stage_b);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int d = 0; d < C_SLICE; d++) {
            float u[C_ROWS], w[C_KEYS];
            for (int i = 0; i < C_ROWS; i++)
                u[i] = stage[(y * C_ROWS + i) * C_PITCH + d];
            for (int j = 0; j < C_KEYS; j++)
                w[j] = stage_b[(x + j * C_X) * C_PITCH + d];
            for (int i = 0; i < C_ROWS; i++)
                for (int j = 0; j < C_KEYS; j++)
                    s[i][j] = fma(u[i], w[j], s[i][j]);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}

/* p must be complete before the call: the first barrier here orders its writes. */
inline void
clg_accumulate(__local const float *p, __global const float *x_rows, ulong x_row, int n, __local float *stage,
               float o[C_ROWS][C_COLS])
{
    const int y = (uint)get_local_id(0) / C_X, x = (uint)get_local_id(0) % C_X;
    for (int k0 = 0; k0 < C_BLOCK; k0 += C_SLICE) {
        for (uint e = get_local_id(0); e < C_SLICE * C_HEAD_DIM; e += C_ITEMS) {
            const int k = k0 + e / C_HEAD_DIM, d = e % C_HEAD_DIM;
            stage[e] = k < n ? x_rows[k * x_row + d] : 0.0f;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < C_SLICE; k++) {
            float u[C_ROWS], w[C_COLS];
            for (int i = 0; i < C_ROWS; i++)
                u[i] = p[(y * C_ROWS + i) * C_P_PITCH + k0 + k];
            for (int c = 0; c < C_COLS; c++)
                w[c] = stage[k * C_HEAD_DIM + x + c * C_X];
            for (int i = 0; i < C_ROWS; i++)
                for (int c = 0; c < C_COLS; c++)
                    o[i][c] = fma(u[i], w[c], o[i][c]);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}

/* The item's part of p or ds into local memory. */
inline void
clg_share_scores(const float s[C_ROWS][C_KEYS], __local float *p)
{
    const int y = (uint)get_local_id(0) / C_X, x = (uint)get_local_id(0) % C_X;
    for (int i = 0; i < C_ROWS; i++)
        for (int j = 0; j < C_KEYS; j++)
            p[(y * C_ROWS + i) * C_P_PITCH + x + j * C_X] = s[i][j];
}

/* Rows below n of the item's part of a finished tile, times f (0 + clears the sign of zero). */
inline void
clg_store_rows(const float o[C_ROWS][C_COLS], const float f[C_ROWS], int n, __global float *out, ulong out_row)
{
    const int y = (uint)get_local_id(0) / C_X, x = (uint)get_local_id(0) % C_X;
    for (int i = 0; i < C_ROWS; i++)
        if (y * C_ROWS + i < n)
            for (int c = 0; c < C_COLS; c++)
                out[(y * C_ROWS + i) * out_row + x + c * C_X] = fma(o[i][c], f[i], 0.0f);
}
