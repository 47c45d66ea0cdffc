/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention forward, cpu family: o = softmax(scale q k^T) v over packed sequences, which may continue another;
 * tensors of heads are C_ACT, all else is f32.
 * Rows and keys are numbered by their position in the history, that is, with a prefix's rows first.
 *
 * Group (x, g, b) owns the query rows of chunk x of sequence b, for the query heads of key head g: up to P_TILES
 * tiles of P_ROWS rows, `tiles` for each head. For every block of 64 keys it packs K (transposed) and V once and runs
 * all tiles over them, P_BATCH tiles at a time so that a panel stays in the first-level cache. The arithmetic of a
 * row is that of the functions clg_tile_*. A chunk past the end has nothing to do. No barriers, no local memory.
 */

/* Up to P_BATCH tiles over one packed block of keys. */
static inline void
clg_forward_batch(int n_tiles, const int *row, const int *visible, int first, int len, int causal, const float *keys,
                  const float *cols, const float *q, float *m, vf *l, float *o)
{
    float s[P_BATCH * P_ROWS * C_BLOCK] __attribute__((aligned(64)));
    float f[P_BATCH * C_ROWS_PADDED] __attribute__((aligned(64)));
    for (int j = 0; j < C_BLOCK; j += C_PANEL)
        for (int t = 0; t < n_tiles; t++)
            if (first + j < visible[t])
                clg_tile_scores(q + t * (C_HEAD_DIM * P_ROWS), keys + j * C_HEAD_DIM, C_PANEL,
                                s + t * (P_ROWS * C_BLOCK) + j);
    for (int t = 0; t < n_tiles; t++) {
        int last[P_ROWS];
        const int panels = (min(visible[t] - first, C_BLOCK) + C_PANEL - 1) / C_PANEL;
        if (panels <= 0)
            continue;
        for (int i = 0; i < P_ROWS; i++)
            last[i] = causal ? row[t] + i : len - 1;
        clg_tile_softmax(P_ROWS, s + t * (P_ROWS * C_BLOCK), panels, first, last, m + t * C_ROWS_PADDED, l + t * P_ROWS,
                         f + t * C_ROWS_PADDED);
    }
    for (int c = 0; c < C_HEAD_DIM; c += C_COLS)
        for (int t = 0; t < n_tiles; t++)
            if (first < visible[t])
                clg_tile_accumulate(s + t * (P_ROWS * C_BLOCK), cols + c * C_BLOCK, C_COLS, 0,
                                    min(visible[t] - first, C_BLOCK), f + t * C_ROWS_PADDED,
                                    o + t * (P_ROWS * C_HEAD_DIM) + c);
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
k_attention_forward(C_TENSOR_HEADS(const c_act, q), C_TENSOR_HEADS(const c_act, k), C_TENSOR_HEADS(const c_act, v),
                    C_TENSOR(const int, offsets), C_TENSOR_HEADS(c_act, o), C_TENSOR_ROWS(float, lse), int has_lse,
                    C_TENSOR(const int, prefix), int n_prefix,
                    int n_batch, int max_len, int n_heads, int tiles, float scale2, int causal)
{
    float q[P_TILES * C_HEAD_DIM * P_ROWS] __attribute__((aligned(64)));
    float o[P_TILES * P_ROWS * C_HEAD_DIM] __attribute__((aligned(64)));
    float keys[C_BLOCK * C_HEAD_DIM] __attribute__((aligned(64)));
    float cols[C_BLOCK * C_HEAD_DIM] __attribute__((aligned(64)));
    vf l[P_TILES * P_ROWS];
    float m[P_TILES * C_ROWS_PADDED] __attribute__((aligned(64)));
    int row[P_TILES], head[P_TILES], visible[P_TILES];

    const struct clg_offsets offsets = {offsets_buf + offsets_off, n_batch, max_len};
    const struct clg_chunk chunk =
        clg_chunk_of(offsets, prefix_buf + prefix_off, n_prefix, tiles, causal);
    const struct clg_history at = chunk.at;
    const int g = get_group_id(1), len = at.len;
    k_buf += k_off + g * k_head;
    v_buf += v_off + g * v_head;
    for (int h0 = 0; h0 < n_heads; h0 += chunk.n_together) {
        const int n_tiles = clg_chunk_tiles(&chunk, g, h0, n_heads, causal, row, head, visible);
        for (int t = 0; t < n_tiles; t++) {
            clg_pack_rows(q_buf + q_off + (at.own + row[t]) * q_row + head[t] * q_head, q_row, len - row[t], scale2,
                          q + t * (C_HEAD_DIM * P_ROWS));
        }
        for (int i = 0; i < n_tiles * C_ROWS_PADDED; i++)
            m[i] = C_MASKED;
        for (int i = 0; i < n_tiles * P_ROWS; i++)
            l[i] = (vf)(0.0f);
        for (int i = 0; i < n_tiles * P_ROWS * (C_HEAD_DIM / C_VW); i++)
            vf_store((vf)(0.0f), i, o);
        for (int first = 0; first < chunk.n_keys; first += C_BLOCK) {
            clg_pack_keys(clg_history_rows(k_buf, k_row, &at, first), 1.0f, keys);
            clg_pack_cols(clg_history_rows(v_buf, v_row, &at, first), cols);
            for (int t = 0; t < n_tiles; t += P_BATCH)
                clg_forward_batch(min(n_tiles - t, P_BATCH), row + t, visible + t, first, len, causal, keys, cols,
                                  q + t * (C_HEAD_DIM * P_ROWS), m + t * C_ROWS_PADDED, l + t * P_ROWS,
                                  o + t * (P_ROWS * C_HEAD_DIM));
        }
        for (int t = 0; t < n_tiles; t++)
            for (int i = 0; i < min(P_ROWS, len - row[t]); i++) {
                const size_t r = at.own + row[t] + i;
                const float sum = clg_sum_v(l[t * P_ROWS + i]);
                clg_row_scaled(o + (t * P_ROWS + i) * C_HEAD_DIM, 1.0f / sum,
                               o_buf + o_off + r * o_row + head[t] * o_head);
                if (has_lse)
                    lse_buf[lse_off + r * lse_row + head[t]] = (m[t * C_ROWS_PADDED + i] + log2(sum)) * C_LN2;
            }
    }
}
