/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packing for the cpu kernels of attention, into private memory: blocks of 64 rows as panels that the register tiles
 * read in order, and the rows of tiles. Of n rows the last stands for those past the end (n >= 1), so nothing past a
 * sequence is read; what comes of them is masked or not stored.
 *
 *   clg_pack_keys  x [64][D] -> [64 / C_PANEL][D][C_PANEL], transposed, times f (1 keeps the bits)
 *   clg_pack_cols  x [64][D] -> [D / C_COLS][64][C_COLS]
 *   clg_pack_rows  x [P_ROWS][D] -> [P_ROWS][D], times f
 */

/* Transposes C_VW vectors: each of the log2(C_VW) rounds interleaves the upper half of them with the lower half. */
inline void
clg_transpose(vf *restrict r)
{
#pragma unroll
    for (int span = 1; span < C_VW; span *= 2) {
        vf t[C_VW];
#pragma unroll
        for (int i = 0; i < C_VW / 2; i++) {
            t[2 * i].even = r[i].lo;
            t[2 * i].odd = r[i + C_VW / 2].lo;
            t[2 * i + 1].even = r[i].hi;
            t[2 * i + 1].odd = r[i + C_VW / 2].hi;
        }
#pragma unroll
        for (int i = 0; i < C_VW; i++)
            r[i] = t[i];
    }
}

inline void
clg_pack_keys(__global const float *restrict x, size_t x_row, int n, float f, float *restrict out)
{
    for (int j = 0; j < C_BLOCK; j += C_VW) {
        float *panel = out + (j / C_PANEL) * (C_HEAD_DIM * C_PANEL) + j % C_PANEL;
        for (int d = 0; d < C_HEAD_DIM; d += C_VW) {
            vf r[C_VW];
#pragma unroll
            for (int i = 0; i < C_VW; i++)
                r[i] = vf_load(0, x + min(j + i, n - 1) * x_row + d) * (vf)(f);
            clg_transpose(r);
#pragma unroll
            for (int i = 0; i < C_VW; i++)
                vf_store(r[i], 0, panel + (d + i) * C_PANEL);
        }
    }
}

inline void
clg_pack_cols(__global const float *restrict x, size_t x_row, int n, float *restrict out)
{
    for (int j = 0; j < C_BLOCK; j++)
#pragma unroll
        for (int c = 0; c < C_HEAD_DIM / C_VW; c++)
            vf_store(vf_load(c, x + min(j, n - 1) * x_row), c % C_NC,
                     out + (c / C_NC) * (C_BLOCK * C_COLS) + j * C_COLS);
}

inline void
clg_pack_rows(__global const float *restrict x, size_t x_row, int n, float f, float *restrict out)
{
    for (int i = 0; i < P_ROWS; i++)
#pragma unroll
        for (int c = 0; c < C_HEAD_DIM / C_VW; c++)
            vf_store(vf_load(c, x + min(i, n - 1) * x_row) * (vf)(f), c, out + i * C_HEAD_DIM);
}
