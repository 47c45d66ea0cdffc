/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RMSNorm backward: dx = rstd (w dy - x rstd^2 mean(w dy x)), written or added; dw += sum over rows of dy x rstd.
 *
 * k_rmsnorm_backward: group b of C_BLOCKS owns rows N b / C_BLOCKS .. and partial[b][E] alone. The mean is summed as in the forward. Item l owns
 * the same columns of dx and of partial in every row, so no barrier orders them. Rows are added in ascending order.
 * k_rmsnorm_dw: dw += partial[0] + partial[1] + ..., in that order, one item per vector.
 * Local memory: 4 * C_GROUP_SIZE bytes in simt. f32.
 */
#ifndef C_BLOCKS
#define C_BLOCKS 32
#endif

C_KERNEL void k_rmsnorm_backward(__global const float *restrict x, ulong x_at, ulong x_stride, __global const float *restrict w,
                                 ulong w_at, __global const float *restrict rstd, ulong rstd_at, __global const float *dy,
                                 ulong dy_at, ulong dy_stride, __global float *dx, ulong dx_at, ulong dx_stride,
                                 __global float *restrict partial, ulong partial_at, ulong n, ulong e, int accumulate)
{
#if !C_CPU
    __local float scratch[C_GROUP_SIZE];
#endif
    size_t vectors = n_vectors(e), block = get_group_id(0);
    __global float *part = partial + partial_at + block * vectors * C_VW;

    C_VECTORS (c, vectors)
        vf_store((vf)(0.0f), c, part);
    for (size_t row = n * block / C_BLOCKS; row < n * (block + 1) / C_BLOCKS; row++) {
        __global const float *in = x + x_at + row * x_stride, *g = dy + dy_at + row * dy_stride;
        __global float *out = dx + dx_at + row * dx_stride;
        float r = rstd[rstd_at + row];
        vf dots = (vf)(0.0f);
        C_VECTORS (c, vectors)
            dots = fma(load_part(w + w_at, c, e) * load_part(g, c, e), load_part(in, c, e), dots);
        float mean = group_sum(clg_sum_v(dots), scratch) / (float)e * r * r * r;
        C_VECTORS (c, vectors) {
            vf v = load_part(in, c, e), d = load_part(g, c, e);
            vf result = fma(-v, (vf)(mean), load_part(w + w_at, c, e) * d * r);
            if (accumulate)
                result += load_part(out, c, e);
            vf_store(fma(d * r, v, vf_load(c, part)), c, part);
            store_part(result, out, c, e);
        }
    }
}

C_KERNEL void k_rmsnorm_dw(__global const float *restrict partial, ulong partial_at, __global float *restrict dw, ulong dw_at,
                           ulong e)
{
    size_t vectors = n_vectors(e);

    C_ROWS (c, vectors) {
        if (get_local_id(0) != 0)
            continue;
        vf sum = load_part(dw + dw_at, c, e);
        for (size_t block = 0; block < C_BLOCKS; block++)
            sum += vf_load(block * vectors + c, partial + partial_at);
        store_part(sum, dw + dw_at, c, e);
    }
}
