/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forward of the language-model head, cpu family: the log-sum-exp state of each row and segment, and the target's
 * logit.
 *
 *   z[n][v] = inv_temperature * sum_e x[n][e] w[v][e]
 *
 *   x [N][E]                 rows at a distance of x_stride
 *   panels                   w in panels of GEMM_NR columns, from the first column of this launch on
 *   target [N]
 *   part [3][n_segments][N]  m, s, t of each segment; t only with C_ENTROPY
 *   target_z [N]             z[n][target[n]], written by the group whose segment holds the target
 *
 * Group (i, j) owns rows C_ROWS i .. and segment first_segment + j. A block of C_LSE_BLOCK columns of the packed w
 * stays in the cache while the logits of all tiles of rows are computed with it; the logits of a tile lie in private
 * memory. No local memory, no barriers. Tails: the last valid row is repeated for rows past N and not stored; columns
 * past V hold C_MASKED. f32; a logit is one chain of fused multiply-adds, e ascending.
 */
#ifndef C_ENTROPY
#define C_ENTROPY 0
#endif
#define C_ROW_TILES  16
#define C_ROWS       (GEMM_MR * C_ROW_TILES)
#define LOGIT_PANELS (C_LSE_BLOCK / GEMM_NR)

/* z: the logits of a tile of rows and a block of columns, of which n_cols (1 or more) are valid. */
static inline void logits_block(vf z[GEMM_MR][C_LSE_NV], __global const float *const rows[GEMM_MR], uint width,
                                __global const float *panels, uint n_cols, float inv_temperature)
{
    for (uint p = 0; p < LOGIT_PANELS; ++p) {
        vf acc[GEMM_MR][GEMM_NV];
        if (p * GEMM_NR < n_cols) {
            gemm_tile_zero(acc);
            gemm_tile_fma(acc, rows, 1, panels + (size_t)p * width * GEMM_NR, width);
        }
        vf scale = (vf)(inv_temperature);
#pragma unroll
        for (int i = 0; i < GEMM_MR; ++i)
#pragma unroll
            for (int j = 0; j < GEMM_NV; ++j)
                z[i][p * GEMM_NV + j] = p * GEMM_NR < n_cols ? acc[i][j] * scale : (vf)(C_MASKED);
    }
    if (n_cols < C_LSE_BLOCK)
        for (uint i = 0; i < GEMM_MR; ++i)
            for (uint v = n_cols; v < C_LSE_BLOCK; ++v)
                ((float *)z[i])[v] = C_MASKED;
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
k_logprob_fwd(__global const float *restrict x, ulong x_offset, ulong x_stride, __global const float *restrict panels,
              ulong panels_offset, __global const int *restrict target, ulong target_offset,
              __global float *restrict target_z, ulong target_z_offset, __global float *restrict part,
              ulong part_offset, uint n_rows, uint width, uint vocab, uint n_segments, uint first_segment,
              float inv_temperature)
{
    const uint row0 = get_group_id(0) * C_ROWS, segment = first_segment + get_group_id(1);
    const uint rows_here = min((uint)C_ROWS, n_rows - row0), col0 = segment * C_LSE_SEGMENT;
    const uint cols_here = min((uint)C_LSE_SEGMENT, vocab - col0);
    lse_lanes state[C_ROWS];

    x += x_offset + row0 * x_stride;
    target += target_offset + row0;
    target_z += target_z_offset + row0;
    part += part_offset + (size_t)segment * n_rows + row0;
    panels += panels_offset + (size_t)get_group_id(1) * C_LSE_SEGMENT * width;
    for (uint r = 0; r < C_ROWS; ++r)
        state[r] = lse_lanes_empty();
    for (uint c = 0; c < cols_here; c += C_LSE_BLOCK) {
        for (uint r = 0; r < rows_here; r += GEMM_MR) {
            __global const float *rows[GEMM_MR];
            vf z[GEMM_MR][C_LSE_NV];

            gemm_tile_rows(rows, x + r * x_stride, x_stride, rows_here - r);
            logits_block(z, rows, width, panels + (size_t)c * width, min((uint)C_LSE_BLOCK, cols_here - c),
                         inv_temperature);
            for (uint i = 0; i < min((uint)GEMM_MR, rows_here - r); ++i) {
                const uint at = (uint)target[r + i] - col0 - c;

                lse_block(&state[r + i], z[i], C_ENTROPY);
                if (at < min((uint)C_LSE_BLOCK, cols_here - c))
                    target_z[r + i] = ((const float *)z[i])[at];
            }
        }
    }
    const size_t plane = (size_t)n_segments * n_rows;
    for (uint r = 0; r < rows_here; ++r) {
        const lse_state s = lse_lanes_end(&state[r]);

        part[r] = s.m;
        part[plane + r] = s.s;
        if (C_ENTROPY)
            part[2 * plane + r] = s.t;
    }
}
