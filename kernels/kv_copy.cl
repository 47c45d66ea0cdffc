/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies the first length[n] positions of slot source[n] of the KV cache to slot target[n], in whole blocks of 64. A
 * block of a key head is 64 D consecutive elements, in k_cache as in v_cache.
 *
 * Group (n, g, b) of P_GROUP items owns block b of key head g of target[n]; item i copies its vectors of 8 elements i,
 * i + P_GROUP, ... An entry that is out of range, and a block from length[n] on, are skipped. No barriers, no local
 * memory. Bits are copied: C_WORD is an unsigned type of the element's size.
 */
#ifndef C_HEAD_DIM
#define C_HEAD_DIM 64
#endif
#ifndef C_WORD
#define C_WORD uint
#endif
#ifndef P_GROUP
#define P_GROUP 64
#endif
#define C_BLOCK 64

__attribute__((reqd_work_group_size(P_GROUP, 1, 1))) __kernel void
k_kv_copy(__global const int *restrict source_buf, ulong source_off, __global const int *restrict target_buf,
          ulong target_off, __global const int *restrict length_buf, ulong length_off, __global C_WORD *k_cache,
          ulong k_cache_off, __global C_WORD *v_cache, ulong v_cache_off, int n_slots, int n_positions)
{
    const size_t n = get_group_id(0), g = get_group_id(1), b = get_group_id(2), n_heads = get_num_groups(1);
    const int source = source_buf[source_off + n], target = target_buf[target_off + n];
    const int length = length_buf[length_off + n];
    if (source < 0 || source >= n_slots || target < 0 || target >= n_slots || source == target ||
        length > n_positions || (int)b * C_BLOCK >= length)
        return;
    const size_t from = (source * n_heads + g) * n_positions * C_HEAD_DIM + b * C_BLOCK * C_HEAD_DIM;
    const size_t to = (target * n_heads + g) * n_positions * C_HEAD_DIM + b * C_BLOCK * C_HEAD_DIM;
    k_cache += k_cache_off;
    v_cache += v_cache_off;
    for (int i = get_local_id(0); i < C_BLOCK * C_HEAD_DIM / 8; i += P_GROUP) {
        vstore8(vload8(i, k_cache + from), i, k_cache + to);
        vstore8(vload8(i, v_cache + from), i, v_cache + to);
    }
}
