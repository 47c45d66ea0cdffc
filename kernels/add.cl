/* SPDX-License-Identifier: Apache-2.0 */
/* y = a + b, [N][E] by row strides; y may be a or b. A group owns whole rows, an item whole vectors. No local memory. f32. */
C_KERNEL void k_add(__global const float *a, ulong a_at, ulong a_stride, __global const float *b, ulong b_at, ulong b_stride,
                    __global float *y, ulong y_at, ulong y_stride, ulong n, ulong e)
{
    size_t vectors = n_vectors(e);

    C_ROWS (row, n) {
        C_VECTORS (c, vectors)
            store_part(load_part(a + a_at + row * a_stride, c, e) + load_part(b + b_at + row * b_stride, c, e),
                       y + y_at + row * y_stride, c, e);
    }
}
