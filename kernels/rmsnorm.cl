/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RMSNorm: y = x rstd w, rstd = 1 / sqrt(mean x^2 + eps); with C_RESIDUAL x += residual first, in place.
 *
 *   x, y, residual [N][E] by row strides   w [E]   rstd [N], written if has_rstd
 *
 * A group owns whole rows. Squares are summed by lane (one fma chain per lane over the item's vectors), lanes by a tree, items by a tree: a
 * fixed order per row. Local memory: 4 * C_GROUP_SIZE bytes in simt. f32.
 */
#ifndef C_RESIDUAL
#define C_RESIDUAL 0
#endif

C_KERNEL void k_rmsnorm(__global float *x, ulong x_at, ulong x_stride, __global const float *restrict residual, ulong residual_at,
                        ulong residual_stride, __global const float *restrict w, ulong w_at, __global float *y, ulong y_at,
                        ulong y_stride, __global float *restrict rstd, ulong rstd_at, int has_rstd, ulong n, ulong e, float eps)
{
#if !C_CPU
    __local float scratch[C_GROUP_SIZE];
#endif
    size_t vectors = n_vectors(e);

    C_ROWS (row, n) {
        __global float *in = x + x_at + row * x_stride;
        __global float *out = y + y_at + row * y_stride;
        vf squares = (vf)(0.0f);
        C_VECTORS (c, vectors) {
            vf v = load_part(in, c, e);
#if C_RESIDUAL
            v += load_part(residual + residual_at + row * residual_stride, c, e);
            store_part(v, in, c, e);
#endif
            squares = fma(v, v, squares);
        }
        float total = group_sum(clg_sum_v(squares), scratch);
        float r = 1.0f / sqrt(total / (float)e + eps);
        if (has_rstd && get_local_id(0) == 0)
            rstd[rstd_at + row] = r;
        C_VECTORS (c, vectors)
            store_part(load_part(in, c, e) * r * load_part(w + w_at, c, e), out, c, e);
    }
}
