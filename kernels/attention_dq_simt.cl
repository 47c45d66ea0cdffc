/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention backward, first pass, simt family: with p = exp(s - lse) recomputed from the forward's lse,
 *   delta[n][h] = sum_d dout o      ds = p (dout v^T - delta)      dq = scale ds k
 *
 * Group (t, h, b) of 128 items owns query rows 64 t .. 64 t + 63 of sequence b and query head h, and is the only writer
 * of their dq and of their delta (workspace [N][H], for the second pass). Keys are summed in ascending order.
 *
 * Local memory: stage (C_STAGE), ds (64 x 65), 8 partials of delta for each row: at most 27392 bytes. Barriers: those
 * of the tiles, and one between writing and reading the partials.
 */

/* delta of the item's rows, and lse in base 2; 0 past the end. */
inline void
clg_row_constants(__global const float *o, ulong o_row, __global const float *dout, ulong dout_row,
                  __global const float *lse, ulong lse_row, int n, __local float *partial, float delta[C_ROWS],
                  float lse2[C_ROWS])
{
    const int y = (uint)get_local_id(0) / C_X, x = (uint)get_local_id(0) % C_X;
    for (int i = 0; i < C_ROWS; i++) {
        const int r = y * C_ROWS + i;
        float sum = 0.0f;
        for (int c = 0; c < C_COLS && r < n; c++)
            sum = fma(dout[r * dout_row + x + c * C_X], o[r * o_row + x + c * C_X], sum);
        partial[r * C_X + x] = sum;
        lse2[i] = r < n ? lse[r * lse_row] * C_LOG2E : 0.0f;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = 0; i < C_ROWS; i++) {
        delta[i] = 0.0f;
        for (int e = 0; e < C_X; e++)
            delta[i] += partial[(y * C_ROWS + i) * C_X + e];
    }
}

__attribute__((reqd_work_group_size(C_ITEMS, 1, 1))) __kernel void
k_attention_dq(__global const float *restrict q_buf, ulong q_off, ulong q_row, ulong q_head,
               __global const float *restrict k_buf, ulong k_off, ulong k_row, ulong k_head,
               __global const float *restrict v_buf, ulong v_off, ulong v_row, ulong v_head,
               __global const float *restrict o_buf, ulong o_off, ulong o_row, ulong o_head,
               __global const float *restrict dout_buf, ulong dout_off, ulong dout_row, ulong dout_head,
               __global const float *restrict lse_buf, ulong lse_off, ulong lse_row,
               __global const int *restrict offsets, ulong offsets_off, __global float *restrict delta_buf,
               ulong delta_off, __global float *restrict dq_buf, ulong dq_off, ulong dq_row, ulong dq_head, int n_heads,
               float scale2, float scale, int causal)
{
    __local float stage[C_STAGE], p[C_BLOCK * C_P_PITCH], partial[C_BLOCK * C_X];
    const int y = (uint)get_local_id(0) / C_X, x = (uint)get_local_id(0) % C_X;
    const int row0 = get_group_id(0) * C_BLOCK, h = get_group_id(1), b = get_group_id(2), g = h / n_heads;
    const int start = offsets[offsets_off + b], len = offsets[offsets_off + b + 1] - start;
    const int n_rows = len - row0, n_keys = n_rows <= 0 ? 0 : causal ? min(row0 + C_BLOCK, len) : len;
    const size_t r0 = start + row0;
    float s[C_ROWS][C_KEYS], dp[C_ROWS][C_KEYS], dq[C_ROWS][C_COLS], delta[C_ROWS], lse[C_ROWS], f[C_ROWS];

    q_buf += q_off + r0 * q_row + h * q_head;
    dout_buf += dout_off + r0 * dout_row + h * dout_head;
    k_buf += k_off + start * k_row + g * k_head;
    v_buf += v_off + start * v_row + g * v_head;
    clg_row_constants(o_buf + o_off + r0 * o_row + h * o_head, o_row, dout_buf, dout_row,
                      lse_buf + lse_off + r0 * lse_row + h, lse_row, n_rows, partial, delta, lse);
    for (int i = 0; i < C_ROWS; i++) {
        const int r = y * C_ROWS + i;
        if (x == 0 && r < n_rows)
            delta_buf[delta_off + (r0 + r) * get_num_groups(1) + h] = delta[i];
        f[i] = scale;
        for (int c = 0; c < C_COLS; c++)
            dq[i][c] = 0.0f;
    }
    for (int first = 0; first < n_keys; first += C_BLOCK) {
        clg_product(q_buf, q_row, n_rows, scale2, k_buf + first * k_row, k_row, len - first, 1.0f, stage, s);
        clg_product(dout_buf, dout_row, n_rows, 1.0f, v_buf + first * v_row, v_row, len - first, 1.0f, stage, dp);
        for (int i = 0; i < C_ROWS; i++)
            for (int j = 0; j < C_KEYS; j++) {
                const int key = first + x + j * C_X, row = row0 + y * C_ROWS + i;
                const bool seen = key < len && row < len && (!causal || key <= row);
                s[i][j] = seen ? clg_exp2(s[i][j] - lse[i]) * (dp[i][j] - delta[i]) : 0.0f;
            }
        clg_share_scores(s, p);
        clg_accumulate(p, k_buf + first * k_row, k_row, len - first, stage, dq);
    }
    clg_store_rows(dq, f, n_rows, dq_buf + dq_off + r0 * dq_row + h * dq_head, dq_row);
}
