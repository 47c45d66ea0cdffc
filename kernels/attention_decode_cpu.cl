/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention against the KV cache, cpu family: token n sees positions 0 .. position[n] of slot[n].
 *
 * Group (x, g) owns tokens x * P_TOKENS .. of key head g. Runs of valid tokens of one slot are cut, with their query
 * heads, into P_TILES tiles of P_ROWS rows (token-major), which read the cache in place: its key blocks are already
 * transposed. All tiles take a block in turn; those of one row, whose panels are as wide as the block, read memory from
 * end to end, which is what hardware foresees.
 *
 * The arithmetic of a row is that of clg_tile_*, so its bits are those of the forward kernel for the same history,
 * whatever the tile. Rows of a last, partial tile that stand for no token repeat row 0 and are not stored. A token out
 * of range gets zeros. No barriers, no local memory.
 */
#ifndef P_TOKENS
#define P_TOKENS 1
#endif
#ifndef P_TILES
#define P_TILES 1
#endif

/* Tiles against the n positions of one block; row i sees positions up to last[i]. q is packed and scaled. */
static inline void
clg_decode_block(int n_tiles, const float *q, __global const float *keys, __global const float *values, int n,
                 int first, const int *last, float *m, vf *l, float *o)
{
    float s[P_TILES * P_ROWS * C_BLOCK] __attribute__((aligned(64)));
    float f[P_TILES * C_ROWS_PADDED] __attribute__((aligned(64)));
    const int panels = (n + C_PANEL - 1) / C_PANEL;
    for (int t = 0; t < n_tiles; t++)
        for (int j = 0; j < panels; j++)
            clg_tile_scores(q + t * (P_ROWS * C_HEAD_DIM), keys + j * C_PANEL, C_BLOCK,
                            s + t * (P_ROWS * C_BLOCK) + j * C_PANEL);
    for (int t = 0; t < n_tiles; t++)
        clg_tile_softmax(s + t * (P_ROWS * C_BLOCK), panels, first, last + t * P_ROWS, m + t * C_ROWS_PADDED,
                         l + t * P_ROWS, f + t * C_ROWS_PADDED);
    for (int t = 0; t < n_tiles; t++)
        for (int c = 0; c < C_HEAD_DIM; c += C_COLS)
            clg_tile_accumulate(s + t * (P_ROWS * C_BLOCK), values + c, C_HEAD_DIM, 0, n, f + t * C_ROWS_PADDED,
                                o + t * (P_ROWS * C_HEAD_DIM) + c);
}

/* n_rows rows of the run of tokens from n0 on, all of one slot, from row0: row r is token n0 + r / n_heads. */
static inline void
clg_decode_rows(__global const float *q, ulong q_row, ulong q_head, __global const int *position,
                __global const float *keys, __global const float *values, __global float *o, ulong o_row, ulong o_head,
                int n0, int row0, int n_rows, int n_heads, float scale2)
{
    float packed[P_TILES * P_ROWS * C_HEAD_DIM] __attribute__((aligned(64)));
    float out[P_TILES * P_ROWS * C_HEAD_DIM] __attribute__((aligned(64)));
    float m[P_TILES * C_ROWS_PADDED] __attribute__((aligned(64)));
    vf l[P_TILES * P_ROWS];
    int last[P_TILES * P_ROWS], visible = 0;
    const int n_tiles = (n_rows + P_ROWS - 1) / P_ROWS;
    for (int i = 0; i < n_tiles * C_ROWS_PADDED; i++)
        m[i] = C_MASKED;
    for (int i = 0; i < n_tiles * P_ROWS; i++) {
        const int r = row0 + (i < n_rows ? i : 0), t = r / n_heads, n = n0 + t;
        __global const float *row = q + n * q_row + (r - t * n_heads) * q_head;
        last[i] = position[n];
        visible = max(visible, last[i] + 1);
        l[i] = (vf)(0.0f);
#pragma unroll
        for (int c = 0; c < C_HEAD_DIM / C_VW; c++) {
            vf_store(vf_load(c, row) * (vf)(scale2), c, packed + i * C_HEAD_DIM);
            vf_store((vf)(0.0f), c, out + i * C_HEAD_DIM);
        }
    }
    for (int first = 0; first < visible; first += C_BLOCK)
        clg_decode_block(n_tiles, packed, keys + first * C_HEAD_DIM, values + first * C_HEAD_DIM,
                         min(visible - first, C_BLOCK), first, last, m, l, out);
    for (int i = 0; i < n_rows; i++) {
        const int r = row0 + i, t = r / n_heads;
        clg_row_scaled(out + i * C_HEAD_DIM, 1.0f / clg_sum_v(l[i]), o + (n0 + t) * o_row + (r - t * n_heads) * o_head);
    }
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
k_attention_decode(__global const float *restrict q_buf, ulong q_off, ulong q_row, ulong q_head,
                   __global const int *restrict slot, ulong slot_off, __global const int *restrict position,
                   ulong position_off, __global const float *restrict k_buf, ulong k_off,
                   __global const float *restrict v_buf, ulong v_off, __global float *restrict o_buf, ulong o_off,
                   ulong o_row, ulong o_head, int n_tokens, int n_slots, int n_positions, int n_heads, float scale2)
{
    const int g = get_group_id(1), end = min((int)(get_group_id(0) + 1) * P_TOKENS, n_tokens);
    slot += slot_off;
    position += position_off;
    q_buf += q_off + (size_t)g * n_heads * q_head;
    o_buf += o_off + (size_t)g * n_heads * o_head;
    for (int n = get_group_id(0) * P_TOKENS, run; n < end; n += run) {
        const int s = slot[n];
        run = 1;
        if (s < 0 || s >= n_slots || position[n] < 0 || position[n] >= n_positions) {
            for (int h = 0; h < n_heads; h++)
                for (int c = 0; c < C_HEAD_DIM / C_VW; c++)
                    vf_store((vf)(0.0f), c, o_buf + n * o_row + h * o_head);
            continue;
        }
        while (n + run < end && slot[n + run] == s && position[n + run] >= 0 && position[n + run] < n_positions)
            run++;
        const size_t at = ((size_t)s * get_num_groups(1) + g) * n_positions * C_HEAD_DIM;
        for (int r = 0; r < run * n_heads; r += P_TILES * P_ROWS)
            clg_decode_rows(q_buf, q_row, q_head, position, k_buf + k_off + at, v_buf + v_off + at, o_buf, o_row,
                            o_head, n, r, min(run * n_heads - r, P_TILES * P_ROWS), n_heads, scale2);
    }
}
