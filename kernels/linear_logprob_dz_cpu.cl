/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gradient of the logits for a tile of rows and columns, cpu family; the logits are those of the forward, bit for bit.
 *
 *   p = exp(z - lse)    dz = inv_temperature (g 1[v = target] - p (g + h (z - lse + entropy)))
 *
 *   x [n_rows][E]
 *   panels                         w in panels of GEMM_NR columns: columns col0 .. col0 + n_cols - 1
 *   target, lse, entropy [n_rows]
 *   g, h [n_rows]                  dlogprob and dentropy
 *   dz [n_rows][dz_stride]         written; dz_stride is at least n_cols rounded up to a multiple of C_LSE_BLOCK, and
 *                                  columns from n_cols to there get undefined values
 *
 * Group i owns rows GEMM_MR i ..; where g and h of a whole tile are 0, x is not read. No local memory, no barriers.
 * f32.
 */
static inline void dz_row(__global float *dz, const vf z[C_LSE_NV], float lse, float entropy, float g, float h,
                          float inv_temperature)
{
    const vf q0 = (vf)(fma(h, entropy, g));
    for (uint j = 0; j < C_LSE_NV; ++j) {
        vf d = z[j] - (vf)(lse);
        vf e = clg_exp_v(d) * fma((vf)(h), max(d, (vf)(C_LSE_FLOOR)), q0);
        vf_store(e * (vf)(-inv_temperature), j, dz);
    }
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
k_logprob_dz(__global const float *restrict x, ulong x_offset, ulong x_stride, __global const float *restrict panels,
             ulong panels_offset, __global const int *restrict target, ulong target_offset,
             __global const float *restrict lse, ulong lse_offset, __global const float *restrict entropy,
             ulong entropy_offset, __global const float *restrict g, ulong g_offset, __global const float *restrict h,
             ulong h_offset, __global float *restrict dz, ulong dz_offset, uint dz_stride, uint n_rows, uint width,
             uint col0, uint n_cols, float inv_temperature)
{
    const uint row0 = get_group_id(0) * GEMM_MR, rows_here = min((uint)GEMM_MR, n_rows - row0);
    __global const float *rows[GEMM_MR];
    float row_g[GEMM_MR], row_h[GEMM_MR], row_ent[GEMM_MR];
    bool any = false;

    dz += dz_offset + (size_t)row0 * dz_stride;
    for (uint i = 0; i < rows_here; ++i) {
        row_g[i] = g[g_offset + row0 + i];
        row_h[i] = C_ENTROPY ? h[h_offset + row0 + i] : 0.0f;
        row_ent[i] = C_ENTROPY ? entropy[entropy_offset + row0 + i] : 0.0f;
        any = any || row_g[i] != 0.0f || row_h[i] != 0.0f;
    }
    gemm_tile_rows(rows, x + x_offset + row0 * x_stride, x_stride, rows_here);
    for (uint c = 0; c < n_cols; c += C_LSE_BLOCK) {
        const uint valid = min((uint)C_LSE_BLOCK, n_cols - c);
        vf z[GEMM_MR][C_LSE_NV];

        if (any)
            logits_block(z, rows, width, panels + panels_offset + (size_t)c * width, valid, inv_temperature);
        for (uint i = 0; i < rows_here; ++i) {
            __global float *out = dz + (size_t)i * dz_stride + c;
            const uint at = (uint)target[target_offset + row0 + i] - col0 - c;

            if (row_g[i] == 0.0f && row_h[i] == 0.0f) {
                for (uint j = 0; j < C_LSE_NV; ++j)
                    vf_store((vf)(0.0f), j, out);
                continue;
            }
            dz_row(out, z[i], lse[lse_offset + row0 + i], row_ent[i], row_g[i], row_h[i], inv_temperature);
            if (at < valid)
                out[at] = fma(inv_temperature, row_g[i], out[at]);
        }
    }
}
