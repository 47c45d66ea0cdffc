/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the small operations share out rows and vectors, in both families (C_CPU 1 or 0), and partial vectors at a row's end.
 *
 * C_ROWS(row, n)      cpu: the one item of group g owns a run of neighbouring rows; simt: group g owns rows g, g + groups, ...
 * C_VECTORS(c, n)     within a row: cpu: all n vectors; simt: item l owns vectors l, l + items, ...
 *
 * A vector is computed by the same lane-wise arithmetic whether it is whole or the part at the end of a row, and by one item alone, so a row's
 * bits depend on nothing but the row. No kernel here leaves a loop before a barrier.
 */
#ifndef C_CPU
#define C_CPU 1
#endif

#if C_CPU
#define C_ROWS(row, n)                                                                                                 \
    for (size_t row = (size_t)(n)*get_group_id(0) / get_num_groups(0),                                                 \
                row##_end = (size_t)(n) * (get_group_id(0) + 1) / get_num_groups(0);                                   \
         row < row##_end; row++)
#define C_VECTORS(c, n) for (size_t c = 0; c < (n); c++)
#define C_GROUP_SIZE    1
#else
#define C_ROWS(row, n)  for (size_t row = get_group_id(0); row < (n); row += get_num_groups(0))
#define C_VECTORS(c, n) for (size_t c = get_local_id(0); c < (n); c += C_GROUP_SIZE)
#define C_GROUP_SIZE    64
#endif
#define C_KERNEL __attribute__((reqd_work_group_size(C_GROUP_SIZE, 1, 1))) __kernel

/* Vectors of a row of n floats, the last one perhaps partial. */
inline size_t n_vectors(size_t n)
{
    return (n + C_VW - 1) / C_VW;
}

inline vf load_part(__global const float *p, size_t c, size_t n)
{
    if ((c + 1) * C_VW <= n)
        return vf_load(c, p);
    float lane[C_VW];
    for (int i = 0; i < C_VW; i++)
        lane[i] = c * C_VW + i < n ? p[c * C_VW + i] : 0.0f;
    return vf_load(0, lane);
}

inline void store_part(vf x, __global float *p, size_t c, size_t n)
{
    if ((c + 1) * C_VW <= n) {
        vf_store(x, c, p);
        return;
    }
    float lane[C_VW];
    vf_store(x, 0, lane);
    for (int i = 0; i < C_VW && c * C_VW + i < n; i++)
        p[c * C_VW + i] = lane[i];
}

/* The sum over a group of each item's x, to all of them: a fixed tree over the items. `scratch` holds C_GROUP_SIZE floats; every item of the
 * group must call it. The first barrier orders the items' writes before the tree's reads, the last one the result's read before the next use. */
#if C_CPU
#define group_sum(x, scratch) (x)
#else
inline float group_sum(float x, __local float *scratch)
{
    size_t l = get_local_id(0);

    scratch[l] = x;
    for (size_t half_size = C_GROUP_SIZE / 2; half_size > 0; half_size /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (l < half_size)
            scratch[l] += scratch[l + half_size];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    x = scratch[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return x;
}
#endif
