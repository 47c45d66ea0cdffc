/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Embedding: y[n] = table[index[n]], a row of zeros where the index is outside 0 .. V-1; and its gradient.
 *
 * k_embedding: a group owns whole rows of y.
 * k_embedding_backward: group g owns rows V g / groups .. V (g + 1) / groups - 1 of dtable and visits all N indices in
 * ascending order. So each row has one writer, and is summed in the order of the batch. Item l owns the same columns of
 * every row. No local memory, no barriers. y and dy are C_ACT, table is C_TABLE, dtable and its sums are f32.
 */
#ifndef C_TABLE
#define C_TABLE f32
#endif
typedef C_OF(clg_t_, C_TABLE) c_table;

C_KERNEL void k_embedding(__global const c_table *restrict table, ulong table_at, ulong table_stride, __global const int *restrict index,
                          ulong index_at, __global c_act *restrict y, ulong y_at, ulong y_stride, ulong n, ulong e, ulong v)
{
    C_ROWS (row, n) {
        int i = index[index_at + row];
        bool known = i >= 0 && (ulong)i < v;
        __global const c_table *from = table + table_at + (known ? (size_t)i * table_stride : 0);
        __global c_act *to = y + y_at + row * y_stride;
        C_WHOLE (c, e)
            store(known ? C_OF(load_, C_TABLE)(from, c, e, true) : (vf)(0.0f), to, c, e, true);
        C_PART (c, e)
            store(known ? C_OF(load_, C_TABLE)(from, c, e, false) : (vf)(0.0f), to, c, e, false);
    }
}

C_KERNEL void k_embedding_backward(__global const c_act *restrict dy, ulong dy_at, ulong dy_stride,
                                   __global const int *restrict index, ulong index_at, __global float *restrict dtable,
                                   ulong dtable_at, ulong dtable_stride, ulong n, ulong e, ulong v)
{
    size_t groups = get_num_groups(0), g = get_group_id(0);
    long first = (long)(v * g / groups), last = (long)(v * (g + 1) / groups);

    for (size_t row = 0; row < n; row++) {
        int i = index[index_at + row];
        if (i < first || i >= last)
            continue;
        __global float *to = dtable + dtable_at + (size_t)i * dtable_stride;
        __global const c_act *from = dy + dy_at + row * dy_stride;
        C_WHOLE (c, e)
            store_f32(load_f32(to, c, e, true) + load(from, c, e, true), to, c, e, true);
        C_PART (c, e)
            store_f32(load_f32(to, c, e, false) + load(from, c, e, false), to, c, e, false);
    }
}
