/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention over the KV cache, simt family: token n sees positions 0 .. position[n] of slot[n]; with C_PREFIX the
 * blocks below prefix_length[n] are read from prefix_slot[n].
 *
 * Group (n, x, g) of 64 items owns token n and up to P_HEADS query heads of key head g, so that keys and values are
 * read once for these heads. Item j computes the score of position j of each block (the cache holds blocks of keys
 * transposed, so the items read consecutive memory) and owns columns j, j + 64 of the outputs (so they do for
 * values). If the last group has fewer heads, it computes its first again in their place and does not store it.
 *
 * Order and arithmetic of a row are those of the forward kernel: fma chains over d and over positions, one maximum
 * for each block, l in 8 partial sums (position mod 8), of which item j keeps number j mod 8 of head j / 8. A token
 * out of range reads no block and gets zeros.
 *
 * Local memory, for each head: q (D), p (64), 8 partial values and a factor: at most 4384 bytes. Barriers: q before
 * the first block; in each block, scores before the partial maxima, these before the maximum, p and the factors
 * before their use, and their use before the next block's scores.
 */
#ifndef C_HEAD_DIM
#define C_HEAD_DIM 64
#endif
#ifndef P_HEADS
#define P_HEADS 1 /* at most 8: an item for each partial sum */
#endif
#define C_X    8
#define C_COLS ((C_HEAD_DIM + C_BLOCK - 1) / C_BLOCK)

__attribute__((reqd_work_group_size(C_BLOCK, 1, 1))) __kernel void
k_attention_decode(C_TENSOR_HEADS(const c_act, q), C_TENSOR(const int, slot), C_TENSOR(const int, position),
                   C_TENSOR(const cache_t, k), C_TENSOR(const cache_t, v), C_TENSOR(const int, prefix_slot),
                   C_TENSOR(const int, prefix_length), C_TENSOR_HEADS(c_act, o), int n_slots, int n_positions,
                   int n_heads, float scale2)
{
    __local float q[P_HEADS * C_HEAD_DIM], p[P_HEADS * C_BLOCK], partial[P_HEADS * C_X], factor[P_HEADS];
    /* for addresses: neighbouring items are seen to have consecutive ones only while their number is size_t */
    const size_t n = get_group_id(0), g = get_group_id(2), keys = get_num_groups(2), item = get_local_id(0);
    const int j = item, slot = slot_buf[slot_off + n], position = position_buf[position_off + n];
    const int h0 = get_group_id(1) * P_HEADS, heads = min(n_heads - h0, P_HEADS);
    /* the head of the partial sum that item j keeps, and where its first term is in p */
    const uint own = (uint)j / C_X, lane = own * C_BLOCK + (uint)j % C_X;
    __global const int *restrict prefix_slot = prefix_slot_buf + prefix_slot_off;
    __global const int *restrict prefix_length = prefix_length_buf + prefix_length_off;
    const int prefix = C_PREFIX ? clg_prefix(prefix_slot, prefix_length, n, position, n_slots) : 0;
    const bool valid = slot >= 0 && slot < n_slots && position >= 0 && position < n_positions && prefix >= 0;
    const size_t size = (size_t)n_positions * C_HEAD_DIM;
    const size_t at = valid ? (slot * keys + g) * size : 0,
                 prefix_at = prefix > 0 ? (prefix_slot[n] * keys + g) * size : 0;
    const int visible = valid ? position + 1 : 0;
    float m[P_HEADS], o[P_HEADS][C_COLS], l = 0.0f;

    q_buf += q_off + n * q_row + (g * n_heads + h0) * q_head;
    o_buf += o_off + n * o_row + (g * n_heads + h0) * o_head;
    k_buf += k_off;
    v_buf += v_off;
#pragma unroll
    for (int h = 0; h < P_HEADS; h++) {
        m[h] = C_MASKED;
        for (int c = 0; c < C_COLS; c++)
            o[h][c] = 0.0f;
        for (int d = j; d < C_HEAD_DIM; d += C_BLOCK)
            q[h * C_HEAD_DIM + d] = C_OF(clg_get_, C_ACT)((h < heads ? h : 0) * q_head + d, q_buf);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int first = 0; first < visible; first += C_BLOCK) {
        const size_t block = (first < prefix ? prefix_at : at) + (size_t)first * C_HEAD_DIM;
        float s[P_HEADS], a[P_HEADS];
        for (int h = 0; h < P_HEADS; h++)
            s[h] = 0.0f;
        for (int d = 0; d < C_HEAD_DIM; d++) {
            const float x = C_OF(clg_get_, C_CACHE)(block + d * C_BLOCK + item, k_buf);
#pragma unroll
            for (int h = 0; h < P_HEADS; h++)
                s[h] = fma(q[h * C_HEAD_DIM + d], x, s[h]);
        }
#pragma unroll
        for (int h = 0; h < P_HEADS; h++) {
            s[h] *= scale2;
            p[h * C_BLOCK + item] = first + j < visible ? s[h] : C_MASKED;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        if (j < P_HEADS * C_X) {
            float top = p[lane];
            for (int i = C_X; i < C_BLOCK; i += C_X)
                top = C_MAX(top, p[lane + i]);
            partial[j] = top;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
        for (int h = 0; h < P_HEADS; h++) {
            float m_new = m[h];
            for (int i = 0; i < C_X; i++)
                m_new = C_MAX(m_new, partial[h * C_X + i]);
            a[h] = clg_exp2(m[h] - m_new);
            m[h] = m_new;
            p[h * C_BLOCK + item] = first + j < visible ? clg_exp2(s[h] - m_new) : 0.0f;
            if (j == 0)
                factor[h] = a[h];
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        if (j < P_HEADS * C_X) {
            l *= factor[own];
            for (int i = 0; i < C_BLOCK; i += C_X)
                l += p[lane + i];
        }
#pragma unroll
        for (int c = 0; c < C_COLS; c++) {
            const int d = j + c * C_BLOCK, to = d < C_HEAD_DIM ? min(visible - first, C_BLOCK) : 0;
#pragma unroll
            for (int h = 0; h < P_HEADS; h++)
                o[h][c] *= a[h];
            for (int k = 0; k < to; k++) {
                const float x = C_OF(clg_get_, C_CACHE)(block + k * C_HEAD_DIM + c * C_BLOCK + item, v_buf);
#pragma unroll
                for (int h = 0; h < P_HEADS; h++)
                    o[h][c] = fma(p[h * C_BLOCK + k], x, o[h][c]);
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (j < P_HEADS * C_X)
        partial[j] = l;
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (int h = 0; h < P_HEADS; h++) {
        float sum = partial[h * C_X];
        for (int x = 1; x < C_X; x++)
            sum += partial[h * C_X + x];
        const float f = valid ? 1.0f / sum : 0.0f;
        for (int c = 0; c < C_COLS; c++)
            if (h < heads && j + c * C_BLOCK < C_HEAD_DIM)
                C_OF(clg_put_, C_ACT)(fma(o[h][c], f, 0.0f), h * o_head + j + c * C_BLOCK, o_buf);
    }
}
