/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops over the rows of a matrix and the vectors of a row, for the element-wise operations of both families (C_CPU 1
 * or 0).
 *
 * C_ROWS(row, n)  the rows of n that the group owns. cpu: a run of consecutive rows; simt: rows g, g + groups, ...
 * C_WHOLE(c, n)   the whole vectors, of a row of n floats, that the item owns. cpu: all; simt: l, l + items, ...
 * C_PART(c, n)    then the partial vector at the end of the row, if there is one, for the item that owns it
 * C_FOURS(c, n)   whole vectors, C_CHAINS in a step: c, c + C_GROUP_SIZE, ..., for sums in independent chains
 * C_REST(c, n)    the whole vectors that C_FOURS leaves
 * C_AHEAD(p, n)   cpu: prefetches the cache line at p, of a row of n floats that is read or written next; p may lie
 *                 outside the buffer. Long rows go to the second-level cache, as they would evict the current row from
 *                 the first
 *
 * A vector is computed by the same arithmetic in each lane whether it is whole or partial, and by one item, so the
 * bits of a row depend on nothing but the row. The two cases have loops of their own, so that the common one has no
 * test: the bodies are inline functions that take `whole` as a constant. Their parameters are not `restrict`, which
 * Oclgrind does not support in a function that is inlined. No kernel leaves a loop early, so all items of a group
 * reach each barrier.
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
#if P_LANES /* the size of sub-groups to require */
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

/* The sum of the x of all items of a group, to each of them, by a fixed tree over the items. `scratch` holds
 * C_GROUP_SIZE floats; every item of the group must call it. The barriers in the loop order the writes of a level
 * before the reads of the next, the last barrier the read of the result before the next call's writes. */
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
#ifndef C_SHUFFLE_XOR /* unless a tier defines another shuffle */
#pragma OPENCL EXTENSION cl_khr_subgroup_shuffle : enable
#define C_LANE              get_sub_group_local_id()
#define C_LANES             get_max_sub_group_size()
#define C_SHUFFLE_XOR(x, m) sub_group_shuffle_xor(x, m)
#endif
/*
 * The same tree, computed by each sub-group: the levels above its width read local memory, the others are shuffles.
 * In a shuffle each lane of a pair adds the other's value; addition commutes, so both get the same bits, and every
 * lane ends with the sum. Which items make a sub-group does not matter, as a lane reads its values by lane number.
 * The first barrier orders the writes before the reads, the second the reads before the next call's writes.
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
