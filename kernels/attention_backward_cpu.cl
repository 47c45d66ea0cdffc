/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention backward in one pass, cpu family: with p = exp(s - lse) recomputed from the forward's lse,
 *   delta[n][h] = sum_d dout o    ds = p (dout v^T - delta)    dv = p^T dout    dk = scale ds^T q    dq = scale ds k
 *
 * Group (g, b) owns key head g of sequence b and of the sequences that continue it, as their only writer. A group whose
 * sequence continues another has nothing to do. The loops, outermost first, each ascending:
 *   the sequences of the group, for their keys
 *   chunks of P_TILES tiles of P_ROWS keys; their dk and dv stay in private memory
 *   the query heads of g
 *   the sequences whose queries see the keys: for keys of b all of the group's, else the keys' own sequence
 *   blocks of 64 queries
 * dq is added up from one chunk to the next without the scale, in its tensor or, if that is of halves, behind delta
 * [N][H] in the workspace, [N][H][D]. Every sum has the order of the two-pass kernels, and so their bits. No barriers,
 * no local memory.
 */
#ifndef P_TILES
#define P_TILES 16
#endif

/* dq [C_BLOCK][D] of a block of queries += ds k over n_keys keys from `key` on: those of one batch of tiles. */
static inline void
clg_dq_batch(const struct clg_queries *b, int key, int n_keys, const float *ds, const float *k, float *dq)
{
    const int n = min(b->len - b->first, C_BLOCK);
    for (int c = 0; c < C_HEAD_DIM; c += C_COLS)
        for (int i = 0; i < n; i += P_ROWS) {
            const int visible = b->causal ? min(b->first + i + P_ROWS - key, n_keys) : n_keys;
            if (visible > 0)
                clg_tile_accumulate_turned(ds + i, k + c, C_HEAD_DIM, visible, dq + i * C_HEAD_DIM + c);
        }
}

/* The n rows of a block of dq, from where it is added up to private memory. */
static inline void
clg_dq_load(__global const float *from, size_t row, int n, float *dq)
{
    for (int i = 0; i < n; i++)
#pragma unroll
        for (int c = 0; c < C_HEAD_DIM / C_VW; c++)
            vf_store(vf_load(c, from + i * row), c, dq + i * C_HEAD_DIM);
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
k_attention_backward(C_TENSOR_HEADS(const c_act, q), C_TENSOR_HEADS(const c_act, k), C_TENSOR_HEADS(const c_act, v),
                     C_TENSOR_HEADS(const c_act, o), C_TENSOR_HEADS(const c_act, dout), C_TENSOR_ROWS(const float, lse),
                     C_TENSOR(const int, offsets), C_TENSOR(float, delta), C_TENSOR_HEADS(c_act, dq),
                     C_TENSOR_HEADS(c_act, dk), C_TENSOR_HEADS(c_act, dv), C_TENSOR(const int, prefix), int n_prefix,
                     int n_batch, int max_len,
                     int n_heads, float scale2, float scale, int causal)
{
    float k[P_TILES * C_HEAD_DIM * P_ROWS] __attribute__((aligned(64)));
    float v[P_TILES * C_HEAD_DIM * P_ROWS] __attribute__((aligned(64)));
    float dk[P_TILES * P_ROWS * C_HEAD_DIM] __attribute__((aligned(64)));
    float dv[P_TILES * P_ROWS * C_HEAD_DIM] __attribute__((aligned(64)));
    float ds[(P_BATCH * P_ROWS + 1) * C_BLOCK] __attribute__((aligned(64)));
    float dq[(C_BLOCK + P_ROWS) * C_HEAD_DIM] __attribute__((aligned(64)));
    struct clg_queries block;

    /* the dimension of the grid that counts key heads: with prefixes the second, so that all sequences, whose work
     * differs, come before the next key head */
    const uint key_heads = n_prefix > 0;
    const int g = get_group_id(key_heads), b = get_group_id(1 - key_heads), n_all = n_heads * get_num_groups(key_heads);
    const struct clg_offsets offsets = {offsets_buf + offsets_off, n_batch, max_len};
    __global const int *restrict prefix = prefix_buf + prefix_off;
    if (clg_root(prefix, n_prefix, b) >= 0)
        return;
    const int past = clg_extent_of(offsets, b).len;
    for (int of = b; of >= 0; of = clg_next_of_family(prefix, n_prefix, b, of)) {
        const struct clg_extent keys = clg_extent_of(offsets, of);
        const int start_k = keys.start, n_keys = keys.len;
        for (int key0 = 0; key0 < n_keys; key0 += P_TILES * P_ROWS) {
            const int n_tiles = min(P_TILES, (n_keys - key0 + P_ROWS - 1) / P_ROWS);
            const int end = min(key0 + P_TILES * P_ROWS, n_keys);
            const bool fresh = key0 == 0 && (of == b || past == 0);
            clg_dkdv_begin(k_buf + k_off + (start_k + key0) * k_row + g * k_head, k_row,
                           v_buf + v_off + (start_k + key0) * v_row + g * v_head, v_row, n_tiles, n_keys - key0, k, v,
                           dk, dv);
            for (int h = g * n_heads; h < (g + 1) * n_heads; h++)
                for (int from = of; from >= 0; from = of == b ? clg_next_of_family(prefix, n_prefix, b, from) : -1) {
                    const bool masked = causal && from == of;
                    const struct clg_extent rows = clg_extent_of(offsets, from);
                    const int start = rows.start, len = rows.len;
                    for (int first = masked ? key0 / C_BLOCK * C_BLOCK : 0; first < len; first += C_BLOCK) {
                        const size_t r = start + first;
                        const int n = min(len - first, C_BLOCK);
                        const bool last = from == of && (end == n_keys || (causal && first + C_BLOCK <= end));
                        __global const c_act *dout = dout_buf + dout_off + r * dout_row + h * dout_head;
                        __global c_act *dq_out = dq_buf + dq_off + r * dq_row + h * dq_head;
#if C_ACT_F32
                        __global float *dq_sum = dq_out;
                        const size_t sum_row = dq_row;
#else
                        __global float *dq_sum =
                            delta_buf + delta_off + (size_t)n_batch * n_all + (r * n_all + h) * C_HEAD_DIM;
                        const size_t sum_row = (size_t)n_all * C_HEAD_DIM;
#endif
                        clg_pack_queries(q_buf + q_off + r * q_row + h * q_head, q_row, dout, dout_row, first, len,
                                         masked, scale2, &block);
                        for (int j = 0; j < C_BLOCK; j++) {
                            __global float *delta = delta_buf + delta_off + (r + j) * n_all + h;
                            block.lse[j] = j < n ? lse_buf[lse_off + (r + j) * lse_row + h] * C_LOG2E : 0.0f;
                            if (j < n && fresh)
                                *delta = clg_row_dot(dout + j * dout_row, o_buf + o_off + (r + j) * o_row + h * o_head);
                            block.delta[j] = j < n ? *delta : 0.0f;
                        }
                        for (int i = 0; i < (C_BLOCK + P_ROWS) * (C_HEAD_DIM / C_VW); i++)
                            vf_store((vf)(0.0f), i, dq);
                        if (!fresh)
                            clg_dq_load(dq_sum, sum_row, n, dq);
                        for (int t = 0; t < n_tiles; t += P_BATCH) {
                            const int key = key0 + t * P_ROWS, batch = min(n_tiles - t, P_BATCH);
                            if (masked && key >= first + C_BLOCK)
                                break;
                            clg_dkdv_batch(batch, key, &block, k + t * (C_HEAD_DIM * P_ROWS),
                                           v + t * (C_HEAD_DIM * P_ROWS), ds, dk + t * (P_ROWS * C_HEAD_DIM),
                                           dv + t * (P_ROWS * C_HEAD_DIM));
                            clg_dq_batch(&block, key, min(batch * P_ROWS, n_keys - key), ds,
                                         k + t * (C_HEAD_DIM * P_ROWS), dq);
                        }
                        for (int i = 0; i < n; i++)
                            if (last)
                                clg_row_scaled(dq + i * C_HEAD_DIM, scale, dq_out + i * dq_row);
                            else
                                clg_row_copy(dq + i * C_HEAD_DIM, dq_sum + i * sum_row);
                    }
                }
            for (int i = 0; key0 + i < end; i++) {
                const size_t r = start_k + key0 + i;
                clg_row_scaled(dk + i * C_HEAD_DIM, scale, dk_buf + dk_off + r * dk_row + g * dk_head);
                clg_row_scaled(dv + i * C_HEAD_DIM, 1.0f, dv_buf + dv_off + r * dv_row + g * dv_head);
            }
        }
    }
}
