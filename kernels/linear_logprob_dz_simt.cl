/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gradient of the logits for a tile of rows and columns, simt family; the logits are those of the forward, bit for bit.
 *
 *   p = exp(z - lse)    dz = inv_temperature (g 1[v = target] - p (g + h (z - lse + entropy)))
 *
 *   x [n_rows][E]
 *   w [n_cols][E]                  the head's rows col0 .. col0 + n_cols - 1, stored as C_B
 *   target, lse, entropy [n_rows]
 *   g, h [n_rows]                  dlogprob and dentropy
 *   dz [n_rows][dz_stride]         written, n_cols columns
 *
 * Group (i, j) owns rows T_M i .. and columns T_N j ..; an item owns the rows and columns that it has in the forward.
 * Local memory: T_LOCAL_A + T_LOCAL_B floats; barriers: those of tile_product. Elements outside are computed and not
 * stored. A row whose g and h are 0 gets 0. f32.
 */
__attribute__((reqd_work_group_size(P_TX, P_TY, 1))) __kernel void
k_logprob_dz(__global const float *restrict x, ulong x_offset, ulong x_stride,
             __global const C_OF(clg_t_, C_B) *restrict w, ulong w_offset, ulong w_stride,
             __global const int *restrict target, ulong target_offset,
             __global const float *restrict lse, ulong lse_offset, __global const float *restrict entropy,
             ulong entropy_offset, __global const float *restrict g, ulong g_offset, __global const float *restrict h,
             ulong h_offset, __global float *restrict dz, ulong dz_offset, uint dz_stride, uint n_rows, uint width,
             uint col0, uint n_cols, float inv_temperature)
{
    __local float shared[C_OPERANDS] __attribute__((aligned(16)));
    const uint row0 = get_group_id(0) * T_M, c0 = get_group_id(1) * T_N;
    const uint rows_here = min((uint)T_M, n_rows - row0), cols_here = min((uint)T_N, n_cols - c0);
    float acc[P_MI * P_NI];

    logits_tile(acc, x + x_offset + row0 * x_stride, x_stride, rows_here, w + w_offset + c0 * w_stride,
                w_stride, cols_here, width, shared);
#pragma unroll
    for (int i = 0; i < P_MI; i++) {
        const uint at = TILE_Y + TILE_AT(i, P_TY), r = row0 + at;
        if (at >= rows_here)
            continue;
        const float row_g = g[g_offset + r], row_h = C_ENTROPY ? h[h_offset + r] : 0.0f;
        const float row_ent = C_ENTROPY ? entropy[entropy_offset + r] : 0.0f, row_lse = lse[lse_offset + r];
        const float q0 = fma(row_h, row_ent, row_g);
        const bool any = row_g != 0.0f || row_h != 0.0f;
        const int wanted = target[target_offset + r];
#pragma unroll
        for (int j = 0; j < P_NI; j++) {
            const uint c = j / 4 * C_LSE_STEP + 4 * get_local_id(0) + j % 4;
            const float d = acc[i * P_NI + j] * inv_temperature - row_lse;
            float o = clg_exp(d) * fma(row_h, max(d, C_LSE_FLOOR), q0) * -inv_temperature;

            if (wanted == (int)(col0 + c0 + c))
                o = fma(inv_temperature, row_g, o);
            if (c < cols_here)
                dz[dz_offset + (size_t)r * dz_stride + c0 + c] = any ? o : 0.0f;
        }
    }
}
