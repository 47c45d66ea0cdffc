/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types and numeric functions that all kernels share, so that a value has the same bits whichever kernel computes it.
 * FP_CONTRACT is off: a fused multiply-add is written fma().
 *
 * clg_exp2(x): 2^x for x <= 127, by a polynomial of degree 6 on [-0.5, 0.5]; relative error below 2e-7. An x below
 * -126, C_MASKED and -INFINITY included, gives 2^-126, not 0: a caller that needs an exact 0 selects it.
 */
#pragma OPENCL FP_CONTRACT OFF

/* PoCL reports warnings on standard error. These two are expected: a parameter makes an operand constant, and the
 * compiler declines to unroll a loop. */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wpass-failed"
#pragma clang diagnostic ignored "-Wconstant-logical-operand"
#endif

/* Prefetches the cache line at p. level 3: into all caches; 2: into the second level and those beyond; 1: the third. */
#ifdef POCL_DEVICE_ADDRESS_BITS /* PoCL, whose prefetch() does nothing */
#define CLG_AHEAD(level, p) __builtin_prefetch(p, 0, level)
#else
#define CLG_AHEAD(level, p) prefetch(p, 1)
#endif

#ifndef P_VECTOR_WIDTH
#define P_VECTOR_WIDTH 8
#endif

/*
 * Every function is inlined. By the rules of C99 an `inline` function has no external definition, so a call that is not
 * inlined does not link; LLVM 15 and 19 leave large functions as calls for NVIDIA and AMD. PoCL 3.1 defines `inline` as
 * nothing, and the local memory of a function that stays a call is then shared between work-groups.
 */
#undef inline
#define inline inline __attribute__((always_inline))

#define C_CAT_(a, b) a##b
#define C_CAT(a, b)  C_CAT_(a, b)

/* vf: the native vector, float4, float8 or float16. vi: the vector of as many ints. */
#define C_VW P_VECTOR_WIDTH
typedef C_CAT(float, P_VECTOR_WIDTH) vf;
typedef C_CAT(int, P_VECTOR_WIDTH) vi;
#define as_vf(x)          C_CAT(as_float, P_VECTOR_WIDTH)(x)
#define as_vi(x)          C_CAT(as_int, P_VECTOR_WIDTH)(x)

/*
 * vf_load, vf_store: vector i of p, aligned as a float is. PoCL 3.1 splits vloadn and vstoren into halves, recursively,
 * and the compiler does not always merge them again. With clang a packed struct makes each one access.
 */
#ifdef __clang__
typedef struct {
    vf v;
} __attribute__((packed, aligned(4))) c_vector;
#define CLG_DEFINE_ACCESS(SPACE)                                                                                       \
    inline vf __attribute__((overloadable)) vf_load(size_t i, SPACE const float *p)                                    \
    {                                                                                                                  \
        return ((SPACE const c_vector *)p)[i].v;                                                                       \
    }                                                                                                                  \
    inline void __attribute__((overloadable)) vf_store(vf x, size_t i, SPACE float *p)                                 \
    {                                                                                                                  \
        ((SPACE c_vector *)p)[i].v = x;                                                                                \
    }
CLG_DEFINE_ACCESS(__global)
CLG_DEFINE_ACCESS(__local)
CLG_DEFINE_ACCESS(__private)
#else
#define vf_load(i, p)     C_CAT(vload, P_VECTOR_WIDTH)(i, p)
#define vf_store(x, i, p) C_CAT(vstore, P_VECTOR_WIDTH)(x, i, p)
#endif

/* Stands for minus infinity in masked scores: finite, so that differences of two masked scores are 0 and not NaN. */
#define C_MASKED (-1e30f)
#define C_LOG2E  1.44269504088896341f
#define C_LN2    0.69314718055994531f

/* Adding 1.5 * 2^23 rounds to the nearest integer and leaves it in the low mantissa bits. */
#define C_ROUND_MAGIC 12582912.0f

#define CLG_DEFINE_EXP2(name, T, I, as_T, as_I)                                                                        \
    inline T name(T x)                                                                                                 \
    {                                                                                                                  \
        x = max(x, (T)(-126.0f));                                                                                      \
        T t = x + (T)(C_ROUND_MAGIC);                                                                                  \
        T f = x - (t - (T)(C_ROUND_MAGIC));                                                                            \
        T p = fma((T)(1.5403530e-4f), f, (T)(1.3333558e-3f));                                                          \
        p = fma(p, f, (T)(9.6181291e-3f));                                                                             \
        p = fma(p, f, (T)(5.5504109e-2f));                                                                             \
        p = fma(p, f, (T)(2.4022651e-1f));                                                                             \
        p = fma(p, f, (T)(6.9314718e-1f));                                                                             \
        p = fma(p, f, (T)(1.0f));                                                                                      \
        return as_T(as_I(p) + (as_I(t) << 23));                                                                        \
    }
CLG_DEFINE_EXP2(clg_exp2, float, int, as_float, as_int)
CLG_DEFINE_EXP2(clg_exp2_v, vf, vi, as_vf, as_vi)

/* exp(x) by the same polynomial; x is at most 88. */
inline float clg_exp(float x)
{
    return clg_exp2(x * C_LOG2E);
}
inline vf clg_exp_v(vf x)
{
    return clg_exp2_v(x * (vf)(C_LOG2E));
}

/* Sum and maximum of the lanes of a vector, as a fixed tree: the upper half is combined with the lower one, and so
 * on. */
inline float clg_sum4(float4 v)
{
    float2 h = v.lo + v.hi;
    return fma(h.x, 1.0f, h.y); /* h.x + h.y, on which oclgrind 21.10 crashes */
}
inline float clg_max4(float4 v)
{
    float2 h = max(v.lo, v.hi);
    return max(h.x, h.y);
}
#if P_VECTOR_WIDTH == 16
inline float clg_sum_v(vf v)
{
    float8 h = v.lo + v.hi;
    return clg_sum4(h.lo + h.hi);
}
inline float clg_max_v(vf v)
{
    float8 h = max(v.lo, v.hi);
    return clg_max4(max(h.lo, h.hi));
}
#elif P_VECTOR_WIDTH == 8
inline float clg_sum_v(vf v)
{
    return clg_sum4(v.lo + v.hi);
}
inline float clg_max_v(vf v)
{
    return clg_max4(max(v.lo, v.hi));
}
#else
inline float clg_sum_v(vf v)
{
    return clg_sum4(v);
}
inline float clg_max_v(vf v)
{
    return clg_max4(v);
}
#endif
