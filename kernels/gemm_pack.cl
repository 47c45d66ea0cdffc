/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes op(B) as panels of GEMM_NR columns (gemm_tile.cl). One group is one work-item and owns k_count rows of one
 * panel: n0 = GEMM_NR * group 0, k0 = k_count * group 1. C_TRANS_B: b is [n][k], and 4 x 4 blocks are transposed in
 * registers; else b is [k][n]. Columns past n become 0.
 */
#ifndef C_TRANS_B
#define C_TRANS_B 0
#endif

/* One row (one k) of a panel from elements `step` apart. */
static inline void
gemm_pack_row(__global const float *from, size_t step, uint n_cols, __global float *to)
{
    for (uint j = 0; j < GEMM_NR; ++j)
        to[j] = j < n_cols ? from[j * step] : 0.0f;
}

/* Four columns of a panel for n_k rows from four rows of b. */
static inline void
gemm_pack_4(__global const float *from, size_t ldb, uint n_k, __global float *to)
{
    uint p = 0;
    for (; p + 4 <= n_k; p += 4) {
        float4 x = vload4(0, from + p), y = vload4(0, from + ldb + p);
        float4 z = vload4(0, from + 2 * ldb + p), w = vload4(0, from + 3 * ldb + p);
        float4 xy = (float4)(x.x, y.x, x.y, y.y), xy2 = (float4)(x.z, y.z, x.w, y.w);
        float4 zw = (float4)(z.x, w.x, z.y, w.y), zw2 = (float4)(z.z, w.z, z.w, w.w);
        vstore4((float4)(xy.lo, zw.lo), 0, to + p * GEMM_NR);
        vstore4((float4)(xy.hi, zw.hi), 0, to + (p + 1) * GEMM_NR);
        vstore4((float4)(xy2.lo, zw2.lo), 0, to + (p + 2) * GEMM_NR);
        vstore4((float4)(xy2.hi, zw2.hi), 0, to + (p + 3) * GEMM_NR);
    }
    for (; p < n_k; ++p)
        for (uint j = 0; j < 4; ++j)
            to[p * GEMM_NR + j] = from[j * ldb + p];
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
k_gemm_pack(__global const float *restrict b, ulong b_at, __global float *restrict packed, ulong packed_at, ulong ldb,
            uint n, uint k, uint k_count)
{
    uint n0 = get_group_id(0) * GEMM_NR, k0 = get_group_id(1) * k_count;
    uint n_cols = min((uint)GEMM_NR, n - n0), n_k = min(k_count, k - k0);
    __global float *to = packed + packed_at + (size_t)n0 * k + (size_t)k0 * GEMM_NR;
#if C_TRANS_B
    __global const float *from = b + b_at + n0 * ldb + k0;
    if (n_cols == GEMM_NR) {
        for (uint j = 0; j < GEMM_NR; j += 4)
            gemm_pack_4(from + j * ldb, ldb, n_k, to + j);
    } else {
        for (uint p = 0; p < n_k; ++p)
            gemm_pack_row(from + p, ldb, n_cols, to + p * GEMM_NR);
    }
#else
    __global const float *from = b + b_at + k0 * ldb + n0;
    for (uint p = 0; p < n_k; ++p) {
        if (n_cols == GEMM_NR) {
#pragma unroll
            for (int j = 0; j < GEMM_NV; ++j)
                vf_store(vf_load(j, from + p * ldb), j, to + p * GEMM_NR);
        } else {
            gemm_pack_row(from + p * ldb, 1, n_cols, to + p * GEMM_NR);
        }
    }
#endif
}
