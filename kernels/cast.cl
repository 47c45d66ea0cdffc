/* SPDX-License-Identifier: Apache-2.0 */
/*
 * y = x, from storage type C_FROM to C_TO; [N][E] by row strides. A group owns whole rows, an item single elements.
 * No local memory.
 */
#ifndef C_FROM
#define C_FROM f32
#define C_TO   bf16
#endif

C_KERNEL void k_cast(__global const C_OF(clg_t_, C_FROM) *restrict x, ulong x_at, ulong x_stride,
                     __global C_OF(clg_t_, C_TO) *restrict y, ulong y_at, ulong y_stride, ulong n, ulong e)
{
    C_ROWS (row, n) {
        __global const C_OF(clg_t_, C_FROM) *from = x + x_at + row * x_stride;
        __global C_OF(clg_t_, C_TO) *to = y + y_at + row * y_stride;
        for (size_t i = C_ITEM; i < e; i += C_GROUP_SIZE)
            C_OF(clg_put_, C_TO)(C_OF(clg_get_, C_FROM)(i, from), i, to);
    }
}
