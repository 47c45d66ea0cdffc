/* SPDX-License-Identifier: Apache-2.0 */
/*
 * y = a + b, [N][E] by row strides; y may be a or b. A group owns whole rows, an item whole vectors. No local memory.
 * Elements are C_ACT, sums f32.
 */
inline void add(__global const c_act *a, __global const c_act *b, __global c_act *y, size_t c, size_t e, bool whole)
{
    store(load(a, c, e, whole) + load(b, c, e, whole), y, c, e, whole);
}

C_KERNEL void k_add(__global const c_act *a, ulong a_at, ulong a_stride, __global const c_act *b, ulong b_at, ulong b_stride,
                    __global c_act *y, ulong y_at, ulong y_stride, ulong n, ulong e)
{
    C_ROWS (row, n) {
        __global const c_act *from = a + a_at + row * a_stride, *with = b + b_at + row * b_stride;
        __global c_act *to = y + y_at + row * y_stride;
        C_WHOLE (c, e)
            add(from, with, to, c, e, true);
        C_PART (c, e)
            add(from, with, to, c, e, false);
    }
}
