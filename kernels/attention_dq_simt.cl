/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention backward, first pass, simt family: with p = exp(s - lse) recomputed from the forward's lse,
 *   delta[n][h] = sum_d dout o      ds = p (dout v^T - delta)      dq = scale ds k
 *
 * Group (t, h, b) owns 64 query rows of sequence b and query head h, and is the only writer of their dq and their delta
 * (workspace [N][H], for the second pass). Group 0 has the last rows, which see the most keys where the mask is causal.
 * Keys are summed in ascending order.
 *
 * An item has one tile of scores in registers: it stores its part of p to local memory, where it alone reads it, and
 * computes dout v^T in the same registers. Where p is 0, ds is 0, whatever a masked position holds.
 *
 * Local memory: C_SHARED + C_STAGE_BOTH words, at most 26112 bytes with the defaults. Barriers: those of the tiles,
 * and one between writing and reading the partial sums of delta, which lie where p comes later; they are read before
 * the barriers of the first product. ds overwrites the item's own p, and is read after the first barrier of the
 * accumulation; the next p overwrites it after the last one. Registers: P_MI (8 + D / 8) accumulators. Global memory:
 * five tiles of 256 D bytes a block for three products: 19 operations a byte.
 */

/* delta, and lse in base 2, of the item's rows; 0 past the end. */
TILE_FN void
clg_row_constants(__global const c_act *o, ulong o_row, __global const c_act *dout, ulong dout_row,
                  __global const float *lse, ulong lse_row, int n, __local float *partial, float *delta, float *lse2)
{
#pragma unroll
    for (int i = 0; i < P_MI; i++) {
        const int r = CLG_ROW(i);
        float sum = 0.0f;
        for (size_t d = get_local_id(0); d < C_HEAD_DIM && r < n; d += C_X)
            sum = fma(C_OF(clg_get_, C_ACT)(r * dout_row + d, dout), C_OF(clg_get_, C_ACT)(r * o_row + d, o), sum);
        partial[CLG_PARTIAL(i)] = sum;
        lse2[i] = r < n ? lse[r * lse_row] * C_LOG2E : 0.0f;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (int i = 0; i < P_MI; i++) {
        delta[i] = 0.0f;
        for (int e = 0; e < C_X; e++)
            delta[i] += partial[CLG_PARTIALS(i) + e];
    }
}

C_GROUP __kernel void
k_attention_dq(C_TENSOR_HEADS(const c_act, q), C_TENSOR_HEADS(const c_act, k), C_TENSOR_HEADS(const c_act, v),
               C_TENSOR_HEADS(const c_act, o), C_TENSOR_HEADS(const c_act, dout), C_TENSOR_ROWS(const float, lse),
               C_TENSOR(const int, offsets), C_TENSOR(float, delta), C_TENSOR_HEADS(c_act, dq),
               C_TENSOR(const int, prefix), int n_prefix,
               int n_batch, int max_len, int n_heads, float scale2, float scale, int causal)
{
    __local float shared[C_SHARED] __attribute__((aligned(16))), stage[C_STAGE_BOTH] __attribute__((aligned(16)));
    const int x = get_local_id(0), h = get_group_id(1), g = h / n_heads;
    const struct clg_offsets offsets = {offsets_buf + offsets_off, n_batch, max_len};
    const struct clg_history at =
        clg_history_of(offsets, prefix_buf + prefix_off, C_PREFIX ? n_prefix : 0, get_group_id(2));
    const int row0 = at.past + (int)(get_num_groups(0) - 1 - get_group_id(0)) * C_BLOCK, len = at.len;
    const int n_rows = len - row0, n_keys = n_rows <= 0 ? 0 : causal ? min(row0 + C_BLOCK, len) : len;
    const size_t r0 = at.own + row0;
    float s[P_MI * P_NI], dq[P_MI * C_COLS], delta[P_MI], lse[P_MI], f[P_MI], p[P_MI];

    q_buf += q_off + r0 * q_row + h * q_head;
    dout_buf += dout_off + r0 * dout_row + h * dout_head;
    k_buf += k_off + g * k_head;
    v_buf += v_off + g * v_head;
    clg_row_constants(o_buf + o_off + r0 * o_row + h * o_head, o_row, dout_buf, dout_row,
                      lse_buf + lse_off + r0 * lse_row + h, lse_row, n_rows, shared, delta, lse);
#pragma unroll
    for (int i = 0; i < P_MI; i++) {
        const int r = CLG_ROW(i);
        if (x == 0 && r < n_rows)
            delta_buf[delta_off + (r0 + r) * get_num_groups(1) + h] = delta[i];
        f[i] = scale;
    }
#pragma unroll
    for (int e = 0; e < P_MI * C_COLS; e++)
        dq[e] = 0.0f;
    for (int first = 0; first < n_keys; first += C_BLOCK) {
        clg_scores(s, q_buf, q_row, n_rows, clg_history_rows(k_buf, k_row, &at, first), scale2, stage, stage + T_LOCAL_A);
#pragma unroll
        for (int i = 0; i < P_MI; i++)
#pragma unroll
            for (int j = 0; j < P_NI; j++) {
                const int key = first + x + j * C_X, row = row0 + CLG_ROW(i), e = i * P_NI + j;
                const bool seen = key < len && row < len && (!causal || key <= row);
                s[e] = seen ? clg_exp2(s[e] - lse[i]) : 0.0f;
            }
        clg_share(s, shared);
        clg_scores(s, dout_buf, dout_row, n_rows, clg_history_rows(v_buf, v_row, &at, first), 1.0f, stage, stage + T_LOCAL_A);
#pragma unroll
        for (int j = 0; j < P_NI; j++) {
            clg_recall(p, shared, j);
#pragma unroll
            for (int i = 0; i < P_MI; i++)
                s[i * P_NI + j] = p[i] == 0.0f ? 0.0f : p[i] * (s[i * P_NI + j] - delta[i]);
        }
        clg_share(s, shared);
        clg_accumulate(dq, shared, clg_history_rows(k_buf, k_row, &at, first), stage);
    }
    clg_store(dq, f, n_rows, dq_buf + dq_off + r0 * dq_row + h * dq_head, dq_row);
}
