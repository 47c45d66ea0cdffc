/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C = alpha op(A) op(B) + beta C, simt family. A group of P_TX x P_TY items owns T_M x T_N elements of C and computes
 * them by tile_product, whose parameters, local memory, barriers and cost are described there. Each element is one
 * chain of fma over k ascending, from C for GEMM_ADD, else from 0; alpha, unless 1, multiplies the finished sum. No
 * bit depends on the tile.
 *
 * C_TRANS_A: A is [k][m], else [m][k]. C_TRANS_B: B is [n][k], else [k][n]. Rows and columns past the edge are computed
 * from zeros and not stored. C_A, C_B and C_ACT: the storage types of A, B and C, f32 unless given.
 */
#ifndef C_TRANS_A
#define C_TRANS_A 0
#endif
#ifndef C_TRANS_B
#define C_TRANS_B 0
#endif
#ifndef C_PANEL
#define C_PANEL f32
#endif
#define GEMM_STORE         0
#define GEMM_ADD           1
#define GEMM_SCALE         2
#define GEMM_SCALE_AND_ADD 3
#define S_KIND_A           (C_TRANS_A ? T_DEPTH : P_VEC == 1 ? T_KEPT : T_ROWS)
#define S_KIND_B           (C_TRANS_B ? T_ROWS : T_DEPTH)

__attribute__((reqd_work_group_size(P_TX, P_TY, 1))) __kernel void
k_gemm(__global const C_OF(clg_t_, C_A) *restrict a, ulong a_at, __global const C_OF(clg_t_, C_B) *restrict b, ulong b_at,
       __global c_act *restrict c, ulong c_at, ulong lda, ulong ldb, ulong ldc, int m, int n, int k, int finish,
       float alpha)
{
    __local tile_x la[T_LOCAL_A] __attribute__((aligned(16))), lb[T_LOCAL_B] __attribute__((aligned(16)));
    const int m0 = get_group_id(1) * T_M, n0 = get_group_id(0) * T_N, rows = m - m0, cols = n - n0;
    float acc[P_MI * P_NI];

    a += a_at + (C_TRANS_A ? (ulong)m0 : m0 * lda);
    b += b_at + (C_TRANS_B ? n0 * ldb : (ulong)n0);
    c += c_at + m0 * ldc + n0;
#pragma unroll
    for (int i = 0; i < P_MI; i++) {
        const int row = TILE_Y + TILE_AT(i, P_TY);
#pragma unroll
        for (int j = 0; j < P_NI; j++) {
            const size_t col = ITEM_X + TILE_AT(j, P_TX);
            acc[i * P_NI + j] =
                finish == GEMM_ADD && row < rows && (int)col < cols ? C_OF(clg_get_, C_ACT)(row * ldc + col, c) : 0.0f;
        }
    }
    tile_product(acc, (__global const tile_stored *)a, lda, S_KIND_A, rows, (__global const tile_stored *)b, ldb, S_KIND_B, cols, k, la, lb);
#pragma unroll
    for (int i = 0; i < P_MI; i++) {
        const int row = TILE_Y + TILE_AT(i, P_TY);
        if (row >= rows)
            continue;
#pragma unroll
        for (int j = 0; j < P_NI; j++) {
            const size_t col = ITEM_X + TILE_AT(j, P_TX);
            __global c_act *at = c + row * ldc + col;
            const float sum = acc[i * P_NI + j];
            if ((int)col < cols)
                C_OF(clg_put_, C_ACT)(finish == GEMM_SCALE_AND_ADD ? fma(alpha, sum, C_OF(clg_get_, C_ACT)(0, at))
                                      : finish == GEMM_SCALE       ? alpha * sum
                                                                   : sum,
                                      0, at);
        }
    }
}

/* op(B) as a dense [k][n] of type C_PANEL: item (n, k) writes one element. */
__kernel void k_gemm_pack(__global const C_OF(clg_t_, C_B) *restrict b, ulong b_at,
                          __global C_OF(clg_t_, C_PANEL) *restrict packed, ulong packed_at, ulong ldb, uint n, uint k)
{
    uint j = get_global_id(0), p = get_global_id(1);
    if (j < n && p < k) {
        const float x = C_OF(clg_get_, C_B)(b_at + (C_TRANS_B ? j * ldb + p : p * ldb + j), b);
        C_OF(clg_put_, C_PANEL)(x, packed_at + (ulong)p * n + j, packed);
    }
}
