/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The matrix product of a work-group, for every simt kernel that has one: acc += op(A) op(B) over a tile of T_M x T_N elements.
 * Items stand as P_TX x P_TY; item (x, y) owns P_MI rows and P_NI columns of the tile, in runs of P_VEC:
 *
 *   row i:    y P_VEC + i mod P_VEC + (i / P_VEC) P_TY P_VEC       column j:    the same with x and P_TX
 *
 * so that the items of a row read neighbouring words of local memory. Each element is one chain of fma over k ascending, whatever the
 * parameters: they change no bit. k past its end is read as 0 and adds +0.
 *
 * k advances by P_K. With P_BUFFERS 2 the next slice travels from global memory through registers into the other buffer while this one
 * is used, one barrier a slice; with 1 a slice is copied, used, and dropped, two barriers a slice. Every item reaches each of them: the
 * loop count is the group's.
 *
 * A slice is fetched four elements at a time along the operand's contiguous extent, as a float4 when C_ALIGNED (row stride and offset
 * are multiples of 4) and inside, else one by one and 0 past the edge. It is kept as [k][extent + 4]; the fetch of an operand that is
 * contiguous in k gives two neighbouring items the 32 bytes of a row, and 16 pairs 16 rows, so that the transposing stores fall on 32
 * banks (4 (T + 4) mod 32 = 16). With P_VEC 1 an operand A that is contiguous in k stays as it is, [row][P_K + 4].
 *
 * C_A and C_B, f32 unless given, say how the operands are stored (storage.cl); halves become f32 as they are fetched, so that all behind the
 * fetch, and every bit, is that of the f32 that they hold, and their rows take half the traffic.
 *
 * C_HALF (a tier, cl_khr_fp16): both operands are f16, stay so in local memory, and each T_RUN products, of neighbouring columns in pairs, are
 * summed in half arithmetic, from 0, before f32 takes the sum. A run is off by at most (T_RUN + 1) 2^-11 of the sum of its products'
 * magnitudes where halves round to nearest, and 2^-14 for each product that halves flush; a sum over 65504 within a run is infinite.
 *
 * Model of f32, per slice and group: global memory 4 P_K (T_M + T_N) bytes in 32-byte sectors that are used whole (of halves half as much, in
 * half sectors at P_K 8), for 2 P_K T_M T_N operations, so T_M T_N / (2 (T_M + T_N)) a byte: 16 at 64 x 64, 32 at 128 x 128. Local memory, per
 * item and k: (P_MI + P_NI) / P_VEC loads of P_VEC words for P_MI P_NI fma: 4 loads of 16 bytes for 64 at 8 x 8.
 *
 * Where GPUs and a runtime that makes vector lanes of items pull apart there is a parameter: a GPU wants all accumulators in registers,
 * float4 loads and the next slice in flight; lanes want single words side by side, few accumulators at a time, plain copies, and few
 * values that live across a barrier. In parentheses what suits the latter (AVX2, 16 registers).
 *
 *   parameter        default       constraint
 *   P_TX P_TY        8 8 (16 16)   powers of 2; P_TX P_TY items: 64 to 256, and at most the device's work-group
 *   P_MI P_NI        8 8 (8 8)     powers of 2, at least P_VEC; T_M = P_TY P_MI, T_N = P_TX P_NI, at most 128 each
 *   P_K              8 (16)        8, 16 or 32; T_LOCAL_A + T_LOCAL_B words of local memory, 30 KiB at most: 8704 bytes
 *   P_VEC            4 (1)         4 or 1
 *   P_SUB_M P_SUB_N  all (4 2)     divide P_MI and P_NI, at least P_VEC: rows and columns that pass over a slice at a time; less than
 *                                  all costs loads of local memory
 *   P_UNROLL         P_K (4)       steps of k unrolled, 1 to P_K; fewer need fewer registers
 *   P_BUFFERS        2 (1)         2 or 1
 *
 * Registers by ptxas for sm_80 and sm_90, defaults: 127 to 168, none spilled.
 */
#ifndef P_TX
#define P_TX 8
#endif
#ifndef P_TY
#define P_TY 8
#endif
#ifndef P_MI
#define P_MI 8
#endif
#ifndef P_NI
#define P_NI 8
#endif
#ifndef P_K
#define P_K 8
#endif
#ifndef P_VEC
#define P_VEC 4
#endif
#ifndef P_SUB_M
#define P_SUB_M P_MI
#endif
#ifndef P_SUB_N
#define P_SUB_N P_NI
#endif
#ifndef P_UNROLL
#define P_UNROLL P_K
#endif
#ifndef P_BUFFERS
#define P_BUFFERS 2
#endif
#ifndef T_MOST_N /* the most columns of an item, of any product in the unit */
#define T_MOST_N P_NI
#endif
#ifndef T_MOST /* the most rows or columns of an operand's tile */
#define T_MOST (T_M > T_N ? T_M : T_N)
#endif
#ifndef C_ALIGNED
#define C_ALIGNED 0
#endif
#ifndef C_HALF
#define C_HALF 0
#endif
#ifndef C_A
#define C_A f32
#endif
#ifndef C_B
#define C_B f32
#endif
#define T_RUN   8 /* products that C_HALF sums in half */
#define T_ITEMS (P_TX * P_TY)
#define T_M     (P_TY * P_MI)
#define T_N     (P_TX * P_NI)

/* Words of a buffer, and float4s of a slice that an item fetches. */
#define T_SIZE(T)  (P_VEC == 1 ? (T) * (P_K + 4) + 4 * P_K : P_K * ((T) + 4))
#define T_FETCH(T) (((T) * P_K / 4 + T_ITEMS - 1) / T_ITEMS)
#define T_LOCAL_A  (P_BUFFERS * T_SIZE(T_M))
#define T_LOCAL_B  (P_BUFFERS * T_SIZE(T_N))

/* How an operand lies in global memory, and what becomes of it in local memory. */
#define T_DEPTH  0 /* [k][extent], as it is */
#define T_ROWS   1 /* [extent][k], transposed */
#define T_KEPT   2 /* [extent][k], as it is: A with P_VEC 1 */
#define T_SPREAD 3 /* T_ROWS; of every 64 rows, 4 i + j goes to 16 j + i: with P_VEC 1 and P_TX 16, item x owns 4 x .. 4 x + 3 */
#define T_WOVEN  4 /* T_ROWS; of every 32 rows, 8 j + i goes to 4 i + j: with P_VEC 4 and P_TX 8, item x owns x, x + 8, x + 16, ... */

/* Place v of a slice, four elements: their row (the first's) and k. */
#define TILE_ROW(kind, T, v)                                                                                           \
    ((kind) == T_DEPTH ? (v) % ((T) / 4) * 4 : (kind) == T_KEPT ? (v) / (P_K / 4) : (v) / 2 % (T))
#define TILE_K(kind, T, v)                                                                                             \
    ((kind) == T_DEPTH  ? (v) / ((T) / 4)                                                                              \
     : (kind) == T_KEPT ? (v) % (P_K / 4) * 4                                                                          \
                        : (v) % 2 * 4 + (v) / (2 * (T)) * 8)
#define TILE_SOURCE(kind, r)                                                                                           \
    ((kind) == T_SPREAD  ? (r) / 64 * 64 + (r) % 16 * 4 + (r) / 16 % 4                                                 \
     : (kind) == T_WOVEN ? (r) / 32 * 32 + (r) % 4 * 8 + (r) / 4 % 8                                                   \
                         : (r))

/* Bounds of loops are macros, and less than all is a condition: what a compiler unrolls before it inlines, it then keeps in registers. */
#define TILE_FN static inline __attribute__((always_inline))

/* Words of local memory and of its copies in registers. */
#if C_HALF
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
typedef half tile_x;
typedef half4 tile_x4;
#else
typedef float tile_x;
typedef float4 tile_x4;
#endif

/* What an operand holds, and its element n, four aligned elements at p, and one. Where one operand is of halves, both are addressed as bytes. */
#define T_TYPE_f32  0
#define T_TYPE_f16  1
#define T_TYPE_bf16 2
#define T_TYPE_A    C_CAT(T_TYPE_, C_A)
#define T_TYPE_B    C_CAT(T_TYPE_, C_B)
#if C_HALF || (T_TYPE_A == T_TYPE_f32 && T_TYPE_B == T_TYPE_f32)
typedef tile_x tile_stored;
#define TILE_ELEMENT(p, n, type) ((p) + (n))
#define TILE_GET4(p, type)       (*(__global const tile_x4 *)(p))
#define TILE_GET(p, n, type)     (p)[n]
#else
typedef uchar tile_stored;
#define TILE_ELEMENT(p, n, type) ((p) + (n) * (type == T_TYPE_f32 ? 4 : 2))
#define TILE_GET4(p, type)       tile_get4(p, type)
#define TILE_GET(p, n, type)                                                                                           \
    (type == T_TYPE_f32   ? ((__global const float *)(p))[n]                                                                \
     : type == T_TYPE_f16 ? clg_get_f16(n, (__global const half *)(p))                                                      \
                     : clg_get_bf16(n, (__global const ushort *)(p)))

TILE_FN float4
tile_get4(__global const uchar *p, const int type)
{
    if (type == T_TYPE_f32)
        return *(__global const float4 *)p;
    const ushort4 halves = *(__global const ushort4 *)p; /* one load: storage.cl's words know no alignment */
    if (type == T_TYPE_f16)
        return vload_half4(0, (const half *)&halves);
    return as_float4(convert_uint4(halves) << 16);
}
#endif

/* `count` (1..4 or more, less: none) valid elements at p. */
TILE_FN tile_x4
tile_fetch_4(__global const tile_stored *p, int count, const int type)
{
    if (C_ALIGNED && count >= 4)
        return TILE_GET4(p, type);
    return (tile_x4)(count > 0 ? TILE_GET(p, 0, type) : (tile_x)0, count > 1 ? TILE_GET(p, 1, type) : (tile_x)0,
                     count > 2 ? TILE_GET(p, 2, type) : (tile_x)0, count > 3 ? TILE_GET(p, 3, type) : (tile_x)0);
}

/* The slice at k0 of T rows of x, of which `rows` exist; x is at the tile's first row. Extents are powers of 2, so that the place of
 * item + n is that of item plus that of n. From step `split` of ld on, x is `jump` further. */
TILE_FN void
tile_fetch_as(const int type, tile_x4 *stage, __global const tile_stored *x, ulong ld, int split, ulong jump, const int kind, const uint T,
              int rows, int k0, int k)
{
    const uint item = get_local_id(1) * P_TX + get_local_id(0);
    const uint r0 = TILE_SOURCE(kind, TILE_ROW(kind, T, item)), p0 = TILE_K(kind, T, item);
    const bool whole = C_ALIGNED && rows >= (int)T && k - k0 >= P_K;
    __global const tile_stored *from = kind == T_DEPTH
                                           ? TILE_ELEMENT(TILE_ELEMENT(x, (k0 + p0) * ld, type), r0, type)
                                           : TILE_ELEMENT(TILE_ELEMENT(TILE_ELEMENT(x, r0 * ld, type), k0, type), p0, type);

    if (T * P_K < 4 * T_ITEMS && item >= T * P_K / 4)
        return;
#pragma unroll
    for (uint i = 0; i < T_FETCH(T_MOST); i++) {
        if (i >= T_FETCH(T))
            continue;
        const uint dr = TILE_SOURCE(kind, TILE_ROW(kind, T, i * T_ITEMS)), dp = TILE_K(kind, T, i * T_ITEMS);
        const int step = kind == T_DEPTH ? k0 + (int)(p0 + dp) : (int)(r0 + dr);
        __global const tile_stored *at =
            TILE_ELEMENT(TILE_ELEMENT(from, kind == T_DEPTH ? dp * ld + dr : dr * ld + dp, type), step < split ? 0 : jump, type);
        if (whole) {
            stage[i] = TILE_GET4(at, type);
        } else {
            const int r_left = rows - (int)(r0 + dr), p_left = k - k0 - (int)(p0 + dp);
            const int count = r_left <= 0 || p_left <= 0 ? 0 : kind == T_DEPTH ? r_left : p_left;
            stage[i] = tile_fetch_4(at, count, type);
        }
    }
}

TILE_FN void
tile_fetch_split(tile_x4 *stage, __global const tile_stored *x, ulong ld, int split, ulong jump, const int kind, const uint T, int rows,
                 int k0, int k)
{
    tile_fetch_as(T_TYPE_B, stage, x, ld, split, jump, kind, T, rows, k0, k);
}

TILE_FN void
tile_keep(__local tile_x *to, const tile_x4 *stage, const int kind, const uint T)
{
    const uint item = get_local_id(1) * P_TX + get_local_id(0), p0 = TILE_K(kind, T, item);
    uint r0 = TILE_ROW(kind, T, item);

    if (T * P_K < 4 * T_ITEMS && item >= T * P_K / 4)
        return;
    to += kind == T_KEPT ? r0 * (P_K + 4) + p0 : p0 * (T + 4) + r0;
#pragma unroll
    for (uint i = 0; i < T_FETCH(T_MOST); i++) {
        if (i >= T_FETCH(T))
            continue;
        const uint dr = TILE_ROW(kind, T, i * T_ITEMS), dp = TILE_K(kind, T, i * T_ITEMS);
        __local tile_x *at = to + (kind == T_KEPT ? dr * (P_K + 4) + dp : dp * (T + 4) + dr);
        if (kind == T_DEPTH || kind == T_KEPT) {
            if (C_ALIGNED)
                *(__local tile_x4 *)at = stage[i];
            else
                vstore4(stage[i], 0, at);
        } else {
            at[0 * (T + 4)] = stage[i].x;
            at[1 * (T + 4)] = stage[i].y;
            at[2 * (T + 4)] = stage[i].z;
            at[3 * (T + 4)] = stage[i].w;
        }
    }
}

/* P_VEC words. */
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

/* acc [P_MI][n] += a slice: a at the item's first row, a_k and a_row words between its k and rows; b likewise, b_k between its k. */
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

/* The first row and column of an item; its others by TILE_AT. In an address, ITEM_Y and ITEM_X: a runtime that makes lanes of items takes
 * neighbours for strangers, and gathers, where an int has been between. */
#define ITEM_Y              (get_local_id(1) * P_VEC)
#define ITEM_X              (get_local_id(0) * P_VEC)
#define TILE_Y              ((int)ITEM_Y)
#define TILE_AT(i, n_items) ((i) % P_VEC + (i) / P_VEC * (n_items) * P_VEC)

/* acc [P_MI][P_NI] += op(A) op(B). a and b are at the tile's first row and column, of which rows and cols exist; la and lb hold
 * T_LOCAL_A and T_LOCAL_B words, free at the call and at the return. b has a split. */
TILE_FN void
tile_product_split(float *acc, __global const tile_stored *a, ulong lda, const int kind_a, int rows, __global const tile_stored *b,
                   ulong ldb, int split, ulong jump, const int kind_b, int cols, int k, __local tile_x *la, __local tile_x *lb)
{
    const int a_k = kind_a == T_KEPT ? 1 : T_M + 4, a_row = kind_a == T_KEPT ? P_K + 4 : 1;
    __local const tile_x *a0 = la + ITEM_Y * a_row, *b0 = lb + ITEM_X;
    tile_x4 next_a[T_FETCH(T_M)], next_b[T_FETCH(T_N)];

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
