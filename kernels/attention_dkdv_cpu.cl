/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention backward, second of two passes, cpu family: dv = p^T dout, dk = scale ds^T q, summed over the query heads
 * of the key head, with delta from the first pass.
 *
 * Group (x, g, b) owns the keys of chunk x of sequence b and key head g, up to P_TILES tiles of P_ROWS keys, and is
 * the only writer of their dk and dv. It visits the query heads of g in order; for each the sequences whose queries
 * see the keys: b, then those that continue it, ascending, all of whose queries come after; and of each the blocks of
 * 64 queries, ascending, for which it packs q and dout both ways and runs its tiles over them. No barriers, no local
 * memory.
 */
#ifndef P_TILES
#define P_TILES 16
#endif

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
k_attention_dkdv(C_TENSOR_HEADS(const c_act, q), C_TENSOR_HEADS(const c_act, k), C_TENSOR_HEADS(const c_act, v),
                 C_TENSOR_HEADS(const c_act, dout), C_TENSOR_ROWS(const float, lse), C_TENSOR(const int, offsets),
                 C_TENSOR(const float, delta), C_TENSOR_HEADS(c_act, dk), C_TENSOR_HEADS(c_act, dv),
                 C_TENSOR(const int, prefix), int n_prefix,
                 int n_batch, int max_len, int n_heads, float scale2, float scale, int causal)
{
    float k[P_TILES * C_HEAD_DIM * P_ROWS] __attribute__((aligned(64)));
    float v[P_TILES * C_HEAD_DIM * P_ROWS] __attribute__((aligned(64)));
    float dk[P_TILES * P_ROWS * C_HEAD_DIM] __attribute__((aligned(64)));
    float dv[P_TILES * P_ROWS * C_HEAD_DIM] __attribute__((aligned(64)));
    float ds[P_BATCH * P_ROWS * C_BLOCK] __attribute__((aligned(64)));
    struct clg_queries block;

    const int g = get_group_id(1), b = clg_sequence(n_prefix), x = get_group_id(0), n_all = n_heads * get_num_groups(1);
    const struct clg_offsets offsets = {offsets_buf + offsets_off, n_batch, max_len};
    __global const int *restrict prefix = prefix_buf + prefix_off;
    const struct clg_extent own = clg_extent_of(offsets, b);
    const int start = own.start, len = own.len;
    const int n_chunks = (len + P_TILES * P_ROWS - 1) / (P_TILES * P_ROWS);
    const int key0 = (x & 1 ? x / 2 : n_chunks - 1 - x / 2) * (P_TILES * P_ROWS);
    if (x >= n_chunks)
        return;
    const int n_tiles = min(P_TILES, (len - key0 + P_ROWS - 1) / P_ROWS);
    clg_dkdv_begin(k_buf + k_off + (start + key0) * k_row + g * k_head, k_row,
                   v_buf + v_off + (start + key0) * v_row + g * v_head, v_row, n_tiles, len - key0, k, v, dk, dv);
    for (int h = g * n_heads; h < (g + 1) * n_heads; h++)
        for (int from = b; from >= 0; from = clg_next_of_family(prefix, n_prefix, b, from)) {
            const bool masked = causal && from == b;
            const struct clg_extent rows = clg_extent_of(offsets, from);
            const int start_q = rows.start, len_q = rows.len;
            for (int first = masked ? key0 / C_BLOCK * C_BLOCK : 0; first < len_q; first += C_BLOCK) {
                const size_t r = start_q + first;
                clg_pack_queries(q_buf + q_off + r * q_row + h * q_head, q_row,
                                 dout_buf + dout_off + r * dout_row + h * dout_head, dout_row, first, len_q, masked,
                                 scale2, &block);
                for (int j = 0; j < C_BLOCK; j++) {
                    const bool inside = first + j < len_q;
                    block.lse[j] = inside ? lse_buf[lse_off + (r + j) * lse_row + h] * C_LOG2E : 0.0f;
                    block.delta[j] = inside ? delta_buf[delta_off + (r + j) * n_all + h] : 0.0f;
                }
                for (int t = 0; t < n_tiles; t += P_BATCH)
                    if (!masked || key0 + t * P_ROWS < first + C_BLOCK)
                        clg_dkdv_batch(min(n_tiles - t, P_BATCH), key0 + t * P_ROWS, &block,
                                       k + t * (C_HEAD_DIM * P_ROWS), v + t * (C_HEAD_DIM * P_ROWS), ds,
                                       dk + t * (P_ROWS * C_HEAD_DIM), dv + t * (P_ROWS * C_HEAD_DIM));
            }
        }
    for (int i = 0; i < n_tiles * P_ROWS && key0 + i < len; i++) {
        const size_t r = start + key0 + i;
        clg_row_scaled(dk + i * C_HEAD_DIM, scale, dk_buf + dk_off + r * dk_row + g * dk_head);
        clg_row_scaled(dv + i * C_HEAD_DIM, 1.0f, dv_buf + dv_off + r * dv_row + g * dv_head);
    }
}
