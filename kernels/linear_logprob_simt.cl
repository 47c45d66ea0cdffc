/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forward of the language-model head, simt family: the state of lse.cl of every row and segment, and the target's logit.
 *
 *   z[n][v] = inv_temperature * sum_e x[n][e] w[v][e]
 *   x [N][E], w [V][E], rows x_stride and w_stride apart    target [N]
 *   part [3][n_segments][N]: m, s, t    target_z [N]: z[n][target[n]], written by the segment that holds the target
 *
 * Group (i, j), 128 items as 16 lanes x 8, owns rows 32 i .. and segment j. Item (lane, y) owns rows 4 y .. 4 y + 3 and, of every 64
 * columns, 4 lane .. 4 lane + 3. Local: (16 * 33 + 16 * 68 + 3 * 32 * 16) * 4 = 12608 bytes. Barriers: the operand tiles are written by
 * all items before each is read, and read before the next overwrites them; the lanes' states before they are merged. Tails: rows and
 * columns outside are read as the last inside and not stored or masked. f32, one chain of fused multiply-adds per logit, e ascending.
 */
#ifndef C_ENTROPY
#define C_ENTROPY 0
#endif
#define TILE_ROWS 32
#define TILE_E    16
#define TILE_XS   (TILE_ROWS + 1)
#define TILE_WS   (C_LSE_STEP + 4)

/* Item's 4 x 4 dot products; x and w point to the tile's first row and column. Every item of the group calls it. */
static inline void logits_tile(float acc[4][4], __global const float *x, ulong x_stride, uint n_rows,
                               __global const float *w, ulong w_stride, uint n_cols, uint width, __local float *xs,
                               __local float *ws)
{
    const uint lane = get_local_id(0), y = get_local_id(1);

    for (uint i = 0; i < 4; ++i)
        for (uint j = 0; j < 4; ++j)
            acc[i][j] = 0.0f;
    for (uint e0 = 0; e0 < width; e0 += TILE_E) {
        const uint e = min(e0 + lane, width - 1);

        for (uint r = y; r < TILE_ROWS; r += 8)
            xs[lane * TILE_XS + r] = x[min(r, n_rows - 1) * x_stride + e];
        for (uint c = y; c < C_LSE_STEP; c += 8)
            ws[lane * TILE_WS + c] = w[min(c, n_cols - 1) * w_stride + e];
        barrier(CLK_LOCAL_MEM_FENCE);
        const uint n = min((uint)TILE_E, width - e0);
        for (uint k = 0; k < n; ++k) {
            float b[4];
            for (uint j = 0; j < 4; ++j)
                b[j] = ws[k * TILE_WS + 4 * lane + j];
            for (uint i = 0; i < 4; ++i) {
                const float a = xs[k * TILE_XS + 4 * y + i];
                for (uint j = 0; j < 4; ++j)
                    acc[i][j] = fma(a, b[j], acc[i][j]);
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}

__attribute__((reqd_work_group_size(C_LSE_LANES, 8, 1))) __kernel void
k_logprob_fwd(__global const float *restrict x, ulong x_offset, ulong x_stride, __global const float *restrict w,
              ulong w_offset, ulong w_stride, __global const int *restrict target, ulong target_offset,
              __global float *restrict target_z, ulong target_z_offset, __global float *restrict part,
              ulong part_offset, uint n_rows, uint width, uint vocab, uint n_segments, float inv_temperature)
{
    __local float xs[TILE_E * TILE_XS], ws[TILE_E * TILE_WS], merge[3][TILE_ROWS * C_LSE_LANES];
    const uint lane = get_local_id(0), y = get_local_id(1), item = y * C_LSE_LANES + lane;
    const uint row0 = get_group_id(0) * TILE_ROWS, segment = get_group_id(1), col0 = segment * C_LSE_SEGMENT;
    const uint rows_here = min((uint)TILE_ROWS, n_rows - row0), end = min(vocab, col0 + C_LSE_SEGMENT);
    lse_state state[4];

    x += x_offset + row0 * x_stride;
    w += w_offset;
    for (uint i = 0; i < 4; ++i)
        state[i] = lse_empty();
    for (uint c = col0; c < end; c += C_LSE_STEP) {
        float acc[4][4];

        logits_tile(acc, x, x_stride, rows_here, w + c * w_stride, w_stride, min((uint)C_LSE_STEP, end - c), width, xs,
                    ws);
        for (uint i = 0; i < 4; ++i) {
            const uint r = 4 * y + i, v = c + 4 * lane;
            float z[4];

            for (uint j = 0; j < 4; ++j) {
                z[j] = v + j < end ? acc[i][j] * inv_temperature : C_MASKED;
                if (v + j < end && r < rows_here && target[target_offset + row0 + r] == (int)(v + j))
                    target_z[target_z_offset + row0 + r] = z[j];
            }
            state[i] = lse_step(state[i], (float4)(z[0], z[1], z[2], z[3]));
        }
    }
    for (uint i = 0; i < 4; ++i) {
        const uint at = (4 * y + i) * C_LSE_LANES + lane;
        merge[0][at] = state[i].m;
        merge[1][at] = state[i].s;
        merge[2][at] = state[i].t;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < rows_here) {
        lse_state all = lse_empty();
        for (uint l = 0; l < C_LSE_LANES; ++l) {
            const uint at = item * C_LSE_LANES + l;
            const lse_state next = {merge[0][at], merge[1][at], merge[2][at]};
            all = lse_merge(all, next);
        }
        const size_t plane = (size_t)n_segments * n_rows, at = part_offset + (size_t)segment * n_rows + row0 + item;
        part[at] = all.m;
        part[at + plane] = all.s;
        if (C_ENTROPY)
            part[at + 2 * plane] = all.t;
    }
}
