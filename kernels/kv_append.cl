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
k_kv_append(C_TENSOR_HEADS(const c_act, k), C_TENSOR_HEADS(const c_act, v), C_TENSOR(const int, slot),
            C_TENSOR(const int, position), C_TENSOR(cache_t, k_cache), C_TENSOR(cache_t, v_cache), int n_slots,
            int n_positions)
{
    const size_t n = get_group_id(0), g = get_group_id(1);
    const int slot = slot_buf[slot_off + n], position = position_buf[position_off + n];
    if (slot < 0 || slot >= n_slots || position < 0 || position >= n_positions)
        return;
    const size_t base = ((size_t)slot * get_num_groups(1) + g) * n_positions * C_HEAD_DIM;
    k_cache_buf += k_cache_off + base + (size_t)(position / C_BLOCK) * C_BLOCK * C_HEAD_DIM + position % C_BLOCK;
    v_cache_buf += v_cache_off + base + (size_t)position * C_HEAD_DIM;
    for (int d = get_local_id(0); d < C_HEAD_DIM; d += P_GROUP) {
        C_OF(clg_put_, C_CACHE)(C_OF(clg_get_, C_ACT)(k_off + n * k_row + g * k_head + d, k_buf), d * C_BLOCK, k_cache_buf);
        C_OF(clg_put_, C_CACHE)(C_OF(clg_get_, C_ACT)(v_off + n * v_row + g * v_head + d, v_buf), d, v_cache_buf);
    }
}
