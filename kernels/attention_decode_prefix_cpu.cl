/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of attention_decode_cpu.cl that tokens share: whole blocks of positions of one slot, the prefix of consecutive tokens.
 *
 * Group (x, g) owns a run of at most P_TOKENS tokens, of which x is the first, for key head g: as many neighbours as have the same prefix_slot
 * and prefix_length. Where x is not the first of a run, or has no prefix, there is nothing to do. All rows of the run, its tokens' query heads,
 * take each block in turn, so that a run reads its prefix once. Every row sees all of it, as a prefix ends before a token's position.
 *
 * state [N][H][C_STATE] gets o, l by lane and m of each row, to the bit what the row has there when it walks alone. No barriers, no local
 * memory.
 */

/* Token m, a neighbour, has the prefix of token n. */
static inline bool
clg_prefix_same(__global const int *prefix_slot, __global const int *prefix_length, __global const int *position, int n,
                int m, int n_positions)
{
    return prefix_slot[m] == prefix_slot[n] && prefix_length[m] == prefix_length[n] &&
           position[m] >= prefix_length[n] && position[m] < n_positions;
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
k_attention_prefix(__global const float *restrict q_buf, ulong q_off, ulong q_row, ulong q_head,
                   __global const int *restrict position, ulong position_off, __global const cache_t *restrict k_buf,
                   ulong k_off, __global const cache_t *restrict v_buf, ulong v_off,
                   __global const int *restrict prefix_slot, ulong prefix_slot_off,
                   __global const int *restrict prefix_length, ulong prefix_length_off, __global float *restrict state,
                   ulong state_off, int n_tokens, int n_slots, int n_positions, int n_heads, float scale2)
{
    const int g = get_group_id(1), n = get_group_id(0);
    int before = 0, run = 1;
    position += position_off;
    prefix_slot += prefix_slot_off;
    prefix_length += prefix_length_off;
    const int prefix = clg_prefix(prefix_slot, prefix_length, n, position[n], n_slots);
    if (prefix <= 0 || position[n] >= n_positions)
        return;
    while (before < n && clg_prefix_same(prefix_slot, prefix_length, position, n, n - before - 1, n_positions))
        before++;
    if (before % P_TOKENS != 0)
        return;
    while (run < P_TOKENS && n + run < n_tokens &&
           clg_prefix_same(prefix_slot, prefix_length, position, n, n + run, n_positions))
        run++;
    const size_t at = ((size_t)prefix_slot[n] * get_num_groups(1) + g) * n_positions * C_HEAD_DIM;
    state += state_off + ((size_t)n * get_num_groups(1) + g) * n_heads * C_STATE;
    for (int row0 = 0; row0 < run * n_heads; row0 += P_TILES * P_ROWS) {
        const int n_rows = min(run * n_heads - row0, P_TILES * P_ROWS);
        clg_rows r;
        clg_rows_begin(&r, q_buf + q_off + (size_t)g * n_heads * q_head, q_row, q_head, position, n, row0, n_rows,
                       n_heads, scale2, (__global const float *)0, 0);
        clg_decode_walk(&r, k_buf + k_off + at, v_buf + v_off + at, 0, prefix);
        for (int t = 0; t < r.n_tiles; t++)
            for (int e = 0; e < min(P_ROWS, n_rows - t * P_ROWS); e++) {
                const int i = t * P_ROWS + e, token = (row0 + i) / n_heads, h = row0 + i - token * n_heads;
                __global float *to = state + ((size_t)token * get_num_groups(1) * n_heads + h) * C_STATE;
                clg_row_copy(r.o + i * C_HEAD_DIM, to);
                vf_store(r.l[i], C_HEAD_DIM / C_VW, to);
                to[C_HEAD_DIM + C_VW] = r.m[t * C_ROWS_PADDED + e];
            }
    }
}
