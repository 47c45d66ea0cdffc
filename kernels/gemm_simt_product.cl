/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The product of the slices that tile_fetch_as loads and tile_keep stores in local memory, and tile_product, the loop
 * over them.
 */

/* Loads P_VEC words. */
TILE_FN void
tile_read(tile_x *to, __local const tile_x *from)
{
#if P_VEC == 4
    const tile_x4 w = *(__local const tile_x4 *)from;
    to[0] = w.x;
    to[1] = w.y;
    to[2] = w.z;
    to[3] = w.w;
#else
    to[0] = from[0];
#endif
}

/* acc [P_MI][n] += the product of a slice. a and b point to the item's first row and column; a_k and b_k are the words
 * from one k to the next, a_row those from one row of a to the next. */
#if C_HALF
TILE_FN void
tile_step(float *acc, const int n, __local const half *a, const int a_k, const int a_row, __local const half *b, const int b_k)
{
#pragma OPENCL FP_CONTRACT ON
#pragma unroll
    for (int i0 = 0; i0 < P_MI; i0 += P_SUB_M)
#pragma unroll
        for (int j0 = 0; j0 < P_NI; j0 += P_SUB_N)
#pragma unroll
            for (int p0 = 0; p0 < P_K; p0 += T_RUN) {
                half2 c[P_SUB_M * P_SUB_N / 2] = {(half2)(0)};
#pragma unroll P_UNROLL
                for (int p = p0; p < p0 + T_RUN; p++) {
                    half u[P_SUB_M], w[P_SUB_N];
#pragma unroll
                    for (int i = 0; i < P_SUB_M; i += P_VEC)
                        tile_read(u + i, a + p * a_k + (i0 + i) * P_TY * a_row);
#pragma unroll
                    for (int j = 0; j < P_SUB_N; j += P_VEC)
                        tile_read(w + j, b + p * b_k + (j0 + j) * P_TX);
#pragma unroll
                    for (int e = 0; e < P_SUB_M * P_SUB_N / 2; e++) {
                        const int j = e * 2 % P_SUB_N;
                        c[e] = (half2)(u[e * 2 / P_SUB_N]) * (half2)(w[j], w[j + 1]) + c[e];
                    }
                }
#pragma unroll
                for (int e = 0; e < P_SUB_M * P_SUB_N; e++)
                    acc[(i0 + e / P_SUB_N) * n + j0 + e % P_SUB_N] += (float)(e % 2 ? c[e / 2].y : c[e / 2].x);
            }
}
#else
TILE_FN void
tile_step(float *acc, const int n, __local const float *a, const int a_k, const int a_row, __local const float *b,
          const int b_k)
{
#pragma unroll
    for (int i0 = 0; i0 < P_MI; i0 += P_SUB_M)
#pragma unroll
        for (int j0 = 0; j0 < T_MOST_N; j0 += P_SUB_N) {
            float c[P_SUB_M * P_SUB_N];
            if (j0 >= n)
                continue;
#pragma unroll
            for (int i = 0; i < P_SUB_M; i++)
#pragma unroll
                for (int j = 0; j < P_SUB_N; j++)
                    c[i * P_SUB_N + j] = j0 + j < n ? acc[(i0 + i) * n + j0 + j] : 0.0f;
#pragma unroll P_UNROLL
            for (int p = 0; p < P_K; p++) {
                float u[P_SUB_M], w[P_SUB_N];
#pragma unroll
                for (int i = 0; i < P_SUB_M; i += P_VEC)
                    tile_read(u + i, a + p * a_k + (i0 + i) * P_TY * a_row);
#pragma unroll
                for (int j = 0; j < P_SUB_N; j += P_VEC)
                    if (j0 + j < n)
                        tile_read(w + j, b + p * b_k + (j0 + j) * P_TX);
#pragma unroll
                for (int i = 0; i < P_SUB_M; i++)
#pragma unroll
                    for (int j = 0; j < P_SUB_N; j++)
                        if (j0 + j < n)
                            c[i * P_SUB_N + j] = fma(u[i], w[j], c[i * P_SUB_N + j]);
            }
#pragma unroll
            for (int i = 0; i < P_SUB_M; i++)
#pragma unroll
                for (int j = 0; j < P_SUB_N; j++)
                    if (j0 + j < n)
                        acc[(i0 + i) * n + j0 + j] = c[i * P_SUB_N + j];
        }
}
#endif

/* The first row and column of an item; TILE_AT gives the distances of the others. Addresses use ITEM_Y and ITEM_X,
 * which are size_t: after a conversion to int, a runtime that makes lanes of items does not recognise that the
 * addresses of neighbours are consecutive, and gathers. */
#define ITEM_Y              (get_local_id(1) * P_VEC)
#define ITEM_X              (get_local_id(0) * P_VEC)
#define TILE_Y              ((int)ITEM_Y)
#define TILE_AT(i, n_items) ((i) % P_VEC + (i) / P_VEC * (n_items) * P_VEC)

/* acc [P_MI][P_NI] += op(A) op(B). a and b point to the tile's first row and column; `rows` and `cols` of them exist.
 * la and lb have T_LOCAL_A and T_LOCAL_B words, which no item uses at the call or at the return. From row `split` on
 * (k where b is T_DEPTH), b is `jump` elements further. */
TILE_FN void
tile_product_split(float *acc, __global const tile_stored *a, ulong lda, const int kind_a, int rows, __global const tile_stored *b,
                   ulong ldb, int split, ulong jump, const int kind_b, int cols, int k, __local tile_x *la, __local tile_x *lb)
{
    const int a_k = kind_a == T_KEPT ? 1 : T_M + 4, a_row = kind_a == T_KEPT ? P_K + 4 : 1;
    __local const tile_x *a0 = la + ITEM_Y * a_row, *b0 = lb + ITEM_X;
    tile_stage next_a[T_FETCH(T_M)], next_b[T_FETCH(T_N)];

#if P_BUFFERS == 2
    int at = 0;
    tile_fetch_as(T_TYPE_A, next_a, a, lda, 0, 0, kind_a, T_M, rows, 0, k);
    tile_fetch_split(next_b, b, ldb, split, jump, kind_b, T_N, cols, 0, k);
    tile_keep(la, next_a, kind_a, T_M);
    tile_keep(lb, next_b, kind_b, T_N);
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 1
    for (int k0 = 0; k0 < k; k0 += P_K) {
        const bool more = k - k0 > P_K;
        if (more) {
            tile_fetch_as(T_TYPE_A, next_a, a, lda, 0, 0, kind_a, T_M, rows, k0 + P_K, k);
            tile_fetch_split(next_b, b, ldb, split, jump, kind_b, T_N, cols, k0 + P_K, k);
        }
        tile_step(acc, P_NI, a0 + at * T_SIZE(T_M), a_k, a_row, b0 + at * T_SIZE(T_N), T_N + 4);
        at ^= 1;
        if (more) {
            tile_keep(la + at * T_SIZE(T_M), next_a, kind_a, T_M);
            tile_keep(lb + at * T_SIZE(T_N), next_b, kind_b, T_N);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
#else
#pragma unroll 1
    for (int k0 = 0; k0 < k; k0 += P_K) {
        tile_fetch_as(T_TYPE_A, next_a, a, lda, 0, 0, kind_a, T_M, rows, k0, k);
        tile_keep(la, next_a, kind_a, T_M);
        tile_fetch_split(next_b, b, ldb, split, jump, kind_b, T_N, cols, k0, k);
        tile_keep(lb, next_b, kind_b, T_N);
        barrier(CLK_LOCAL_MEM_FENCE);
        tile_step(acc, P_NI, a0, a_k, a_row, b0, T_N + 4);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
#endif
}

TILE_FN void
tile_product(float *acc, __global const tile_stored *a, ulong lda, const int kind_a, int rows, __global const tile_stored *b,
             ulong ldb, const int kind_b, int cols, int k, __local tile_x *la, __local tile_x *lb)
{
    tile_product_split(acc, a, lda, kind_a, rows, b, ldb, 0, 0, kind_b, cols, k, la, lb);
}
