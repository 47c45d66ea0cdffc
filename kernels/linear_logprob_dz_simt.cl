/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gradient of the logits for a tile of rows and columns, simt family; the logits are those of the forward, bit for bit.
 *
 *   p = exp(z - lse)    dz = inv_temperature (g 1[v = target] - p (g + h (z - lse + entropy))),  g = dlogprob, h = dentropy
 *   x [n_rows][E]    w [n_cols][E], rows col0 .. of the whole    target, lse, entropy, g, h [n_rows]    dz [n_rows][dz_stride]
 *
 * Group (i, j), 128 items as 16 x 8, owns rows 32 i .. and columns 64 j .. of the tile; item (lane, y) rows 4 y .., columns 4 lane ... Local:
 * (16 * 33 + 16 * 68) * 4 = 6464 bytes; barriers as in logits_tile. Outside elements are computed and not stored. A row whose g and h are 0
 * gets 0.
 */
__attribute__((reqd_work_group_size(C_LSE_LANES, 8, 1))) __kernel void
k_logprob_dz(__global const float *restrict x, ulong x_offset, ulong x_stride, __global const float *restrict w,
             ulong w_offset, ulong w_stride, __global const int *restrict target, ulong target_offset,
             __global const float *restrict lse, ulong lse_offset, __global const float *restrict entropy,
             ulong entropy_offset, __global const float *restrict g, ulong g_offset, __global const float *restrict h,
             ulong h_offset, __global float *restrict dz, ulong dz_offset, uint dz_stride, uint n_rows, uint width,
             uint col0, uint n_cols, float inv_temperature)
{
    __local float xs[TILE_E * TILE_XS], ws[TILE_E * TILE_WS];
    const uint lane = get_local_id(0), y = get_local_id(1);
    const uint row0 = get_group_id(0) * TILE_ROWS, c0 = get_group_id(1) * C_LSE_STEP;
    const uint rows_here = min((uint)TILE_ROWS, n_rows - row0), cols_here = min((uint)C_LSE_STEP, n_cols - c0);
    float acc[4][4];

    logits_tile(acc, x + x_offset + row0 * x_stride, x_stride, rows_here, w + w_offset + c0 * w_stride,
                w_stride, cols_here, width, xs, ws);
    for (uint i = 0; i < 4; ++i) {
        const uint r = row0 + 4 * y + i;
        if (r >= n_rows)
            continue;
        const float row_g = g[g_offset + r], row_h = C_ENTROPY ? h[h_offset + r] : 0.0f;
        const float row_ent = C_ENTROPY ? entropy[entropy_offset + r] : 0.0f, row_lse = lse[lse_offset + r];
        const float q0 = fma(row_h, row_ent, row_g);
        const bool any = row_g != 0.0f || row_h != 0.0f;
        for (uint j = 0; j < 4; ++j) {
            const uint c = 4 * lane + j;
            const float d = acc[i][j] * inv_temperature - row_lse;
            float o = clg_exp(d) * fma(row_h, max(d, C_LSE_FLOOR), q0) * -inv_temperature;

            if (target[target_offset + r] == (int)(col0 + c0 + c))
                o = fma(inv_temperature, row_g, o);
            if (c < cols_here)
                dz[dz_offset + (size_t)r * dz_stride + c0 + c] = any ? o : 0.0f;
        }
    }
}
