/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packing for the cpu kernels of attention, into private memory: blocks of 64 rows as panels that the register tiles
 * read in order, and rows as tiles. Rows from n on become zeros, so nothing past a sequence's end is read.
 *
 *   clg_pack_keys  x [64][D] -> [64 / C_PANEL][D][C_PANEL], transposed, times f (1 keeps the bits)
 *   clg_pack_cols  x [64][D] -> [D / C_COLS][64][C_COLS]
 *   clg_pack_tile  x [P_ROWS][D] -> [D][P_ROWS], times f
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
                r[i] = j + i < n ? vf_load(0, x + (j + i) * x_row + d) * (vf)(f) : (vf)(0.0f);
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
        for (int c = 0; c < C_HEAD_DIM / C_VW; c++) {
            vf r = j < n ? vf_load(c, x + j * x_row) : (vf)(0.0f);
            vf_store(r, c % C_NC, out + (c / C_NC) * (C_BLOCK * C_COLS) + j * C_COLS);
        }
}

inline void
clg_pack_tile(__global const float *restrict x, size_t x_row, int n, float f, float *restrict out)
{
    for (int i = 0; i < P_ROWS; i++)
        for (int d = 0; d < C_HEAD_DIM; d++)
            out[d * P_ROWS + i] = i < n ? x[i * x_row + d] * f : 0.0f;
}
