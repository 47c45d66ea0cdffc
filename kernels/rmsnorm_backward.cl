/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RMSNorm backward: dx = rstd (w dy - x rstd^2 mean(w dy x)), written, or with C_ACCUMULATE added; dw += sum over
 * rows of dy x rstd.
 *
 * k_rmsnorm_backward: group b owns rows N b / C_BLOCKS .. N (b + 1) / C_BLOCKS - 1, and partial[b][E]. The mean is
 * summed as the forward sums squares. Item l owns the same columns of dx and of partial in every row, so they need no
 * barrier. Rows are added in ascending order. The second loop of a row prefetches the next row.
 * k_rmsnorm_dw: dw += partial[0] + partial[1] + ..., in this order, one item for each vector.
 * Local memory: 4 * C_GROUP_SIZE bytes in simt. x, dy and dx are C_ACT, all else is f32.
 */
#ifndef C_BLOCKS
#define C_BLOCKS 32
#endif
#ifndef C_ACCUMULATE
#define C_ACCUMULATE 0
#endif

inline vf dot(__global const c_act *x, __global const float *w, __global const c_act *dy, size_t c, size_t e, bool whole,
              vf dots)
{
    return fma(load_f32(w, c, e, whole) * load(dy, c, e, whole), load(x, c, e, whole), dots);
}

inline void gradient(__global const c_act *x, __global const float *w, __global const c_act *dy, __global c_act *dx,
                     __global float *part, size_t c, size_t e, bool whole, float r, float mean)
{
    vf v = load(x, c, e, whole), d = load(dy, c, e, whole) * r;
    vf result = fma(-v, (vf)(mean), load_f32(w, c, e, whole) * d);

#if C_ACCUMULATE
    result += load(dx, c, e, whole);
#endif
    vf_store(fma(d, v, vf_load(c, part)), c, part);
    store(result, dx, c, e, whole);
}

C_KERNEL void k_rmsnorm_backward(__global const c_act *restrict x, ulong x_at, ulong x_stride, __global const float *restrict w,
                                 ulong w_at, __global const float *restrict rstd, ulong rstd_at, __global const c_act *dy,
                                 ulong dy_at, ulong dy_stride, __global c_act *dx, ulong dx_at, ulong dx_stride,
                                 __global float *restrict partial, ulong partial_at, ulong n, ulong e)
{
#if !C_CPU
    __local float scratch[C_GROUP_SIZE];
#endif
    size_t block = get_group_id(0);
    __global float *part = partial + partial_at + block * n_vectors(e) * C_VW;

    C_WHOLE (c, n_vectors(e) * C_VW)
        vf_store((vf)(0.0f), c, part);
    for (size_t row = n * block / C_BLOCKS; row < n * (block + 1) / C_BLOCKS; row++) {
        __global const c_act *in = x + x_at + row * x_stride, *g = dy + dy_at + row * dy_stride;
        __global c_act *out = dx + dx_at + row * dx_stride;
        float r = rstd[rstd_at + row];
        vf s[C_CHAINS] = {(vf)(0.0f), (vf)(0.0f), (vf)(0.0f), (vf)(0.0f)};
        C_FOURS (c, e) {
#pragma unroll
            for (int k = 0; k < C_CHAINS; k++)
                s[k] = dot(in, w + w_at, g, c + k * C_GROUP_SIZE, e, true, s[k]);
        }
        C_REST (c, e)
            s[0] = dot(in, w + w_at, g, c, e, true, s[0]);
        C_PART (c, e)
            s[0] = dot(in, w + w_at, g, c, e, false, s[0]);
        float mean = group_sum(clg_sum_v((s[0] + s[1]) + (s[2] + s[3])), scratch) / (float)e * r * r * r;
        C_WHOLE (c, e) {
            C_AHEAD(in + x_stride + c * C_VW, e);
            C_AHEAD(g + dy_stride + c * C_VW, e);
            C_AHEAD(out + dx_stride + c * C_VW, e);
            gradient(in, w + w_at, g, out, part, c, e, true, r, mean);
        }
        C_PART (c, e)
            gradient(in, w + w_at, g, out, part, c, e, false, r, mean);
    }
}

C_KERNEL void k_rmsnorm_dw(__global const float *restrict partial, ulong partial_at, __global float *restrict dw, ulong dw_at,
                           ulong e)
{
    size_t vectors = n_vectors(e);

    C_ROWS (c, vectors) {
        bool whole = (c + 1) * C_VW <= e;
        if (C_ITEM != 0)
            continue;
        vf sum = load_f32(dw + dw_at, c, e, whole);
        for (size_t block = 0; block < C_BLOCKS; block++)
            sum += vf_load(block * vectors + c, partial + partial_at);
        store_f32(sum, dw + dw_at, c, e, whole);
    }
}
