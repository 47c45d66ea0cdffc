/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The matrix product of a work-group, tile_product, for every simt kernel that has one: acc += op(A) op(B) over a
 * tile of T_M x T_N elements. This part has its parameters, and moves slices of the operands from global to local
 * memory.
 *
 * Item (x, y) of P_TX x P_TY owns P_MI rows and P_NI columns of the tile, in runs of P_VEC:
 *
 *   row i:    y P_VEC + i mod P_VEC + (i / P_VEC) P_TY P_VEC
 *   column j: x P_VEC + j mod P_VEC + (j / P_VEC) P_TX P_VEC
 *
 * so that neighbouring items read neighbouring words of local memory. Each element is one chain of fma over k
 * ascending: no parameter changes a bit. k past the end is read as 0 and adds +0.
 *
 * k is cut into slices of P_K. With P_BUFFERS 2 the next slice is loaded into registers while the current one is
 * used, and then stored to the other buffer: one barrier a slice. With 1 a slice is loaded, stored and used: two
 * barriers a slice. The number of slices is the same for all items of a group, so all reach each barrier.
 *
 * A slice is loaded four elements at a time along the dimension in which the operand is contiguous: as a float4 where
 * C_ALIGNED (row stride and offset are multiples of 4) and all four exist, else one by one, 0 past the edge. Local
 * memory holds it as [k][extent + 4]. An operand that is contiguous in k is loaded by pairs of items, 32 bytes of a
 * row each, 16 pairs 16 rows, so that the stores, which transpose, meet 32 different banks (4 (T + 4) mod 32 = 16).
 * With P_VEC 1 words are loaded one by one, neighbouring words by neighbouring items, and an operand A that is
 * contiguous in k is held as it is, [row][P_K + 4].
 *
 * C_A and C_B, f32 unless given, are the storage types of the operands. Halves become f32 as they are loaded: the
 * bits are those of the f32 values stored, for half the traffic.
 *
 * C_HALF (a tier; cl_khr_fp16): both operands are f16 and stay so in local memory. T_RUN products at a time, two
 * columns in one instruction, are summed from 0 in half arithmetic, and this sum is added in f32. It is off by at
 * most (T_RUN + 1) 2^-11 of the sum of the products' magnitudes, where halves round to nearest, and 2^-14 for each
 * product that is flushed to 0; a sum that passes 65504 is infinite.
 *
 * Cost in f32, of a slice and group: global memory 4 P_K (T_M + T_N) bytes, in 32-byte sectors that are used whole
 * (with halves half as many bytes, in sectors used by half where P_K is 8), for 2 P_K T_M T_N operations: T_M T_N /
 * (2 (T_M + T_N)) operations a byte, 16 at 64 x 64 and 32 at 128 x 128. Local memory, of an item and k: for P_MI P_NI
 * fma (P_MI + P_NI) / P_VEC loads of P_VEC words, 4 loads of 16 bytes for 64 fma at 8 x 8.
 *
 * GPUs want all accumulators in registers, float4 loads, and the next slice on its way. Runtimes that execute
 * neighbouring items as the lanes of a vector unit want single words by neighbouring items, few accumulators at a
 * time, plain copies, and few values that live across a barrier. Where the two differ there is a parameter; in
 * parentheses what suits the latter (AVX2, 16 registers):
 *
 *   parameter        default       constraint
 *   P_TX P_TY        8 8 (16 16)   powers of 2; P_TX P_TY items: 64 to 256, and at most the device's work-group
 *   P_MI P_NI        8 8 (8 8)     powers of 2, at least P_VEC; T_M = P_TY P_MI, T_N = P_TX P_NI, at most 128 each
 *   P_K              8 (16)        8, 16 or 32; T_LOCAL_A + T_LOCAL_B words of local memory, 30 KiB at most: 8704 bytes
 *   P_VEC            4 (1)         4 or 1
 *   P_SUB_M P_SUB_N  all (4 2)     divide P_MI and P_NI, at least P_VEC: the rows and columns of one pass over a slice;
 *                                  with less than all, local memory is read more than once
 *   P_UNROLL         P_K (4)       steps of k that are unrolled, 1 to P_K; fewer need fewer registers
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
#ifndef T_MOST_N /* the most columns of an item in any product of the program */
#define T_MOST_N P_NI
#endif
#ifndef T_MOST /* the most rows or columns of a tile in any product of the program */
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

/* T_SIZE: words of a buffer for a slice of T rows. T_FETCH: float4s, or words with P_VEC 1, that an item loads of
 * it. */
#define T_SIZE(T)  (P_VEC == 1 ? (T) * (P_K + 4) + 4 * P_K : P_K * ((T) + 4))
#if P_VEC == 1
#define T_FETCH(T) (((T) * P_K + T_ITEMS - 1) / T_ITEMS)
#else
#define T_FETCH(T) (((T) * P_K / 4 + T_ITEMS - 1) / T_ITEMS)
#endif
#define T_LOCAL_A  (P_BUFFERS * T_SIZE(T_M))
#define T_LOCAL_B  (P_BUFFERS * T_SIZE(T_N))

/* Layout of an operand in global memory, and of its slice in local memory. */
#define T_DEPTH  0 /* [k][extent], held as it is */
#define T_ROWS   1 /* [extent][k], transposed */
#define T_KEPT   2 /* [extent][k], held as it is: A with P_VEC 1 */
/* T_ROWS with rows permuted. T_SPREAD: of every 64, row 4 i + j goes to 16 j + i, so that with P_VEC 1 and P_TX 16
 * item x owns 4 x .. 4 x + 3. T_WOVEN: of every 32, row 8 j + i goes to 4 i + j, so that with P_VEC 4 and P_TX 8 item
 * x owns x, x + 8, x + 16, ... */
#define T_SPREAD 3
#define T_WOVEN  4

/* With P_VEC 4, the row and k of the first of the four elements number v of a slice; and the row of the operand that
 * row r of the slice is. */
#define TILE_ROW(kind, T, v)                                                                                           \
    ((kind) == T_DEPTH ? (v) % ((T) / 4) * 4 : (v) / 2 % (T))
#define TILE_K(kind, T, v) ((kind) == T_DEPTH ? (v) / ((T) / 4) : (v) % 2 * 4 + (v) / (2 * (T)) * 8)
#define TILE_SOURCE(kind, r)                                                                                           \
    ((kind) == T_SPREAD  ? (r) / 64 * 64 + (r) % 16 * 4 + (r) / 16 % 4                                                 \
     : (kind) == T_WOVEN ? (r) / 32 * 32 + (r) % 4 * 8 + (r) / 4 % 8                                                   \
                         : (r))

/* Loops have macros as bounds, and a condition inside where fewer iterations are wanted: compilers unroll before they
 * inline, and only then keep the arrays in registers. */
#define TILE_FN static inline __attribute__((always_inline))

/* The type of a word in local memory, and of four. tile_stage: what an item loads at a time, on its way there. */
#if C_HALF
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
typedef half tile_x;
typedef half4 tile_x4;
#else
typedef float tile_x;
typedef float4 tile_x4;
#endif

#if P_VEC == 1
typedef tile_x tile_stage;
#else
typedef tile_x4 tile_stage;
#endif

/* tile_stored: the type by which both operands are addressed, bytes where one of them is stored as halves.
 * TILE_ELEMENT: the address of element n; TILE_GET4: four aligned elements at p; TILE_GET: element n. */
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
    const ushort4 halves = *(__global const ushort4 *)p; /* one aligned load, unlike clg_load4 */
    if (type == T_TYPE_f16)
        return vload_half4(0, (const half *)&halves);
    return as_float4(convert_uint4(halves) << 16);
}
#endif

/* The four elements at p, of which `count` exist (4 or more: all; 0 or less: none); the others are 0. */
TILE_FN tile_x4
tile_fetch_4(__global const tile_stored *p, int count, const int type)
{
    if (C_ALIGNED && count >= 4)
        return TILE_GET4(p, type);
    return (tile_x4)(count > 0 ? TILE_GET(p, 0, type) : (tile_x)0, count > 1 ? TILE_GET(p, 1, type) : (tile_x)0,
                     count > 2 ? TILE_GET(p, 2, type) : (tile_x)0, count > 3 ? TILE_GET(p, 3, type) : (tile_x)0);
}

#if P_VEC == 1
/* Row and k of the word number i that the item moves; past T or P_K where there are more items than words. */
struct tile_place {
    size_t row, k;
};

/* Words are numbered along the dimension in which the operand is contiguous. Where possible the item's number is the
 * last term of a sum: else a runtime that makes lanes of items does not recognise that their addresses are
 * consecutive. */
TILE_FN struct tile_place
tile_place(const uint i, const int kind, const uint T)
{
    const uint run = kind == T_DEPTH ? T : P_K;
    const size_t x = get_local_id(0), base = get_local_id(1) * P_TX + i * T_ITEMS;
    const size_t in = run % P_TX == 0 ? base % run + x : (base + x) % run;
    const size_t of = run % P_TX == 0 ? base / run : (base + x) / run;
    const struct tile_place at = {kind == T_DEPTH ? in : of, kind == T_DEPTH ? of : in};
    return at;
}
#endif

/* Loads the slice at k0 of T rows of x, of which `rows` exist, into registers; x points to the tile's first row. From
 * row (k where T_DEPTH) `split` on, the operand is `jump` elements further. */
#if P_VEC == 1
TILE_FN void
tile_fetch_as(const int type, tile_stage *stage, __global const tile_stored *x, ulong ld, int split, ulong jump, const int kind, const uint T,
              int rows, int k0, int k)
{
    const bool whole = T * P_K >= T_ITEMS && rows >= (int)T && k - k0 >= P_K;

#pragma unroll
    for (uint i = 0; i < T_FETCH(T_MOST); i++) {
        if (i >= T_FETCH(T))
            continue;
        const struct tile_place to = tile_place(i, kind, T);
        const size_t r = TILE_SOURCE(kind, to.row), p = k0 + to.k, n = kind == T_DEPTH ? p * ld + r : r * ld + p;
        __global const tile_stored *at = TILE_ELEMENT(x, (kind == T_DEPTH ? (int)p : (int)r) < split ? 0 : jump, type);

        if (whole)
            stage[i] = TILE_GET(at, n, type);
        else
            stage[i] = to.row < T && to.k < P_K && (int)r < rows && (int)p < k ? TILE_GET(at, n, type) : (tile_x)0;
    }
}
#else
/* Extents are powers of 2, so that the row and k of number item + n are the sums of those of item and of n, and the
 * latter are constants. */
TILE_FN void
tile_fetch_as(const int type, tile_stage *stage, __global const tile_stored *x, ulong ld, int split, ulong jump, const int kind, const uint T,
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
#endif

TILE_FN void
tile_fetch_split(tile_stage *stage, __global const tile_stored *x, ulong ld, int split, ulong jump, const int kind, const uint T, int rows,
                 int k0, int k)
{
    tile_fetch_as(T_TYPE_B, stage, x, ld, split, jump, kind, T, rows, k0, k);
}

#if P_VEC == 1
TILE_FN void
tile_keep(__local tile_x *to, const tile_stage *stage, const int kind, const uint T)
{
#pragma unroll
    for (uint i = 0; i < T_FETCH(T_MOST); i++) {
        if (i >= T_FETCH(T))
            continue;
        const struct tile_place at = tile_place(i, kind, T);

        if (T * P_K >= T_ITEMS || (at.row < T && at.k < P_K))
            to[kind == T_KEPT ? at.row * (P_K + 4) + at.k : at.k * (T + 4) + at.row] = stage[i];
    }
}
#else
TILE_FN void
tile_keep(__local tile_x *to, const tile_stage *stage, const int kind, const uint T)
{
    const uint item = get_local_id(1) * P_TX + get_local_id(0), p0 = TILE_K(kind, T, item);
    uint r0 = TILE_ROW(kind, T, item);

    if (T * P_K < 4 * T_ITEMS && item >= T * P_K / 4)
        return;
    to += p0 * (T + 4) + r0;
#pragma unroll
    for (uint i = 0; i < T_FETCH(T_MOST); i++) {
        if (i >= T_FETCH(T))
            continue;
        const uint dr = TILE_ROW(kind, T, i * T_ITEMS), dp = TILE_K(kind, T, i * T_ITEMS);
        __local tile_x *at = to + dp * (T + 4) + dr;
        if (kind == T_DEPTH) {
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
#endif
