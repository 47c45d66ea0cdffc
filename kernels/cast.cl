/* SPDX-License-Identifier: Apache-2.0 */
/*
 * y = x between storage types, C_FROM and C_TO: 0 f32, 1 f16, 2 bf16; [N][E] by row strides. Round to nearest even, NaN kept, f16 overflow to
 * infinity. bf16 is the upper half of an f32: rounding adds half of the lower half's unit (and the tie's parity); a NaN gets its quiet bit, so that
 * its payload cannot round to infinity. A group owns whole rows, an item single elements. No half arithmetic, no local memory.
 */
#ifndef C_FROM
#define C_FROM 0
#define C_TO   2
#endif
#if C_FROM == 0
typedef float from_t;
#define take(p, i) (p)[i]
#elif C_FROM == 1
typedef half from_t;
#define take(p, i) vload_half(i, p)
#else
typedef ushort from_t;
#define take(p, i) as_float((uint)(p)[i] << 16)
#endif
#if C_TO == 0
typedef float to_t;
#define give(x, p, i) (p)[i] = (x)
#elif C_TO == 1
typedef half to_t;
#define give(x, p, i) vstore_half_rte(x, i, p)
#else
typedef ushort to_t;
#define give(x, p, i) (p)[i] = to_bf16(x)
inline ushort to_bf16(float x)
{
    uint u = as_uint(x);

    return (ushort)((u & 0x7fffffffu) > 0x7f800000u ? (u >> 16) | 0x40u : (u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}
#endif

C_KERNEL void k_cast(__global const from_t *restrict x, ulong x_at, ulong x_stride, __global to_t *restrict y, ulong y_at,
                     ulong y_stride, ulong n, ulong e)
{
    C_ROWS (row, n) {
        __global const from_t *from = x + x_at + row * x_stride;
        __global to_t *to = y + y_at + row * y_stride;
        C_VECTORS (i, e)
            give(take(from, i), to, i);
    }
}
