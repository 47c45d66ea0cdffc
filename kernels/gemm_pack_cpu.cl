/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs op(B) into panels of GEMM_NR columns.
 *
 * One group is one work-item. Group (i, j) owns columns n_count i .. of whole panels and rows k_count j .. of op(B).
 * C_TRANS_B: b is [n][k], and blocks of 4 x 4 are transposed in registers; else b is [k][n]. Columns past n are
 * written as 0. C_B and C_PANEL are the storage types of b and of the panels. No barriers, no local memory.
 */
#ifndef C_TRANS_B
#define C_TRANS_B 0
#endif

/* Four columns of a panel, n_k rows of them, from four rows of b [n][k]. */
static inline void
gemm_pack_4(__global const b_t *from, size_t ldb, uint n_k, __global panel_t *to)
{
    uint p = 0;
    for (; p + 4 <= n_k; p += 4) {
        float4 x = C_OF(clg_load4_, C_B)(0, from + p), y = C_OF(clg_load4_, C_B)(0, from + ldb + p);
        float4 z = C_OF(clg_load4_, C_B)(0, from + 2 * ldb + p), w = C_OF(clg_load4_, C_B)(0, from + 3 * ldb + p);
        float4 xy = (float4)(x.x, y.x, x.y, y.y), xy2 = (float4)(x.z, y.z, x.w, y.w);
        float4 zw = (float4)(z.x, w.x, z.y, w.y), zw2 = (float4)(z.z, w.z, z.w, w.w);
        C_OF(clg_store4_, C_PANEL)((float4)(xy.lo, zw.lo), 0, to + p * GEMM_NR);
        C_OF(clg_store4_, C_PANEL)((float4)(xy.hi, zw.hi), 0, to + (p + 1) * GEMM_NR);
        C_OF(clg_store4_, C_PANEL)((float4)(xy2.lo, zw2.lo), 0, to + (p + 2) * GEMM_NR);
        C_OF(clg_store4_, C_PANEL)((float4)(xy2.hi, zw2.hi), 0, to + (p + 3) * GEMM_NR);
    }
    for (; p < n_k; ++p)
        for (uint j = 0; j < 4; ++j)
            C_OF(clg_put_, C_PANEL)(C_OF(clg_get_, C_B)(j * ldb + p, from), p * GEMM_NR + j, to);
}

#define GEMM_TURN_ROWS 64

static inline void
gemm_pack_turned(__global const b_t *from, size_t ldb, uint n_cols, uint n_k, __global panel_t *to)
{
    if (n_cols < GEMM_NR) {
        for (uint p = 0; p < n_k; ++p)
            gemm_pack_row(from + p, ldb, n_cols, to + p * GEMM_NR);
        return;
    }
    for (uint p = 0; p < n_k; p += GEMM_TURN_ROWS)
        for (uint j = 0; j < GEMM_NR; j += 4)
            gemm_pack_4(from + j * ldb + p, ldb, min((uint)GEMM_TURN_ROWS, n_k - p), to + p * GEMM_NR + j);
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
k_gemm_pack(__global const b_t *restrict b, ulong b_at, __global panel_t *restrict packed, ulong packed_at, ulong ldb,
            uint n, uint k, uint n_count, uint k_count)
{
    const uint n0 = get_group_id(0) * n_count, n1 = min(n, n0 + n_count);
    const uint k0 = get_group_id(1) * k_count, n_k = min(k - k0, k_count);

    packed += packed_at + (size_t)n0 * k + (size_t)k0 * GEMM_NR;
#if C_TRANS_B
    for (uint j = n0; j < n1; j += GEMM_NR, packed += (size_t)k * GEMM_NR)
        gemm_pack_turned(b + b_at + j * ldb + k0, ldb, min((uint)GEMM_NR, n1 - j), n_k, packed);
#else
    gemm_pack_b(b + b_at + k0 * ldb + n0, ldb, n1 - n0, n_k, k, packed);
#endif
}
