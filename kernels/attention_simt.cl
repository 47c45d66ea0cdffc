/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention forward, simt family: o = softmax(scale q k^T) v over packed sequences, which with C_PREFIX 1 may continue
 * another; tensors of heads are C_ACT, all else is f32. Rows and keys are numbered by their position in the history,
 * that is, with a prefix's rows first.
 *
 * Group (t, h, b) owns 64 query rows of sequence b and query head h; group 0 has the last rows, which see the most
 * keys where the mask is causal. It visits the blocks of keys up to the last that a row sees, with the online softmax
 * in base 2 (Dao, arXiv 2307.08691): one maximum for each row and block, l in 8 partial sums for each row (position
 * mod 8), p of masked positions exactly 0. A group past the end of the sequence visits no block; the barriers that
 * its items reach are the same for all.
 *
 * Local memory: C_SHARED + C_STAGE + 512 words, at most 27904 bytes with the defaults. Barriers: those of the tiles;
 * one between writing and reading the partial maxima, after which p may overwrite the tile of q; and one for the
 * final sums. The partial values are written again only after barriers of the tiles. Registers: P_MI (8 + D / 8)
 * accumulators.
 */

/* Maximum and sum of the 8 partial values of a row, in the order of x. */
static inline float
clg_row_max(__local const float *partial)
{
    float r = partial[0];
    for (int x = 1; x < C_X; x++)
        r = C_MAX(r, partial[x]);
    return r;
}
static inline float
clg_row_sum(__local const float *partial)
{
    float r = partial[0];
    for (int x = 1; x < C_X; x++)
        r += partial[x];
    return r;
}

/* Replaces the scores s by p and updates m, l and o. low: the item's first position; last[i]: the last that row i
 * sees. */
TILE_FN void
clg_block_softmax(float *s, int low, const int *last, __local float *partial, float *m, float *l, float *o)
{
#pragma unroll
    for (int i = 0; i < P_MI; i++) {
        float top = C_MASKED;
#pragma unroll
        for (int j = 0; j < P_NI; j++)
            top = C_MAX(top, low + j * C_X <= last[i] ? s[i * P_NI + j] : C_MASKED);
        partial[CLG_PARTIAL(i)] = top;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (int i = 0; i < P_MI; i++) {
        const float m_new = C_MAX(m[i], clg_row_max(partial + CLG_PARTIALS(i)));
        const float a = clg_exp2(m[i] - m_new);
        m[i] = m_new;
        l[i] *= a;
#pragma unroll
        for (int c = 0; c < C_COLS; c++)
            o[i * C_COLS + c] *= a;
#pragma unroll
        for (int j = 0; j < P_NI; j++) {
            const float p = low + j * C_X <= last[i] ? clg_exp2(s[i * P_NI + j] - m_new) : 0.0f;
            s[i * P_NI + j] = p;
            l[i] += p;
        }
    }
}

C_GROUP __kernel void
k_attention_forward(C_TENSOR_HEADS(const c_act, q), C_TENSOR_HEADS(const c_act, k), C_TENSOR_HEADS(const c_act, v),
                    C_TENSOR(const int, offsets), C_TENSOR_HEADS(c_act, o), C_TENSOR_ROWS(float, lse), int has_lse,
                    C_TENSOR(const int, prefix), int n_prefix,
                    int n_batch, int max_len, int n_heads, float scale2, int causal)
{
    __local float shared[C_SHARED] __attribute__((aligned(16))), stage[C_STAGE] __attribute__((aligned(16)));
    __local float partial[C_BLOCK * C_X];
    const int x = get_local_id(0), h = get_group_id(1), g = h / n_heads;
    const struct clg_offsets offsets = {offsets_buf + offsets_off, n_batch, max_len};
    const struct clg_history at =
        clg_history_of(offsets, prefix_buf + prefix_off, C_PREFIX ? n_prefix : 0, get_group_id(2));
    const int row0 = at.past + (int)(get_num_groups(0) - 1 - get_group_id(0)) * C_BLOCK, len = at.len;
    const int n_rows = len - row0, n_keys = n_rows <= 0 ? 0 : causal ? min(row0 + C_BLOCK, len) : len;
    float s[P_MI * P_NI], o[P_MI * C_COLS], m[P_MI], l[P_MI], f[P_MI];
    int last[P_MI];

#pragma unroll
    for (int i = 0; i < P_MI; i++) {
        m[i] = C_MASKED;
        l[i] = 0.0f;
        last[i] = causal ? min(row0 + CLG_ROW(i), len - 1) : len - 1;
    }
#pragma unroll
    for (int e = 0; e < P_MI * C_COLS; e++)
        o[e] = 0.0f;
    q_buf += q_off + (at.own + row0) * q_row + h * q_head;
    k_buf += k_off + g * k_head;
    v_buf += v_off + g * v_head;
    for (int first = 0; first < n_keys; first += C_BLOCK) {
        clg_scores(s, q_buf, q_row, n_rows, clg_history_rows(k_buf, k_row, &at, first), scale2, shared, stage);
        clg_block_softmax(s, first + x, last, partial, m, l, o);
        clg_share(s, shared);
        clg_accumulate(o, shared, clg_history_rows(v_buf, v_row, &at, first), stage);
    }
#pragma unroll
    for (int i = 0; i < P_MI; i++)
        partial[CLG_PARTIAL(i)] = l[i];
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (int i = 0; i < P_MI; i++) {
        const float sum = clg_row_sum(partial + CLG_PARTIALS(i));
        const int r = CLG_ROW(i);
        f[i] = 1.0f / sum;
        if (has_lse && x == 0 && r < n_rows)
            lse_buf[lse_off + (at.own + row0 + r) * lse_row + h] = (m[i] + log2(sum)) * C_LN2;
    }
    clg_store(o, f, n_rows, o_buf + o_off + (at.own + row0) * o_row + h * o_head, o_row);
}
