/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention backward, second pass, cpu family: dv = p^T dout, dk = scale ds^T q, summed over the query heads of the key
 * head, with delta from the first pass.
 *
 * Group (x, g, b) owns the keys of chunk x of sequence b and key head g: up to P_TILES tiles of P_ROWS keys. For every
 * query head of g, in order, and every block of 64 queries, ascending, it packs q and dout both ways and runs its tiles
 * over them: rows of a tile are keys, lanes are queries. It is the only writer of its rows of dk and dv. p of a query
 * that does not see the key, or lies past the end, is selected to 0. No barriers, no local memory.
 */
#ifndef P_TILES
#define P_TILES 16
#endif
#define P_BATCH 4

/* p in place of the scores, ds in place of dp. Tile row i is key `key` + i; lane j is query `first` + j of `len`. */
static inline void
clg_tile_probabilities(float *s, float *dp, int from, int first, int len, int key, int causal, const float *lse,
                       const float *delta)
{
    const int high = len - first;
    for (int i = 0; i < P_ROWS; i++) {
        const int low = causal ? key + i - first : 0;
        for (int j = from / C_VW; j < C_BLOCK / C_VW; j += C_NS) {
            const int k = i * (C_BLOCK / C_VW) + j;
            vf p[C_NS];
#pragma unroll
            for (int e = 0; e < C_NS; e++)
                p[e] = clg_exp2_v(vf_load(k + e, s) - vf_load(j + e, lse));
            if (low > j * C_VW || high < (j + C_NS) * C_VW)
#pragma unroll
                for (int e = 0; e < C_NS; e++) {
                    const vi lane = clg_lanes() + (vi)((j + e) * C_VW);
                    p[e] = select((vf)(0.0f), p[e], (lane >= (vi)(low)) & (lane < (vi)(high)));
                }
#pragma unroll
            for (int e = 0; e < C_NS; e++) {
                vf_store(p[e], k + e, s);
                vf_store(p[e] * (vf_load(k + e, dp) - vf_load(j + e, delta)), k + e, dp);
            }
        }
    }
}

/* First lane of the block that a tile of keys from `key` on needs, down to a whole panel. */
static inline int
clg_tile_from(int key, int first, int causal)
{
    return causal ? max(key - first, 0) / C_PANEL * C_PANEL : 0;
}

static inline void
clg_dkdv_batch(int n_tiles, int key, int first, int len, int causal, const float *q_keys, const float *dout_keys,
               const float *q_cols, const float *dout_cols, const float *lse, const float *delta, const float *k,
               const float *v, float *dk, float *dv)
{
    float s[P_BATCH * P_ROWS * C_BLOCK] __attribute__((aligned(64)));
    float dp[P_BATCH * P_ROWS * C_BLOCK] __attribute__((aligned(64)));
    const int n = min(len - first, C_BLOCK);
    float one[P_ROWS];
    for (int i = 0; i < P_ROWS; i++)
        one[i] = 1.0f;
    for (int j = 0; j < C_BLOCK; j += C_PANEL)
        for (int t = 0; t < n_tiles; t++)
            if (j >= clg_tile_from(key + t * P_ROWS, first, causal)) {
                const int at = t * (P_ROWS * C_BLOCK) + j;
                clg_tile_scores(k + t * (C_HEAD_DIM * P_ROWS), q_keys + j * C_HEAD_DIM, C_PANEL, s + at);
                clg_tile_scores(v + t * (C_HEAD_DIM * P_ROWS), dout_keys + j * C_HEAD_DIM, C_PANEL, dp + at);
            }
    for (int t = 0; t < n_tiles; t++)
        clg_tile_probabilities(s + t * (P_ROWS * C_BLOCK), dp + t * (P_ROWS * C_BLOCK),
                               clg_tile_from(key + t * P_ROWS, first, causal), first, len, key + t * P_ROWS, causal,
                               lse, delta);
    for (int c = 0; c < C_HEAD_DIM; c += C_COLS)
        for (int t = 0; t < n_tiles; t++) {
            const int from = clg_tile_from(key + t * P_ROWS, first, causal);
            clg_tile_accumulate(s + t * (P_ROWS * C_BLOCK), dout_cols + c * C_BLOCK, C_COLS, from, n, one,
                                dv + t * (P_ROWS * C_HEAD_DIM) + c);
            clg_tile_accumulate(dp + t * (P_ROWS * C_BLOCK), q_cols + c * C_BLOCK, C_COLS, from, n, one,
                                dk + t * (P_ROWS * C_HEAD_DIM) + c);
        }
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
k_attention_dkdv(__global const float *restrict q_buf, ulong q_off, ulong q_row, ulong q_head,
                 __global const float *restrict k_buf, ulong k_off, ulong k_row, ulong k_head,
                 __global const float *restrict v_buf, ulong v_off, ulong v_row, ulong v_head,
                 __global const float *restrict dout_buf, ulong dout_off, ulong dout_row, ulong dout_head,
                 __global const float *restrict lse_buf, ulong lse_off, ulong lse_row,
                 __global const int *restrict offsets, ulong offsets_off, __global const float *restrict delta_buf,
                 ulong delta_off, __global float *restrict dk_buf, ulong dk_off, ulong dk_row, ulong dk_head,
                 __global float *restrict dv_buf, ulong dv_off, ulong dv_row, ulong dv_head, int n_heads, float scale2,
                 float scale, int causal)
{
    float k[P_TILES * C_HEAD_DIM * P_ROWS] __attribute__((aligned(64)));
    float v[P_TILES * C_HEAD_DIM * P_ROWS] __attribute__((aligned(64)));
    float dk[P_TILES * P_ROWS * C_HEAD_DIM] __attribute__((aligned(64)));
    float dv[P_TILES * P_ROWS * C_HEAD_DIM] __attribute__((aligned(64)));
    float q_keys[C_BLOCK * C_HEAD_DIM] __attribute__((aligned(64)));
    float q_cols[C_BLOCK * C_HEAD_DIM] __attribute__((aligned(64)));
    float dout_keys[C_BLOCK * C_HEAD_DIM] __attribute__((aligned(64)));
    float dout_cols[C_BLOCK * C_HEAD_DIM] __attribute__((aligned(64)));
    float lse[C_BLOCK] __attribute__((aligned(64))), delta[C_BLOCK] __attribute__((aligned(64)));

    const int g = get_group_id(1), b = get_group_id(2), n_all = n_heads * get_num_groups(1);
    const int start = offsets[offsets_off + b], len = offsets[offsets_off + b + 1] - start;
    const int n_chunks = (len + P_TILES * P_ROWS - 1) / (P_TILES * P_ROWS), x = get_group_id(0);
    const int key0 = (x & 1 ? x / 2 : n_chunks - 1 - x / 2) * (P_TILES * P_ROWS);
    if (x >= n_chunks)
        return;
    const int n_tiles = min(P_TILES, (len - key0 + P_ROWS - 1) / P_ROWS);
    for (int t = 0; t < n_tiles; t++) {
        const int key = key0 + t * P_ROWS;
        clg_pack_rows(k_buf + k_off + (start + key) * k_row + g * k_head, k_row, len - key, 1.0f,
                      k + t * (C_HEAD_DIM * P_ROWS));
        clg_pack_rows(v_buf + v_off + (start + key) * v_row + g * v_head, v_row, len - key, 1.0f,
                      v + t * (C_HEAD_DIM * P_ROWS));
    }
    for (int i = 0; i < n_tiles * P_ROWS * (C_HEAD_DIM / C_VW); i++) {
        vf_store((vf)(0.0f), i, dk);
        vf_store((vf)(0.0f), i, dv);
    }
    for (int h = g * n_heads; h < (g + 1) * n_heads; h++)
        for (int first = causal ? key0 / C_BLOCK * C_BLOCK : 0; first < len; first += C_BLOCK) {
            const size_t r = start + first;
            __global const float *q = q_buf + q_off + r * q_row + h * q_head;
            __global const float *dout = dout_buf + dout_off + r * dout_row + h * dout_head;
            clg_pack_keys(q, q_row, len - first, scale2, q_keys);
            clg_pack_keys(dout, dout_row, len - first, 1.0f, dout_keys);
            clg_pack_cols(q, q_row, len - first, q_cols);
            clg_pack_cols(dout, dout_row, len - first, dout_cols);
            for (int j = 0; j < C_BLOCK; j++) {
                lse[j] = first + j < len ? lse_buf[lse_off + (r + j) * lse_row + h] * C_LOG2E : 0.0f;
                delta[j] = first + j < len ? delta_buf[delta_off + (r + j) * n_all + h] : 0.0f;
            }
            for (int t = 0; t < n_tiles; t += P_BATCH)
                if (!causal || key0 + t * P_ROWS < first + C_BLOCK)
                    clg_dkdv_batch(min(n_tiles - t, P_BATCH), key0 + t * P_ROWS, first, len, causal, q_keys, dout_keys,
                                   q_cols, dout_cols, lse, delta, k + t * (C_HEAD_DIM * P_ROWS),
                                   v + t * (C_HEAD_DIM * P_ROWS), dk + t * (P_ROWS * C_HEAD_DIM),
                                   dv + t * (P_ROWS * C_HEAD_DIM));
        }
    for (int i = 0; i < n_tiles * P_ROWS && key0 + i < len; i++) {
        const size_t r = start + key0 + i;
        clg_row_scaled(dk + i * C_HEAD_DIM, scale, dk_buf + dk_off + r * dk_row + g * dk_head);
        clg_row_scaled(dv + i * C_HEAD_DIM, 1.0f, dv_buf + dv_off + r * dv_row + g * dv_head);
    }
}
