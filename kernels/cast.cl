/* SPDX-License-Identifier: Apache-2.0 */
/*
 * y = x between storage types, C_FROM and C_TO: 0 f32, 1 f16, 2 bf16; [N][E] by row strides. Round to nearest even, NaN kept, f16 overflow to
 * infinity. bf16 is the upper half of an f32: rounding adds half of the lower half's unit (and the tie's parity); a NaN gets its quiet bit, so that
 * its payload cannot round to infinity. f16, by integers too, so that a compiler can make vectors of it: below 2^-14 adding 0.5 leaves the
 * rounded multiple of 2^-24 in the low bits; from there on the exponent is moved by 112 and 13 bits are rounded off, into infinity from 65520.
 * A group owns whole rows, an item single elements. No half arithmetic, no local memory.
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
#define give(x) (x)
#elif C_TO == 1
typedef ushort to_t;
#define give(x) to_f16(x)
#else
typedef ushort to_t;
#define give(x) to_bf16(x)
#endif

inline ushort to_bf16(float x)
{
    uint u = as_uint(x);

    return (ushort)((u & 0x7fffffffu) > 0x7f800000u ? (u >> 16) | 0x40u : (u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}

inline ushort to_f16(float x)
{
    uint u = as_uint(x) & 0x7fffffffu, sign = (as_uint(x) >> 16) & 0x8000u;
    uint normal = (u - (112u << 23) + 0xfffu + ((u >> 13) & 1u)) >> 13;
    uint small = as_uint(as_float(u) + 0.5f) - as_uint(0.5f);
    uint large = u > 0x7f800000u ? 0x7e00u | ((u >> 13) & 0x3ffu) : 0x7c00u;

    return (ushort)(sign | (u < (113u << 23) ? small : u < (143u << 23) ? normal : large));
}

C_KERNEL void k_cast(__global const from_t *restrict x, ulong x_at, ulong x_stride, __global to_t *restrict y, ulong y_at,
                     ulong y_stride, ulong n, ulong e)
{
    C_ROWS (row, n) {
        __global const from_t *from = x + x_at + row * x_stride;
        __global to_t *to = y + y_at + row * y_stride;
        for (size_t i = C_ITEM; i < e; i += C_GROUP_SIZE)
            to[i] = give(take(from, i));
    }
}
