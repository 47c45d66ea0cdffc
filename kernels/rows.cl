/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the small operations share out rows and vectors, in both families (C_CPU 1 or 0), and partial vectors at a row's end.
 *
 * C_ROWS(row, n)      cpu: the one item of group g owns a run of neighbouring rows; simt: group g owns rows g, g + groups, ...
 * C_WHOLE(c, n)       the whole vectors of a row of n floats: cpu: all of them; simt: item l owns vectors l, l + items, ...
 * C_PART(c, n)        then the partial vector at its end, if there is one, for the item whose turn it is
 * C_FOURS(c, n)       the whole vectors by C_CHAINS at a time: vectors c, c + C_GROUP_SIZE, ..., for sums by as many independent chains
 * C_REST(c, n)        the whole vectors that are left after C_FOURS
 * C_AHEAD(p, n)       cpu: asks for the cache line at p, of n floats that come next, to be read or written; p may lie outside of the buffer. Of
 *                     wide rows the second-level cache alone has room beside the one at work; it also does for a stream.
 *
 * A vector is computed by the same lane-wise arithmetic whether it is whole or the part at the end of a row, and by one item alone, so a row's
 * bits depend on nothing but the row. The loops are apart so that the common one holds no test: bodies are inline functions that take `whole` as
 * a constant, and no restrict: inlined, it becomes what Oclgrind does not know. No kernel here leaves a loop before a barrier.
 */
#ifndef C_CPU
#define C_CPU 1
#endif

#if C_CPU
#define C_ROWS(row, n)                                                                                                 \
    for (size_t row = (size_t)(n)*get_group_id(0) / get_num_groups(0),                                                 \
                row##_end = (size_t)(n) * (get_group_id(0) + 1) / get_num_groups(0);                                   \
         row < row##_end; row++)
#define C_ITEM       0
#define C_GROUP_SIZE 1
#else
#define C_ROWS(row, n) for (size_t row = get_group_id(0); row < (n); row += get_num_groups(0))
#define C_ITEM         get_local_id(0)
#ifndef P_GROUP
#define P_GROUP 64
#endif
#define C_GROUP_SIZE P_GROUP
#endif
#define C_CHAINS       4
#define C_BLOCK        (C_CHAINS * C_GROUP_SIZE)
#define C_WHOLE(c, n)  for (size_t c = C_ITEM; c < (n) / C_VW; c += C_GROUP_SIZE)
#define C_PART(c, n)   for (size_t c = (n) / C_VW; c * C_VW < (n) && c % C_GROUP_SIZE == C_ITEM; c += C_GROUP_SIZE)
#define C_FOURS(c, n)  for (size_t c = C_ITEM; c < (n) / C_VW / C_BLOCK * C_BLOCK; c += C_BLOCK)
#define C_REST(c, n)   for (size_t c = (n) / C_VW / C_BLOCK * C_BLOCK + C_ITEM; c < (n) / C_VW; c += C_GROUP_SIZE)

#if C_CPU
#define C_AHEAD(p, n)                                                                                                  \
    do {                                                                                                               \
        if ((n) > 1024)                                                                                                \
            CLG_AHEAD(2, p);                                                                                           \
        else                                                                                                           \
            CLG_AHEAD(3, p);                                                                                           \
    } while (0)
#else
#define C_AHEAD(p, n)
#endif
#if P_LANES /* the width of sub-groups, where it can be had on demand */
#define C_KERNEL __attribute__((reqd_work_group_size(C_GROUP_SIZE, 1, 1), intel_reqd_sub_group_size(P_LANES))) __kernel
#else
#define C_KERNEL __attribute__((reqd_work_group_size(C_GROUP_SIZE, 1, 1))) __kernel
#endif

/* Vectors of a row of n floats, the last one perhaps partial. */
inline size_t n_vectors(size_t n)
{
    return (n + C_VW - 1) / C_VW;
}

/* Vector c of a row of n floats. */
inline vf load(__global const float *p, size_t c, size_t n, bool whole)
{
    if (whole)
        return vf_load(c, p);
    float lane[C_VW];
    for (int i = 0; i < C_VW; i++)
        lane[i] = c * C_VW + i < n ? p[c * C_VW + i] : 0.0f;
    return vf_load(0, lane);
}

inline void store(vf x, __global float *p, size_t c, size_t n, bool whole)
{
    if (whole) {
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
inline float group_tree(float x, __local float *scratch)
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
#if HAS_SUBGROUPS
#ifndef C_SHUFFLE_XOR /* a tier may name another way */
#pragma OPENCL EXTENSION cl_khr_subgroup_shuffle : enable
#define C_LANE              get_sub_group_local_id()
#define C_LANES             get_max_sub_group_size()
#define C_SHUFFLE_XOR(x, m) sub_group_shuffle_xor(x, m)
#endif
/*
 * The same tree in each sub-group: its levels above the sub-group's width from local memory, the others by shuffles. Both items of a pair add
 * the other's value, and addition commutes, so that every lane ends with the sum. Where positions lie in sub-groups does not matter, for they
 * are read from local memory. The first barrier orders writes before reads, the second the reads before the next use.
 */
#define C_LEVEL_1(s, i) ((s)[i] + (s)[(i) + C_GROUP_SIZE / 2])
#define C_LEVEL_2(s, i) (C_LEVEL_1(s, i) + C_LEVEL_1(s, (i) + C_GROUP_SIZE / 4))
#define C_LEVEL_3(s, i) (C_LEVEL_2(s, i) + C_LEVEL_2(s, (i) + C_GROUP_SIZE / 8))
#define C_LEVEL_4(s, i) (C_LEVEL_3(s, i) + C_LEVEL_3(s, (i) + C_GROUP_SIZE / 16))
inline float group_sum(float x, __local float *scratch)
{
#if P_LANES
    const uint width = P_LANES;
#else
    const uint width = C_LANES;
#endif
    const uint lane = C_LANE, parts = C_GROUP_SIZE / width;

    if (C_LANES != width || parts * width != C_GROUP_SIZE || (parts & (parts - 1)) != 0 || parts > 16)
        return group_tree(x, scratch);
    scratch[get_local_id(0)] = x;
    barrier(CLK_LOCAL_MEM_FENCE);
    x = parts == 1   ? scratch[lane]
        : parts == 2 ? C_LEVEL_1(scratch, lane)
        : parts == 4 ? C_LEVEL_2(scratch, lane)
        : parts == 8 ? C_LEVEL_3(scratch, lane)
                     : C_LEVEL_4(scratch, lane);
#pragma unroll
    for (uint half_width = C_GROUP_SIZE / 2; half_width > 0; half_width /= 2)
        if (half_width < width)
            x += C_SHUFFLE_XOR(x, half_width);
    barrier(CLK_LOCAL_MEM_FENCE);
    return x;
}
#else
#define group_sum(x, scratch) group_tree(x, scratch)
#endif
#endif
