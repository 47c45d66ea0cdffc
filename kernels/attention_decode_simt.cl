/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention against the KV cache, simt family: token n sees positions 0 .. position[n] of slot[n].
 *
 * Group (n, h) of 64 items owns one token and query head: item j scores position j of each block (the cache's key
 * blocks are transposed, so reads of K are consecutive) and owns columns j, j + 64 of the output (reads of V likewise).
 * Order and arithmetic per row are those of the forward kernel: fma chains over d and over positions, one maximum per
 * block, l in 8 partial sums (position mod 8) that items 0 .. 7 keep. A token out of range walks no block and gets
 * zeros. C_PREFIX: blocks below prefix_length[n] come from prefix_slot[n].
 *
 * Local memory: q (D), p (64), 8 partials: at most 800 bytes. Barriers: q before the first block; in a block, scores
 * before the partial maxima, these before the maximum, p before its use, and its use before the next block's scores.
 */
#ifndef C_HEAD_DIM
#define C_HEAD_DIM 64
#endif
#ifndef C_PREFIX
#define C_PREFIX 0
#endif
#define C_X    8
#define C_COLS ((C_HEAD_DIM + C_BLOCK - 1) / C_BLOCK)

__attribute__((reqd_work_group_size(C_BLOCK, 1, 1))) __kernel void
k_attention_decode(__global const float *restrict q_buf, ulong q_off, ulong q_row, ulong q_head,
                   __global const int *restrict slot_buf, ulong slot_off, __global const int *restrict position_buf,
                   ulong position_off, __global const cache_t *restrict k_buf, ulong k_off,
                   __global const cache_t *restrict v_buf, ulong v_off, __global const int *restrict prefix_slot,
                   ulong prefix_slot_off, __global const int *restrict prefix_length, ulong prefix_length_off,
                   __global float *restrict o_buf, ulong o_off, ulong o_row, ulong o_head, int n_slots, int n_positions,
                   int n_heads, float scale2)
{
    __local float q[C_HEAD_DIM], p[C_BLOCK], partial[C_X];
    const size_t n = get_group_id(0), h = get_group_id(1), g = h / n_heads;
    const int j = get_local_id(0), slot = slot_buf[slot_off + n], position = position_buf[position_off + n];
    prefix_slot += prefix_slot_off;
    prefix_length += prefix_length_off;
    const int prefix = C_PREFIX ? clg_prefix(prefix_slot, prefix_length, n, position, n_slots) : 0;
    const bool valid = slot >= 0 && slot < n_slots && position >= 0 && position < n_positions && prefix >= 0;
    const size_t keys = get_num_groups(1) / n_heads, size = (size_t)n_positions * C_HEAD_DIM;
    const size_t at = valid ? (slot * keys + g) * size : 0, prefix_at = prefix > 0 ? (prefix_slot[n] * keys + g) * size : 0;
    const int visible = valid ? position + 1 : 0;
    float m = C_MASKED, l = 0.0f, o[C_COLS];

    for (int c = 0; c < C_COLS; c++)
        o[c] = 0.0f;
    for (int d = j; d < C_HEAD_DIM; d += C_BLOCK)
        q[d] = q_buf[q_off + n * q_row + h * q_head + d];
    barrier(CLK_LOCAL_MEM_FENCE);
    k_buf += k_off;
    v_buf += v_off;
    for (int first = 0; first < visible; first += C_BLOCK) {
        const size_t block = (first < prefix ? prefix_at : at) + (size_t)first * C_HEAD_DIM;
        float s = 0.0f;
        for (int d = 0; d < C_HEAD_DIM; d++)
            s = fma(q[d], C_OF(clg_get_, C_CACHE)(block + d * C_BLOCK + j, k_buf), s);
        s *= scale2;
        p[j] = first + j < visible ? s : C_MASKED;
        barrier(CLK_LOCAL_MEM_FENCE);
        if (j < C_X) {
            float top = p[j];
            for (int i = C_X; i < C_BLOCK; i += C_X)
                top = max(top, p[j + i]);
            partial[j] = top;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        float m_new = m;
        for (int i = 0; i < C_X; i++)
            m_new = max(m_new, partial[i]);
        const float a = clg_exp2(m - m_new);
        m = m_new;
        p[j] = first + j < visible ? clg_exp2(s - m_new) : 0.0f;
        barrier(CLK_LOCAL_MEM_FENCE);
        l *= a;
        for (int i = j; i < C_BLOCK && j < C_X; i += C_X)
            l += p[i];
        for (int c = 0; c < C_COLS; c++) {
            const int d = j + c * C_BLOCK;
            o[c] *= a;
            for (int k = 0; k < min(visible - first, C_BLOCK) && d < C_HEAD_DIM; k++)
                o[c] = fma(p[k], C_OF(clg_get_, C_CACHE)(block + k * C_HEAD_DIM + d, v_buf), o[c]);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (j < C_X)
        partial[j] = l;
    barrier(CLK_LOCAL_MEM_FENCE);
    float sum = partial[0];
    for (int x = 1; x < C_X; x++)
        sum += partial[x];
    const float f = valid ? 1.0f / sum : 0.0f;
    for (int c = 0; c < C_COLS; c++)
        if (j + c * C_BLOCK < C_HEAD_DIM)
            o_buf[o_off + n * o_row + h * o_head + j + c * C_BLOCK] = fma(o[c], f, 0.0f);
}
