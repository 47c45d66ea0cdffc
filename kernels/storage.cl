/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Storage types f32, f16 and bf16 of elements that are f32 in every computation. A kernel gets the name of a type, X,
 * by a define, and C_OF(clg_load_, X) is then that type's function:
 *
 *   clg_t_X                                   the type of an element in a buffer
 *   clg_get_X(i, p)    clg_put_X(x, i, p)     element i
 *   clg_load2_X(i, p)                         elements 2 i and 2 i + 1
 *   clg_load4_X(i, p)  clg_store4_X(v, i, p)  elements 4 i .. 4 i + 3
 *   clg_load_X(i, p)   clg_store_X(v, i, p)   native vector i
 *
 * Loads are exact. Stores round to nearest even, keep NaN, and turn what is too large for f16 into infinity. They are
 * integer arithmetic, which a compiler can vectorise; no half arithmetic is needed of the device.
 *
 *   bf16  the upper 16 bits of an f32. Rounding adds 0x7fff and the bit that becomes the last one, so that ties go to
 *         even. A NaN gets its quiet bit, as its payload could round to infinity
 *   f16   below 2^-14, adding 0.5 leaves the rounded multiple of 2^-24 in the low bits. From there on, the exponent is
 *         reduced by 112 and 13 bits are rounded off; from 65520 on this gives infinity
 */
#define C_OF(name, type) C_CAT(name, type)

typedef float clg_t_f32;
typedef half clg_t_f16;
typedef ushort clg_t_bf16;

#define clg_get_f32(i, p)   (p)[i]
#define clg_load2_f32(i, p) vload2(i, p)
#define clg_load4_f32(i, p) vload4(i, p)
#define clg_load_f32(i, p)  vf_load(i, p)
#define clg_get_f16(i, p)   vload_half(i, p)
#define clg_load2_f16(i, p) vload_half2(i, p)
#define clg_load4_f16(i, p) vload_half4(i, p)

#define clg_get_bf16(i, p)   as_float((uint)(p)[i] << 16)
#define clg_load2_bf16(i, p) as_float2(convert_uint2(vload2(i, p)) << 16)
#define clg_load4_bf16(i, p) as_float4(convert_uint4(vload4(i, p)) << 16)

/* One access, where vloadn is split into halves, as in vf_load. */
#ifdef __clang__
typedef struct {
    C_CAT(ushort, P_VECTOR_WIDTH) v;
} __attribute__((packed, aligned(2))) c_half_vector;
#define C_HALVES(i, p) ((__global const c_half_vector *)(p))[i].v
#else
#define C_HALVES(i, p) C_CAT(vload, P_VECTOR_WIDTH)(i, p)
#endif
#define clg_load_bf16(i, p) as_vf(C_CAT(convert_uint, P_VECTOR_WIDTH)(C_HALVES(i, p)) << 16)
#if defined __clang__ && defined __F16C__ && P_VECTOR_WIDTH == 8
#define clg_load_f16(i, p) __builtin_ia32_vcvtph2ps256(as_short8(C_HALVES(i, p)))
#else
#define clg_load_f16(i, p) C_CAT(vload_half, P_VECTOR_WIDTH)(i, p)
#endif

inline ushort clg_to_bf16(float x)
{
    uint u = as_uint(x);

    return (ushort)((u & 0x7fffffffu) > 0x7f800000u ? (u >> 16) | 0x40u : (u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}

inline ushort clg_to_f16(float x)
{
    uint u = as_uint(x) & 0x7fffffffu, sign = (as_uint(x) >> 16) & 0x8000u;
    uint normal = (u - (112u << 23) + 0xfffu + ((u >> 13) & 1u)) >> 13;
    uint small = as_uint(as_float(u) + 0.5f) - as_uint(0.5f);
    uint large = u > 0x7f800000u ? 0x7e00u | ((u >> 13) & 0x3ffu) : 0x7c00u;

    return (ushort)(sign | (u < (113u << 23) ? small : u < (143u << 23) ? normal : large));
}

#define clg_put_f32(x, i, p)  (p)[i] = (x)
#define clg_put_f16(x, i, p)  ((__global ushort *)(p))[i] = clg_to_f16(x)
#define clg_put_bf16(x, i, p) (p)[i] = clg_to_bf16(x)

#define clg_store4_f32(v, i, p) vstore4(v, i, p)
#define clg_store_f32(v, i, p)  vf_store(v, i, p)
#define C_DEFINE_STORES(X)                                                                                             \
    inline void clg_store4_##X(float4 v, size_t i, __global clg_t_##X *p)                                              \
    {                                                                                                                  \
        clg_put_##X(v.x, 4 * i, p);                                                                                    \
        clg_put_##X(v.y, 4 * i + 1, p);                                                                                \
        clg_put_##X(v.z, 4 * i + 2, p);                                                                                \
        clg_put_##X(v.w, 4 * i + 3, p);                                                                                \
    }                                                                                                                  \
    inline void clg_store_##X(vf v, size_t i, __global clg_t_##X *p)                                                   \
    {                                                                                                                  \
        for (int j = 0; j < C_VW; j++)                                                                                 \
            clg_put_##X(((const float *)&v)[j], i * C_VW + j, p);                                                      \
    }
C_DEFINE_STORES(f16)
C_DEFINE_STORES(bf16)
