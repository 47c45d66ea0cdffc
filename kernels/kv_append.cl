/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stores the keys and values of N tokens in the KV cache: k_cache [S][K][L/64][D][64], v_cache [S][K][L][D], rounded
 * to the storage type C_CACHE.
 *
 * Group (n, g) of P_GROUP items owns token n of key head g; item d stores its elements d, d + P_GROUP, ... A pair
 * (slot, position) that is out of range is skipped. No barriers, no local memory.
 */
#ifndef C_HEAD_DIM
#define C_HEAD_DIM 64
#endif
#ifndef P_GROUP
#define P_GROUP 32
#endif
#define C_BLOCK 64
#ifndef C_CACHE
#define C_CACHE f32
#endif
typedef C_OF(clg_t_, C_CACHE) cache_t;

__attribute__((reqd_work_group_size(P_GROUP, 1, 1))) __kernel void
k_kv_append(__global const float *restrict k_buf, ulong k_off, ulong k_row, ulong k_head,
            __global const float *restrict v_buf, ulong v_off, ulong v_row, ulong v_head,
            __global const int *restrict slot_buf, ulong slot_off, __global const int *restrict position_buf,
            ulong position_off, __global cache_t *restrict k_cache, ulong k_cache_off, __global cache_t *restrict v_cache,
            ulong v_cache_off, int n_slots, int n_positions)
{
    const size_t n = get_group_id(0), g = get_group_id(1);
    const int slot = slot_buf[slot_off + n], position = position_buf[position_off + n];
    if (slot < 0 || slot >= n_slots || position < 0 || position >= n_positions)
        return;
    const size_t base = ((size_t)slot * get_num_groups(1) + g) * n_positions * C_HEAD_DIM;
    k_cache += k_cache_off + base + (size_t)(position / C_BLOCK) * C_BLOCK * C_HEAD_DIM + position % C_BLOCK;
    v_cache += v_cache_off + base + (size_t)position * C_HEAD_DIM;
    for (int d = get_local_id(0); d < C_HEAD_DIM; d += P_GROUP) {
        C_OF(clg_put_, C_CACHE)(k_buf[k_off + n * k_row + g * k_head + d], d * C_BLOCK, k_cache);
        C_OF(clg_put_, C_CACHE)(v_buf[v_off + n * v_row + g * v_head + d], d, v_cache);
    }
}
