/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels that measure the machine's limits. They must not change when the library's kernels do.
 *
 * WIDTH is the number of lanes of a vector. In a stream, neighbouring items take neighbouring vectors (GPU is 1), or
 * each item takes a contiguous part of its own (GPU is 0). With HALF the program is k_fma in f16 alone, in vectors of
 * twice the width, but of 16 lanes at most.
 *
 *   k_fma, k_exp         CHAINS, EXP_CHAINS vectors of each item in registers, `rounds` times
 *   k_copy, k_write      per_item vectors of each item
 *   k_read, k_strided    per_item vectors, or floats STRIDE apart, of each item; the sums are stored, so that no
 *                        compiler removes the reads
 *   k_f16, k_bf16        each group reads the same BLOCK elements `rounds` times
 *   k_dot                with DOT, CHAINS integers of each item, `rounds` times
 *   k_group              one group, whose items read what their neighbours wrote
 *   k_local              each group reads its BLOCK floats of local memory `rounds` times
 *   k_empty              nothing: the time of a launch
 */
#ifndef CHAINS
#define CHAINS 12
#endif
#define EXP_CHAINS 4
#define BLOCK      4096
#define STRIDE     16
#define CAT_(a, b) a##b
#define CAT(a, b)  CAT_(a, b)

#ifdef HALF
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
typedef half real;
#if WIDTH == 4
typedef half8 reals;
#else
typedef half16 reals;
#endif
#else
typedef float real;
typedef CAT(float, WIDTH) reals;
#endif

__kernel void k_fma(__global float *out, int rounds, float x, float y)
{
    reals a[CHAINS], vx = (reals)((real)x), vy = (reals)((real)y);

#pragma unroll
    for (int i = 0; i < CHAINS; i++)
        a[i] = (reals)((real)(0.001f * (float)(i + (int)(get_global_id(0) & 63))));
    for (int r = 0; r < rounds; r++) {
#pragma unroll
        for (int i = 0; i < CHAINS; i++)
            a[i] = fma(a[i], vx, vy);
    }
#pragma unroll
    for (int i = 1; i < CHAINS; i++)
        a[0] += a[i];
    const reals s = a[0];
#if WIDTH > 4 || defined(HALF)
    out[get_global_id(0)] = (float)(s.lo.s0 + s.lo.s1 + s.hi.s2 + s.hi.s3);
#else
    out[get_global_id(0)] = s.s0 + s.s3;
#endif
}

#ifdef DOT
/* Chains of four products of bytes, which are added to an integer. */
__kernel void k_dot(__global float *out, int rounds, float x, float y)
{
    const uint vx = as_uint(x) + (uint)get_global_id(0), vy = as_uint(y);
    int a[CHAINS];

    for (int i = 0; i < CHAINS; i++)
        a[i] = i;
    for (int r = 0; r < rounds; r++) {
#pragma unroll
        for (int i = 0; i < CHAINS; i++)
            a[i] += dot_4x8packed_ss_int(vx ^ (uint)a[i], vy);
    }
    for (int i = 1; i < CHAINS; i++)
        a[0] += a[i];
    out[get_global_id(0)] = (float)a[0];
}
#endif

#ifndef HALF
typedef reals vf;

#if GPU
#define AT(i) ((i)*get_global_size(0) + get_global_id(0))
#else
#define AT(i) (get_global_id(0) * per_item + (i))
#endif

__kernel void k_exp(__global float *out, int rounds, float x, float y)
{
    vf a[EXP_CHAINS];

    for (int i = 0; i < EXP_CHAINS; i++)
        a[i] = (vf)(0.001f * (float)(i + get_global_id(0)));
    for (int r = 0; r < rounds; r++) {
#pragma unroll
        for (int i = 0; i < EXP_CHAINS; i++)
            a[i] = native_exp2(fma(a[i], (vf)(-x), (vf)(y)));
    }
    CAT(vstore, WIDTH)((a[0] + a[1]) + (a[2] + a[3]), get_global_id(0), out);
}

__kernel void k_copy(__global const float *restrict from, __global float *restrict to, ulong per_item)
{
    for (size_t i = 0; i < per_item; i++)
        CAT(vstore, WIDTH)(CAT(vload, WIDTH)(AT(i), from), AT(i), to);
}

__kernel void k_read(__global const float *restrict from, __global float *restrict to, ulong per_item)
{
    vf s[4] = {(vf)(0.0f), (vf)(0.0f), (vf)(0.0f), (vf)(0.0f)};

    for (size_t i = 0; i + 4 <= per_item; i += 4) {
        s[0] += CAT(vload, WIDTH)(AT(i), from);
        s[1] += CAT(vload, WIDTH)(AT(i + 1), from);
        s[2] += CAT(vload, WIDTH)(AT(i + 2), from);
        s[3] += CAT(vload, WIDTH)(AT(i + 3), from);
    }
    CAT(vstore, WIDTH)((s[0] + s[1]) + (s[2] + s[3]), get_global_id(0), to);
}

__kernel void k_write(__global float *restrict from, __global float *restrict to, ulong per_item)
{
    const vf x = (vf)((float)get_global_id(0));

    (void)from;
    for (size_t i = 0; i < per_item; i++)
        CAT(vstore, WIDTH)(x, AT(i), to);
}

__kernel void k_strided(__global const float *restrict from, __global float *restrict to, ulong per_item)
{
    float s[4] = {0.0f, 0.0f, 0.0f, 0.0f};

    for (size_t i = 0; i + 4 <= per_item; i += 4) {
        s[0] += from[AT(i) * STRIDE];
        s[1] += from[AT(i + 1) * STRIDE];
        s[2] += from[AT(i + 2) * STRIDE];
        s[3] += from[AT(i + 3) * STRIDE];
    }
    to[get_global_id(0)] = (s[0] + s[1]) + (s[2] + s[3]);
}

/* Eight independent sums over the block; LOAD(i) gives vector i. */
#define READ_BLOCK(LOAD)                                                                                               \
    const size_t lane = get_local_id(0), n = get_local_size(0);                                                        \
    vf s[8];                                                                                                           \
    for (int i = 0; i < 8; i++)                                                                                        \
        s[i] = (vf)(0.0f);                                                                                             \
    for (int r = 0; r < rounds; r++)                                                                                   \
        for (size_t j = 0; j < BLOCK / (8 * WIDTH * n); j++) {                                                         \
            _Pragma("unroll") for (int i = 0; i < 8; i++) s[i] += LOAD((j * 8 + i) * n + lane);                        \
        }                                                                                                              \
    s[0] = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));                                          \
    CAT(vstore, WIDTH)(s[0], get_global_id(0), to)
#define LOAD_F16(i)   CAT(vload_half, WIDTH)(i, from)
#define LOAD_BF16(i)  CAT(as_float, WIDTH)(CAT(convert_uint, WIDTH)(CAT(vload, WIDTH)(i, from)) << 16)
#define LOAD_LOCAL(i) CAT(vload, WIDTH)(i, block)

__kernel void k_f16(__global const half *restrict from, __global float *restrict to, int rounds)
{
    READ_BLOCK(LOAD_F16);
}

__kernel void k_bf16(__global const ushort *restrict from, __global float *restrict to, int rounds)
{
    READ_BLOCK(LOAD_BF16);
}

__kernel void k_local(__global float *restrict to, int rounds, __local float *block)
{
    for (size_t i = get_local_id(0); i < BLOCK; i += get_local_size(0))
        block[i] = (float)(i & 7);
    barrier(CLK_LOCAL_MEM_FENCE);
    READ_BLOCK(LOAD_LOCAL);
}

/* out[i] is 2 if item i of a group saw what its neighbour left in local memory. */
__kernel void k_group(__global float *out, __local float *seen)
{
    const size_t i = get_local_id(0), n = get_local_size(0);

    seen[i] = (float)i;
    barrier(CLK_LOCAL_MEM_FENCE);
    out[get_global_id(0)] = seen[(i + 1) % n] == (float)((i + 1) % n) ? 2.0f : 1.0f;
}

__kernel void k_empty(__global float *out)
{
    if (get_global_id(0) == 1 << 30)
        out[0] = 1.0f;
}
#endif
