/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C = alpha op(A) op(B) + beta C by work-items. A group of 64 owns 64 x 64 elements of C, an item 8 x 8 of them: rows 4
 * ty + {0..3} and 32 + 4 ty + {0..3}, columns likewise by tx, so that the items of a row read neighbouring local words.
 * Each element is one chain of fma over k ascending, from C when GEMM_ADD, else from 0; alpha, unless 1, multiplies the
 * finished sum.
 *
 * k advances by 16. The next step's 16 elements of A and of B per item are fetched into registers while the present
 * step is computed from local memory: 2 x 16 x 68 floats = 8704 bytes. Barriers: one after the step is stored (before
 * anybody reads it), one after it is used (before the next is stored); every item reaches both, the loop count being
 * the group's.
 *
 * C_TRANS_A: A is [k][m], else [m][k]. C_TRANS_B: B is [n][k], else [k][n]. A stage is fetched four elements at a time
 * along the contiguous extent: as one float4 when C_ALIGNED (row stride and offset are multiples of 4) and wholly
 * inside, else one by one, 0 past the edge. The inner loop stops at the last valid k, so those zeros enter no chain.
 */
#ifndef C_TRANS_A
#define C_TRANS_A 0
#endif
#ifndef C_TRANS_B
#define C_TRANS_B 0
#endif
#ifndef C_ALIGNED
#define C_ALIGNED 0
#endif
#define GEMM_STORE         0
#define GEMM_ADD           1
#define GEMM_SCALE         2
#define GEMM_SCALE_AND_ADD 3
#define S_TILE             64
#define S_K                16
#define S_LD               (S_TILE + 4)
#define S_FETCH            4

/* `count` (1..4 or more, less: none) valid elements at p. */
static inline float4
gemm_fetch_4(__global const float *p, int count)
{
    if (C_ALIGNED && count >= 4)
        return *(__global const float4 *)p;
    return (float4)(count > 0 ? p[0] : 0.0f, count > 1 ? p[1] : 0.0f, count > 2 ? p[2] : 0.0f, count > 3 ? p[3] : 0.0f);
}

/* A step of an operand with `extent` rows (of op(A), or columns of op(B)); k_major: [k][extent], else [extent][k]. */
static inline void
gemm_fetch(float4 stage[S_FETCH], __global const float *x, ulong ld, bool k_major, int r0, int k0, int extent, int k,
           uint item)
{
#pragma unroll
    for (int i = 0; i < S_FETCH; ++i) {
        int r = r0 + (k_major ? item % 16 * 4 : item / 4 + 16 * i),
            p = k0 + (k_major ? item / 16 + 4 * i : item % 4 * 4);
        int count = r < extent && p < k ? (k_major ? extent - r : k - p) : 0;
        stage[i] = gemm_fetch_4(count > 0 ? x + (k_major ? p * ld + r : r * ld + p) : x, count);
    }
}

/* The step into local memory as [k][extent]. */
static inline void
gemm_keep(__local float *to, const float4 stage[S_FETCH], bool k_major, uint item)
{
#pragma unroll
    for (int i = 0; i < S_FETCH; ++i) {
        if (k_major) {
            *(__local float4 *)(to + (item / 16 + 4 * i) * S_LD + item % 16 * 4) = stage[i];
        } else {
            __local float *at = to + item % 4 * 4 * S_LD + item / 4 + 16 * i;
            at[0] = stage[i].x;
            at[S_LD] = stage[i].y;
            at[2 * S_LD] = stage[i].z;
            at[3 * S_LD] = stage[i].w;
        }
    }
}

static inline void
gemm_step(float8 acc[8], __local const float *la, __local const float *lb)
{
    float8 b = (float8)(*(__local const float4 *)lb, *(__local const float4 *)(lb + 32));
    float4 lo = *(__local const float4 *)la, hi = *(__local const float4 *)(la + 32);
    acc[0] = fma((float8)(lo.x), b, acc[0]);
    acc[1] = fma((float8)(lo.y), b, acc[1]);
    acc[2] = fma((float8)(lo.z), b, acc[2]);
    acc[3] = fma((float8)(lo.w), b, acc[3]);
    acc[4] = fma((float8)(hi.x), b, acc[4]);
    acc[5] = fma((float8)(hi.y), b, acc[5]);
    acc[6] = fma((float8)(hi.z), b, acc[6]);
    acc[7] = fma((float8)(hi.w), b, acc[7]);
}

__attribute__((reqd_work_group_size(64, 1, 1))) __kernel void
k_gemm(__global const float *restrict a, ulong a_at, __global const float *restrict b, ulong b_at,
       __global float *restrict c, ulong c_at, ulong lda, ulong ldb, ulong ldc, int m, int n, int k, int finish,
       float alpha)
{
    __local float la[S_K * S_LD] __attribute__((aligned(16)));
    __local float lb[S_K * S_LD] __attribute__((aligned(16)));
    uint item = get_local_id(0);
    int tx = item % 8 * 4, ty = item / 8 * 4;
    int m0 = get_group_id(1) * S_TILE, n0 = get_group_id(0) * S_TILE;
    float4 next_a[S_FETCH], next_b[S_FETCH];
    float8 acc[8];
    a += a_at;
    b += b_at;
    c += c_at;
#pragma unroll
    for (int i = 0; i < 8; ++i) {
        int row = m0 + ty + i % 4 + i / 4 * 32;
        float edge[8];
#pragma unroll
        for (int j = 0; j < 8; ++j) {
            int col = n0 + tx + j % 4 + j / 4 * 32;
            edge[j] = finish == GEMM_ADD && row < m && col < n ? c[row * ldc + col] : 0.0f;
        }
        acc[i] = (float8)(edge[0], edge[1], edge[2], edge[3], edge[4], edge[5], edge[6], edge[7]);
    }
    gemm_fetch(next_a, a, lda, C_TRANS_A, m0, 0, m, k, item);
    gemm_fetch(next_b, b, ldb, !C_TRANS_B, n0, 0, n, k, item);
    for (int k0 = 0; k0 < k; k0 += S_K) {
        gemm_keep(la, next_a, C_TRANS_A, item);
        gemm_keep(lb, next_b, !C_TRANS_B, item);
        barrier(CLK_LOCAL_MEM_FENCE);
        gemm_fetch(next_a, a, lda, C_TRANS_A, m0, k0 + S_K, m, k, item);
        gemm_fetch(next_b, b, ldb, !C_TRANS_B, n0, k0 + S_K, n, k, item);
        if (k - k0 >= S_K) {
#pragma unroll
            for (int p = 0; p < S_K; ++p)
                gemm_step(acc, la + p * S_LD + ty, lb + p * S_LD + tx);
        } else {
            for (int p = 0; p < k - k0; ++p)
                gemm_step(acc, la + p * S_LD + ty, lb + p * S_LD + tx);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
#pragma unroll
    for (int i = 0; i < 8; ++i) {
        int row = m0 + ty + i % 4 + i / 4 * 32;
        float edge[8] = {acc[i].s0, acc[i].s1, acc[i].s2, acc[i].s3, acc[i].s4, acc[i].s5, acc[i].s6, acc[i].s7};
#pragma unroll
        for (int j = 0; j < 8; ++j) {
            int col = n0 + tx + j % 4 + j / 4 * 32;
            if (row >= m || col >= n)
                continue;
            __global float *at = c + row * ldc + col;
            *at = finish == GEMM_SCALE_AND_ADD ? fma(alpha, edge[j], *at)
                  : finish == GEMM_SCALE       ? alpha * edge[j]
                                               : edge[j];
        }
    }
}

/* op(B) as a dense [k][n]: item (n, k) writes one element. */
__kernel void
k_gemm_pack(__global const float *restrict b, ulong b_at, __global float *restrict packed, ulong packed_at, ulong ldb,
            uint n, uint k)
{
    uint j = get_global_id(0), p = get_global_id(1);
    if (j < n && p < k)
        packed[packed_at + (ulong)p * n + j] = b[b_at + (C_TRANS_B ? j * ldb + p : p * ldb + j)];
}
