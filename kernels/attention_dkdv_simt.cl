/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention backward, second pass, simt family: dv = p^T dout, dk = scale ds^T q, summed over the query heads of the
 * key head, with delta from the first pass.
 *
 * Group (t, g, b) owns keys 64 t .. 64 t + 63 of sequence b and key head g, and is the only writer of their dk and
 * dv. It visits the query heads of g in order; for each the sequences whose queries see the keys: b, then with
 * C_PREFIX 1 those that continue it, ascending, all of whose queries come after; and of each the blocks of queries
 * that see a key of the tile, ascending.
 *
 * An item has one tile of scores in registers. It stores p to local memory, where it is the operand of dv, computes
 * v dout^T in the same registers, and makes ds of that and of its own part of p.
 *
 * Local memory: C_SHARED + C_STAGE_BOTH + 128 words, at most 26624 bytes with the defaults. Barriers: those of the
 * tiles. p may overwrite ds after the last barrier of the accumulation of dk, and ds p after the last one of dv. lse
 * and delta are written before the barriers of the first product and read after them; the barriers of the last
 * accumulation come before they are written again. Registers: P_MI (8 + D / 4) accumulators. Global memory: six tiles
 * of 256 D bytes a block for four products: 21 operations a byte.
 */
C_GROUP __kernel void
k_attention_dkdv(C_TENSOR_HEADS(const c_act, q), C_TENSOR_HEADS(const c_act, k), C_TENSOR_HEADS(const c_act, v),
                 C_TENSOR_HEADS(const c_act, dout), C_TENSOR_ROWS(const float, lse), C_TENSOR(const int, offsets),
                 C_TENSOR(const float, delta), C_TENSOR_HEADS(c_act, dk), C_TENSOR_HEADS(c_act, dv),
                 C_TENSOR(const int, prefix), int n_prefix,
                 int n_batch, int max_len, int n_heads, float scale2, float scale, int causal)
{
    __local float shared[C_SHARED] __attribute__((aligned(16))), stage[C_STAGE_BOTH] __attribute__((aligned(16)));
    __local float lse[C_BLOCK], delta[C_BLOCK];
    const int item = get_local_id(1) * P_TX + get_local_id(0);
    const int key0 = get_group_id(0) * C_BLOCK, g = get_group_id(1), b = get_group_id(2);
    const struct clg_offsets offsets = {offsets_buf + offsets_off, n_batch, max_len};
    __global const int *restrict prefix = prefix_buf + prefix_off;
    const struct clg_extent own = clg_extent_of(offsets, b);
    const int n = C_PREFIX ? n_prefix : 0, start = own.start, n_keys = own.len - key0;
    const size_t r0 = start + key0, n_all = n_heads * get_num_groups(1);
    float s[P_MI * P_NI], dk[P_MI * C_COLS], dv[P_MI * C_COLS], f[P_MI], one[P_MI], p[P_MI];

#pragma unroll
    for (int i = 0; i < P_MI; i++) {
        f[i] = scale;
        one[i] = 1.0f;
    }
#pragma unroll
    for (int e = 0; e < P_MI * C_COLS; e++)
        dk[e] = dv[e] = 0.0f;
    k_buf += k_off + r0 * k_row + g * k_head;
    v_buf += v_off + r0 * v_row + g * v_head;
    for (int h = g * n_heads; h < (g + 1) * n_heads; h++)
        for (int from = b; from >= 0 && n_keys > 0; from = clg_next_of_family(prefix, n, b, from)) {
            const bool masked = causal && from == b;
            const struct clg_extent rows = clg_extent_of(offsets, from);
            const int start_q = rows.start, len_q = rows.len;
            for (int first = masked ? key0 : 0; first < len_q; first += C_BLOCK) {
                const size_t r = start_q + first;
                __global const c_act *q = q_buf + q_off + r * q_row + h * q_head;
                __global const c_act *dout = dout_buf + dout_off + r * dout_row + h * dout_head;
                for (int e = item; e < C_BLOCK; e += T_ITEMS) {
                    const bool inside = first + e < len_q;
                    lse[e] = inside ? lse_buf[lse_off + (r + e) * lse_row + h] * C_LOG2E : 0.0f;
                    delta[e] = inside ? delta_buf[delta_off + (r + e) * n_all + h] : 0.0f;
                }
                clg_scores(s, k_buf, k_row, n_keys, clg_rows_at(q, q_row, len_q - first), scale2, stage, stage + T_LOCAL_A);
#pragma unroll
                for (int j = 0; j < P_NI; j++) {
                    const size_t at = get_local_id(0) + j * C_X;
                    const int query = first + (int)at;
#pragma unroll
                    for (int i = 0; i < P_MI; i++) {
                        const bool seen = query < len_q && (!masked || key0 + CLG_ROW(i) <= query);
                        s[i * P_NI + j] = seen ? clg_exp2(s[i * P_NI + j] - lse[at]) : 0.0f;
                    }
                }
                clg_share(s, shared);
                clg_accumulate(dv, shared, clg_rows_at(dout, dout_row, len_q - first), stage);
                clg_scores(s, v_buf, v_row, n_keys, clg_rows_at(dout, dout_row, len_q - first), 1.0f, stage, stage + T_LOCAL_A);
#pragma unroll
                for (int j = 0; j < P_NI; j++) {
                    clg_recall(p, shared, j);
#pragma unroll
                    for (int i = 0; i < P_MI; i++)
                        s[i * P_NI + j] = p[i] * (s[i * P_NI + j] - delta[get_local_id(0) + j * C_X]);
                }
                clg_share(s, shared);
                clg_accumulate(dk, shared, clg_rows_at(q, q_row, len_q - first), stage);
            }
        }
    clg_store(dk, f, n_keys, dk_buf + dk_off + r0 * dk_row + g * dk_head, dk_row);
    clg_store(dv, one, n_keys, dv_buf + dv_off + r0 * dv_row + g * dv_head, dv_row);
}
