/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention against the KV cache, cpu family: token n sees positions 0 .. position[n] of slot[n].
 *
 * Group (x, g) owns tokens x * P_TOKENS .. of key head g. Runs of valid tokens of one slot are cut, with their query
 * heads, into P_TILES tiles of P_ROWS rows (token-major), which read the cache in place: its key blocks are already
 * transposed. All tiles take a block in turn. Meanwhile they ask for the next one, each for its part
 * (attention_ahead.cl): so memory is busy while they compute.
 *
 * C_PREFIX: token n has its first prefix_length[n] positions in prefix_slot[n]; attention_decode_prefix_cpu.cl has
 * walked them and left its rows' states, and the rest of a row goes on from there.
 *
 * The arithmetic of a row is that of clg_tile_*, so its bits are those of the forward kernel for the same history,
 * whatever the tile. Rows of a last, partial tile that stand for no token repeat row 0 and are not stored. A token out
 * of range gets zeros. No barriers, no local memory.
 */
#ifndef P_TOKENS
#define P_TOKENS 1
#endif
#ifndef C_PREFIX
#define C_PREFIX 0
#endif

/* A row between two blocks, in memory: o, l by lane, m. */
#define C_STATE (C_HEAD_DIM + 2 * C_VW)

/* The rows of a group: queries, packed and scaled, the state of each, and the last position that it sees. */
typedef struct {
    float q[P_TILES * P_ROWS * C_HEAD_DIM], o[P_TILES * P_ROWS * C_HEAD_DIM], m[P_TILES * C_ROWS_PADDED];
    vf l[P_TILES * P_ROWS];
    int last[P_TILES * P_ROWS], n_tiles;
} __attribute__((aligned(64))) clg_rows;

/* The tiles against the n positions of one block. The hints of all of them are the next block, from end to end. */
static inline void
clg_decode_block(clg_rows *r, __global const cache_t *keys, __global const cache_t *values, int n, int first)
{
    float s[P_TILES * P_ROWS * C_BLOCK] __attribute__((aligned(64)));
    float f[P_TILES * C_ROWS_PADDED] __attribute__((aligned(64)));
    const int panels = (n + C_PANEL - 1) / C_PANEL, tiles = r->n_tiles, block = C_BLOCK * C_HEAD_DIM;
    const int hints = tiles * max((int)C_HINTS, 1);
    for (int j = 0; j < panels * C_PANEL; j += C_PANEL)
        for (int t = 0; t < tiles; t++)
            clg_tile_scores_ahead(r->q + t * (P_ROWS * C_HEAD_DIM), keys + j, C_BLOCK, s + t * (P_ROWS * C_BLOCK) + j,
                                  keys + block + j * C_HEAD_DIM + t * (C_PANEL * C_HEAD_DIM) / tiles, C_PANEL / hints);
    for (int t = 0; t < tiles; t++)
        clg_tile_softmax(s + t * (P_ROWS * C_BLOCK), panels, first, r->last + t * P_ROWS, r->m + t * C_ROWS_PADDED,
                         r->l + t * P_ROWS, f + t * C_ROWS_PADDED);
    for (int c = 0; c < C_HEAD_DIM; c += C_COLS)
        for (int t = 0; t < tiles; t++)
            clg_tile_accumulate_ahead(s + t * (P_ROWS * C_BLOCK), values + c, C_HEAD_DIM, 0, n, f + t * C_ROWS_PADDED,
                                      r->o + t * (P_ROWS * C_HEAD_DIM) + c,
                                      values + block + c * C_BLOCK + t * (C_COLS * C_BLOCK) / tiles, C_COLS / hints);
}

/* Positions from .. to-1 of a slot, from a multiple of C_BLOCK on. */
static inline void
clg_decode_walk(clg_rows *r, __global const cache_t *keys, __global const cache_t *values, int from, int to)
{
    for (int first = from; first < to; first += C_BLOCK)
        clg_decode_block(r, keys + first * C_HEAD_DIM, values + first * C_HEAD_DIM, min(to - first, C_BLOCK), first);
}

/* Row e of tile t from nothing, or, with a state, from there. */
static inline void
clg_row_begin(clg_rows *r, int t, int e, __global const float *q, float scale2, __global const float *state)
{
    const int i = t * P_ROWS + e;
    r->l[i] = state ? vf_load(C_HEAD_DIM / C_VW, state) : (vf)(0.0f);
    r->m[t * C_ROWS_PADDED + e] = state ? state[C_HEAD_DIM + C_VW] : C_MASKED;
#pragma unroll
    for (int c = 0; c < C_HEAD_DIM / C_VW; c++) {
        vf_store(vf_load(c, q) * (vf)(scale2), c, r->q + i * C_HEAD_DIM);
        vf_store(state ? vf_load(c, state) : (vf)(0.0f), c, r->o + i * C_HEAD_DIM);
    }
}

/* n_rows rows of the run of tokens from n0 on from row0: row i is token n0 + i / n_heads. Returns the most positions
 * that one sees. */
static inline int
clg_rows_begin(clg_rows *r, __global const float *q, ulong q_row, ulong q_head, __global const int *position, int n0,
               int row0, int n_rows, int n_heads, float scale2, __global const float *state, ulong state_row)
{
    int visible = 0;
    r->n_tiles = (n_rows + P_ROWS - 1) / P_ROWS;
    for (int i = 0; i < r->n_tiles * C_ROWS_PADDED; i++)
        r->m[i] = C_MASKED;
    for (int t = 0; t < r->n_tiles; t++)
        for (int e = 0; e < P_ROWS; e++) {
            const int i = t * P_ROWS + e, at = row0 + (i < n_rows ? i : 0), n = n0 + at / n_heads;
            const int h = at - (n - n0) * n_heads;
            r->last[i] = position[n];
            visible = max(visible, r->last[i] + 1);
            clg_row_begin(r, t, e, q + n * q_row + h * q_head, scale2,
                          state ? state + n * state_row + h * C_STATE : (__global const float *)0);
        }
    return visible;
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
k_attention_decode(__global const float *restrict q_buf, ulong q_off, ulong q_row, ulong q_head,
                   __global const int *restrict slot, ulong slot_off, __global const int *restrict position,
                   ulong position_off, __global const cache_t *restrict k_buf, ulong k_off,
                   __global const cache_t *restrict v_buf, ulong v_off, __global const int *restrict prefix_slot,
                   ulong prefix_slot_off, __global const int *restrict prefix_length, ulong prefix_length_off,
                   __global const float *restrict state, ulong state_off, __global float *restrict o_buf, ulong o_off,
                   ulong o_row, ulong o_head, int n_tokens, int n_slots, int n_positions, int n_heads, float scale2)
{
    const int g = get_group_id(1), end = min((int)(get_group_id(0) + 1) * P_TOKENS, n_tokens);
    const ulong state_row = (ulong)get_num_groups(1) * n_heads * C_STATE;
    slot += slot_off;
    position += position_off;
    prefix_slot += prefix_slot_off;
    prefix_length += prefix_length_off;
    state += state_off + (ulong)g * n_heads * C_STATE;
    q_buf += q_off + (size_t)g * n_heads * q_head;
    o_buf += o_off + (size_t)g * n_heads * o_head;
    for (int n = get_group_id(0) * P_TOKENS, run; n < end; n += run) {
        const int s = slot[n];
        const int prefix = C_PREFIX ? clg_prefix(prefix_slot, prefix_length, n, position[n], n_slots) : 0;
        run = 1;
        if (s < 0 || s >= n_slots || position[n] < 0 || position[n] >= n_positions || prefix < 0) {
            for (int h = 0; h < n_heads; h++)
                for (int c = 0; c < C_HEAD_DIM / C_VW; c++)
                    vf_store((vf)(0.0f), c, o_buf + n * o_row + h * o_head);
            continue;
        }
        while (n + run < end && slot[n + run] == s && position[n + run] >= 0 && position[n + run] < n_positions &&
               (!C_PREFIX || clg_prefix(prefix_slot, prefix_length, n + run, position[n + run], n_slots) == prefix))
            run++;
        const size_t at = ((size_t)s * get_num_groups(1) + g) * n_positions * C_HEAD_DIM;
        for (int row0 = 0; row0 < run * n_heads; row0 += P_TILES * P_ROWS) {
            const int n_rows = min(run * n_heads - row0, P_TILES * P_ROWS);
            clg_rows r;
            const int visible = clg_rows_begin(&r, q_buf, q_row, q_head, position, n, row0, n_rows, n_heads, scale2,
                                               prefix > 0 ? state : (__global const float *)0, state_row);
            clg_decode_walk(&r, k_buf + k_off + at, v_buf + v_off + at, prefix, visible);
            for (int i = 0; i < n_rows; i++) {
                const int t = (row0 + i) / n_heads, h = row0 + i - t * n_heads;
                clg_row_scaled(r.o + i * C_HEAD_DIM, 1.0f / clg_sum_v(r.l[i]), o_buf + (n + t) * o_row + h * o_head);
            }
        }
    }
}
