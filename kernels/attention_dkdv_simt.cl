/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention backward, second pass, simt family: dv = p^T dout, dk = scale ds^T q, summed over the query heads of the
 * key head, with delta from the first pass.
 *
 * Group (t, g, b) of 128 items owns keys 64 t .. 64 t + 63 of sequence b and key head g, and is the only writer of
 * their dk and dv. It walks the query heads of g in order, and for each the query blocks that see a key of the tile,
 * ascending.
 *
 * Local memory: stage (C_STAGE), p then ds (64 x 65), lse and delta of the block (2 x 64): at most 25856 bytes.
 * Barriers: those of the tiles. lse and delta are written before the first product's barriers and read after them; the
 * last accumulation's barriers come before they are written again.
 */
__attribute__((reqd_work_group_size(C_ITEMS, 1, 1))) __kernel void
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
    __local float stage[C_STAGE], p[C_BLOCK * C_P_PITCH], lse[C_BLOCK], delta[C_BLOCK];
    const int y = (uint)get_local_id(0) / C_X, x = (uint)get_local_id(0) % C_X, item = get_local_id(0);
    const int key0 = get_group_id(0) * C_BLOCK, g = get_group_id(1), b = get_group_id(2);
    const int start = offsets[offsets_off + b], len = offsets[offsets_off + b + 1] - start;
    const int n_keys = len - key0, n_queries = n_keys <= 0 ? 0 : len;
    const size_t r0 = start + key0, n_all = n_heads * get_num_groups(1);
    float s[C_ROWS][C_KEYS], dp[C_ROWS][C_KEYS], dk[C_ROWS][C_COLS], dv[C_ROWS][C_COLS], f[C_ROWS], one[C_ROWS];

    for (int i = 0; i < C_ROWS; i++) {
        f[i] = scale;
        one[i] = 1.0f;
        for (int c = 0; c < C_COLS; c++)
            dk[i][c] = dv[i][c] = 0.0f;
    }
    k_buf += k_off + r0 * k_row + g * k_head;
    v_buf += v_off + r0 * v_row + g * v_head;
    for (int h = g * n_heads; h < (g + 1) * n_heads; h++)
        for (int first = causal ? key0 : 0; first < n_queries; first += C_BLOCK) {
            const size_t r = start + first;
            __global const float *q = q_buf + q_off + r * q_row + h * q_head;
            __global const float *dout = dout_buf + dout_off + r * dout_row + h * dout_head;
            if (item < C_BLOCK) {
                const bool inside = first + item < len;
                lse[item] = inside ? lse_buf[lse_off + (r + item) * lse_row + h] * C_LOG2E : 0.0f;
                delta[item] = inside ? delta_buf[delta_off + (r + item) * n_all + h] : 0.0f;
            }
            clg_product(k_buf, k_row, n_keys, 1.0f, q, q_row, len - first, scale2, stage, s);
            clg_product(v_buf, v_row, n_keys, 1.0f, dout, dout_row, len - first, 1.0f, stage, dp);
            for (int i = 0; i < C_ROWS; i++)
                for (int j = 0; j < C_KEYS; j++) {
                    const int e = x + j * C_X, query = first + e;
                    const bool seen = query < len && (!causal || key0 + y * C_ROWS + i <= query);
                    s[i][j] = seen ? clg_exp2(s[i][j] - lse[e]) : 0.0f;
                    dp[i][j] = s[i][j] * (dp[i][j] - delta[e]);
                }
            clg_share_scores(s, p);
            clg_accumulate(p, dout, dout_row, len - first, stage, dv);
            clg_share_scores(dp, p);
            clg_accumulate(p, q, q_row, len - first, stage, dk);
        }
    clg_store_rows(dk, f, n_keys, dk_buf + dk_off + r0 * dk_row + g * dk_head, dk_row);
    clg_store_rows(dv, one, n_keys, dv_buf + dv_off + r0 * dv_row + g * dv_head, dv_row);
}
