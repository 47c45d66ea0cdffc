/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RMSNorm: y = x rstd w, rstd = 1 / sqrt(mean x^2 + eps). With C_RESIDUAL, sum = x + residual is stored first and
 * takes the place of x; sum may be x.
 *
 *   x, y, residual, sum [N][E] by row strides   w [E]   rstd [N], written if has_rstd
 *
 * A group owns whole rows. Squares are summed by lane in C_CHAINS chains of fma; the chains are added in pairs, the
 * lanes by a tree, the items by a tree: a fixed order for each row. The second loop finds the row in the cache and
 * prefetches the next one. Local memory: 4 * C_GROUP_SIZE bytes in simt.
 *
 * x, y, residual and sum are C_ACT, all else is f32. A sum of halves is rounded before it is squared: what is
 * normalised is what is stored, and each item reads back what it wrote itself.
 */
#ifndef C_RESIDUAL
#define C_RESIDUAL 0
#endif

inline vf square(__global const c_act *x, __global const c_act *residual, __global c_act *sum, size_t c, size_t e, bool whole,
                 vf squares)
{
    vf v = load(x, c, e, whole);
#if C_RESIDUAL
    v += load(residual, c, e, whole);
    store(v, sum, c, e, whole);
#if !C_ACT_F32
    v = load(sum, c, e, whole);
#endif
#endif
    return fma(v, v, squares);
}

inline void scale(__global const c_act *x, __global const float *w, __global c_act *y, size_t c, size_t e, bool whole, float r)
{
    store(load(x, c, e, whole) * r * load_f32(w, c, e, whole), y, c, e, whole);
}

C_KERNEL void k_rmsnorm(__global const c_act *x, ulong x_at, ulong x_stride, __global const c_act *restrict residual, ulong residual_at,
                        ulong residual_stride, __global c_act *sum, ulong sum_at, ulong sum_stride,
                        __global const float *restrict w, ulong w_at, __global c_act *y, ulong y_at, ulong y_stride,
                        __global float *restrict rstd, ulong rstd_at, int has_rstd, ulong n, ulong e, float eps)
{
#if !C_CPU
    __local float scratch[C_GROUP_SIZE];
#endif

    C_ROWS (row, n) {
        __global const c_act *in = x + x_at + row * x_stride, *with = residual + residual_at + row * residual_stride;
        __global c_act *held = sum + sum_at + row * sum_stride, *out = y + y_at + row * y_stride;
        __global const c_act *from = C_RESIDUAL ? held : in;
        vf s[C_CHAINS] = {(vf)(0.0f), (vf)(0.0f), (vf)(0.0f), (vf)(0.0f)};
        C_FOURS (c, e) {
#pragma unroll
            for (int k = 0; k < C_CHAINS; k++)
                s[k] = square(in, with, held, c + k * C_GROUP_SIZE, e, true, s[k]);
        }
        C_REST (c, e)
            s[0] = square(in, with, held, c, e, true, s[0]);
        C_PART (c, e)
            s[0] = square(in, with, held, c, e, false, s[0]);
        float total = group_sum(clg_sum_v((s[0] + s[1]) + (s[2] + s[3])), scratch);
        float r = 1.0f / sqrt(total / (float)e + eps);
        if (has_rstd && C_ITEM == 0)
            rstd[rstd_at + row] = r;
        C_WHOLE (c, e) {
            C_AHEAD(in + x_stride + c * C_VW, e);
            C_AHEAD(out + y_stride + c * C_VW, e);
#if C_RESIDUAL
            C_AHEAD(with + residual_stride + c * C_VW, e);
#endif
            scale(from, w + w_at, out, c, e, true, r);
        }
        C_PART (c, e)
            scale(from, w + w_at, out, c, e, false, r);
    }
}
