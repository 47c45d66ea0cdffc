/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention forward, simt family: o = softmax(scale q k^T) v over packed sequences, fp32 throughout.
 *
 * Group (t, h, b) of 128 items owns query rows 64 t .. 64 t + 63 of sequence b and query head h. It walks the key
 * blocks up to the last that a row sees, with the online softmax in base 2 (Dao, arXiv 2307.08691): one maximum per row
 * and block, l in 8 partial sums per row (position mod 8), masked p exactly 0. A group past the sequence's end walks no
 * block, but its items reach the same barriers as each other.
 *
 * Local memory: stage (C_STAGE), p (64 x 65) and 8 partials for each row: at most 27392 bytes. Barriers: those of the
 * tiles, one between writing and reading the partial maxima, and one likewise for the final sums; the partials are
 * written again only after a tile's barriers.
 */

/* Largest, or sum of, the 8 partials of a row in the order of x. */
inline float
clg_row_max(__local const float *partial)
{
    float r = partial[0];
    for (int x = 1; x < C_X; x++)
        r = max(r, partial[x]);
    return r;
}
inline float
clg_row_sum(__local const float *partial)
{
    float r = partial[0];
    for (int x = 1; x < C_X; x++)
        r += partial[x];
    return r;
}

/* Scores become p; m, l and o are carried. low: first position of the item; last[i]: last position that row i sees. */
inline void
clg_block_softmax(float s[C_ROWS][C_KEYS], int low, const int last[C_ROWS], __local float *partial, float m[C_ROWS],
                  float l[C_ROWS], float o[C_ROWS][C_COLS])
{
    const int y = (uint)get_local_id(0) / C_X, x = (uint)get_local_id(0) % C_X;
    for (int i = 0; i < C_ROWS; i++) {
        float top = C_MASKED;
        for (int j = 0; j < C_KEYS; j++)
            top = max(top, low + j * C_X <= last[i] ? s[i][j] : C_MASKED);
        partial[(y * C_ROWS + i) * C_X + x] = top;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = 0; i < C_ROWS; i++) {
        const float m_new = max(m[i], clg_row_max(partial + (y * C_ROWS + i) * C_X));
        const float a = clg_exp2(m[i] - m_new);
        m[i] = m_new;
        l[i] *= a;
        for (int c = 0; c < C_COLS; c++)
            o[i][c] *= a;
        for (int j = 0; j < C_KEYS; j++) {
            s[i][j] = low + j * C_X <= last[i] ? clg_exp2(s[i][j] - m_new) : 0.0f;
            l[i] += s[i][j];
        }
    }
}

__attribute__((reqd_work_group_size(C_ITEMS, 1, 1))) __kernel void
k_attention_forward(__global const float *restrict q_buf, ulong q_off, ulong q_row, ulong q_head,
                    __global const float *restrict k_buf, ulong k_off, ulong k_row, ulong k_head,
                    __global const float *restrict v_buf, ulong v_off, ulong v_row, ulong v_head,
                    __global const int *restrict offsets, ulong offsets_off, __global float *restrict o_buf,
                    ulong o_off, ulong o_row, ulong o_head, __global float *restrict lse_buf, ulong lse_off,
                    ulong lse_row, int has_lse, int n_heads, float scale2, int causal)
{
    __local float stage[C_STAGE], p[C_BLOCK * C_P_PITCH], partial[C_BLOCK * C_X];
    const int y = (uint)get_local_id(0) / C_X, x = (uint)get_local_id(0) % C_X;
    const int row0 = get_group_id(0) * C_BLOCK, h = get_group_id(1), b = get_group_id(2), g = h / n_heads;
    const int start = offsets[offsets_off + b], len = offsets[offsets_off + b + 1] - start;
    const int n_rows = len - row0, n_keys = n_rows <= 0 ? 0 : causal ? min(row0 + C_BLOCK, len) : len;
    float s[C_ROWS][C_KEYS], o[C_ROWS][C_COLS], m[C_ROWS], l[C_ROWS], f[C_ROWS];
    int last[C_ROWS];

    for (int i = 0; i < C_ROWS; i++) {
        m[i] = C_MASKED;
        l[i] = 0.0f;
        last[i] = causal ? min(row0 + y * C_ROWS + i, len - 1) : len - 1;
        for (int c = 0; c < C_COLS; c++)
            o[i][c] = 0.0f;
    }
    q_buf += q_off + (start + row0) * q_row + h * q_head;
    k_buf += k_off + start * k_row + g * k_head;
    v_buf += v_off + start * v_row + g * v_head;
    for (int first = 0; first < n_keys; first += C_BLOCK) {
        clg_product(q_buf, q_row, n_rows, scale2, k_buf + first * k_row, k_row, len - first, 1.0f, stage, s);
        clg_block_softmax(s, first + x, last, partial, m, l, o);
        clg_share_scores(s, p);
        clg_accumulate(p, v_buf + first * v_row, v_row, len - first, stage, o);
    }
    for (int i = 0; i < C_ROWS; i++)
        partial[(y * C_ROWS + i) * C_X + x] = l[i];
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = 0; i < C_ROWS; i++) {
        const float sum = clg_row_sum(partial + (y * C_ROWS + i) * C_X);
        const int r = y * C_ROWS + i;
        f[i] = 1.0f / sum;
        if (has_lse && x == 0 && r < n_rows)
            lse_buf[lse_off + (start + row0 + r) * lse_row + h] = (m[i] + log2(sum)) * C_LN2;
    }
    clg_store_rows(o, f, n_rows, o_buf + o_off + (start + row0) * o_row + h * o_head, o_row);
}
