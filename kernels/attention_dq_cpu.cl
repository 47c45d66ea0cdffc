/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention backward, first of two passes, cpu family: with p = exp(s - lse) recomputed from the forward's lse,
 *   delta[n][h] = sum_d dout o      ds = p (dout v^T - delta)      dq = scale ds k
 *
 * Groups, chunks, tiles and packing are those of the forward kernel; a tile also packs its rows of dout, and V is
 * packed transposed, too. delta goes to the workspace [N][H], for the second pass. Group (x, g, b) is the only writer
 * of its rows of dq and delta, and sums keys in ascending order. No barriers, no local memory.
 */

/* Replaces the scores s of one tile and block by ds. dp is dout v^T; lse is in base 2. */
static inline void
clg_tile_dscores(float *s, const float *dp, int n_panels, int first, const int *last, const float *lse,
                 const float *delta)
{
    for (int i = 0; i < P_ROWS; i++) {
        const int visible = last[i] - first;
        for (int j = 0; j < n_panels * C_NS; j += C_NS) {
            const int k = i * (C_BLOCK / C_VW) + j;
            vf ds[C_NS];
#pragma unroll
            for (int e = 0; e < C_NS; e++)
                ds[e] = clg_exp2_v(vf_load(k + e, s) - (vf)(lse[i])) * (vf_load(k + e, dp) - (vf)(delta[i]));
            if (visible < (j + C_NS) * C_VW - 1)
#pragma unroll
                for (int e = 0; e < C_NS; e++)
                    ds[e] = select(ds[e], (vf)(0.0f), clg_lanes() + (vi)((j + e) * C_VW) > (vi)(visible));
#pragma unroll
            for (int e = 0; e < C_NS; e++)
                vf_store(ds[e], k + e, s);
        }
    }
}

static inline void
clg_dq_batch(int n_tiles, const int *row, const int *visible, int first, int len, int causal, const float *k_keys,
             const float *v_keys, const float *k_cols, const float *q, const float *dout, const float *lse,
             const float *delta, float *dq)
{
    float s[P_BATCH * P_ROWS * C_BLOCK] __attribute__((aligned(64)));
    float dp[P_BATCH * P_ROWS * C_BLOCK] __attribute__((aligned(64)));
    float one[P_ROWS];
    for (int i = 0; i < P_ROWS; i++)
        one[i] = 1.0f;
    for (int j = 0; j < C_BLOCK; j += C_PANEL)
        for (int t = 0; t < n_tiles; t++)
            if (first + j < visible[t]) {
                const int at = t * (P_ROWS * C_BLOCK) + j;
                clg_tile_scores(q + t * (C_HEAD_DIM * P_ROWS), k_keys + j * C_HEAD_DIM, C_PANEL, s + at);
                clg_tile_scores(dout + t * (C_HEAD_DIM * P_ROWS), v_keys + j * C_HEAD_DIM, C_PANEL, dp + at);
            }
    for (int t = 0; t < n_tiles; t++) {
        int last[P_ROWS];
        const int panels = (min(visible[t] - first, C_BLOCK) + C_PANEL - 1) / C_PANEL;
        for (int i = 0; i < P_ROWS; i++)
            last[i] = causal ? row[t] + i : len - 1;
        clg_tile_dscores(s + t * (P_ROWS * C_BLOCK), dp + t * (P_ROWS * C_BLOCK), max(panels, 0), first, last,
                         lse + t * P_ROWS, delta + t * P_ROWS);
    }
    for (int c = 0; c < C_HEAD_DIM; c += C_COLS)
        for (int t = 0; t < n_tiles; t++)
            if (first < visible[t])
                clg_tile_accumulate(s + t * (P_ROWS * C_BLOCK), k_cols + c * C_BLOCK, C_COLS, 0,
                                    min(visible[t] - first, C_BLOCK), one, dq + t * (P_ROWS * C_HEAD_DIM) + c);
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
k_attention_dq(C_TENSOR_HEADS(const c_act, q), C_TENSOR_HEADS(const c_act, k), C_TENSOR_HEADS(const c_act, v),
               C_TENSOR_HEADS(const c_act, o), C_TENSOR_HEADS(const c_act, dout), C_TENSOR_ROWS(const float, lse),
               C_TENSOR(const int, offsets), C_TENSOR(float, delta), C_TENSOR_HEADS(c_act, dq),
               C_TENSOR(const int, prefix), int n_prefix,
               int n_batch, int max_len, int n_heads, int tiles, float scale2, float scale, int causal)
{
    float q[P_TILES * C_HEAD_DIM * P_ROWS] __attribute__((aligned(64)));
    float dout[P_TILES * C_HEAD_DIM * P_ROWS] __attribute__((aligned(64)));
    float dq[P_TILES * P_ROWS * C_HEAD_DIM] __attribute__((aligned(64)));
    float k_keys[C_BLOCK * C_HEAD_DIM] __attribute__((aligned(64)));
    float v_keys[C_BLOCK * C_HEAD_DIM] __attribute__((aligned(64)));
    float k_cols[C_BLOCK * C_HEAD_DIM] __attribute__((aligned(64)));
    float lse[P_TILES * P_ROWS], delta[P_TILES * P_ROWS];
    int row[P_TILES], head[P_TILES], visible[P_TILES];

    const struct clg_offsets offsets = {offsets_buf + offsets_off, n_batch, max_len};
    const struct clg_chunk chunk =
        clg_chunk_of(offsets, prefix_buf + prefix_off, n_prefix, tiles, causal);
    const struct clg_history at = chunk.at;
    const int g = get_group_id(1), len = at.len, n_all = n_heads * get_num_groups(1);
    k_buf += k_off + g * k_head;
    v_buf += v_off + g * v_head;
    for (int h0 = 0; h0 < n_heads; h0 += chunk.n_together) {
        const int n_tiles = clg_chunk_tiles(&chunk, g, h0, n_heads, causal, row, head, visible);
        for (int t = 0; t < n_tiles; t++) {
            const size_t r0 = at.own + row[t];
            clg_pack_rows(q_buf + q_off + r0 * q_row + head[t] * q_head, q_row, len - row[t], scale2,
                          q + t * (C_HEAD_DIM * P_ROWS));
            clg_pack_rows(dout_buf + dout_off + r0 * dout_row + head[t] * dout_head, dout_row, len - row[t], 1.0f,
                          dout + t * (C_HEAD_DIM * P_ROWS));
            for (int i = 0; i < P_ROWS; i++) {
                const size_t r = r0 + i;
                const bool inside = row[t] + i < len;
                lse[t * P_ROWS + i] = inside ? lse_buf[lse_off + r * lse_row + head[t]] * C_LOG2E : 0.0f;
                delta[t * P_ROWS + i] = inside ? clg_row_dot(dout_buf + dout_off + r * dout_row + head[t] * dout_head,
                                                             o_buf + o_off + r * o_row + head[t] * o_head)
                                               : 0.0f;
                if (inside)
                    delta_buf[delta_off + r * n_all + head[t]] = delta[t * P_ROWS + i];
            }
        }
        for (int i = 0; i < n_tiles * P_ROWS * (C_HEAD_DIM / C_VW); i++)
            vf_store((vf)(0.0f), i, dq);
        for (int first = 0; first < chunk.n_keys; first += C_BLOCK) {
            const struct clg_rows k = clg_history_rows(k_buf, k_row, &at, first);
            clg_pack_keys(k, 1.0f, k_keys);
            clg_pack_keys(clg_history_rows(v_buf, v_row, &at, first), 1.0f, v_keys);
            clg_pack_cols(k, k_cols);
            for (int t = 0; t < n_tiles; t += P_BATCH)
                clg_dq_batch(min(n_tiles - t, P_BATCH), row + t, visible + t, first, len, causal, k_keys, v_keys,
                             k_cols, q + t * (C_HEAD_DIM * P_ROWS), dout + t * (C_HEAD_DIM * P_ROWS), lse + t * P_ROWS,
                             delta + t * P_ROWS, dq + t * (P_ROWS * C_HEAD_DIM));
        }
        for (int t = 0; t < n_tiles; t++)
            for (int i = 0; i < min(P_ROWS, len - row[t]); i++)
                clg_row_scaled(dq + (t * P_ROWS + i) * C_HEAD_DIM, scale,
                               dq_buf + dq_off + (at.own + row[t] + i) * dq_row + head[t] * dq_head);
    }
}
