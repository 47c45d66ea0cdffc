/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention over the KV cache, cpu family: token n sees positions 0 .. position[n] of slot[n]; with C_PREFIX its first
 * prefix_length[n] positions are those of prefix_slot[n].
 *
 * Group (x, g) owns tokens x * n_group .. (x + 1) * n_group - 1 of key head g. Consecutive valid tokens that have one
 * slot, or one prefix, are a run. A run has a row for each token and query head, tokens in the outer dimension, and
 * is computed in sets of up to C_ROWS rows. A set reads the prefix once for all its rows; then the rows of each slot
 * read the rest of that slot.
 *
 * The arithmetic of a row is that of the functions clg_tile_*, so its bits are those of the forward kernel for the same
 * history, whichever rows are computed with it. A token out of range gets zeros. No barriers, no local memory.
 */

/* A token that sees `prefix` positions of prefix_slot, then those of slot up to `last`; slot < 0 if any is out of
 * range. */
struct clg_token {
    int slot, prefix_slot, prefix, last;
};

static inline struct clg_token
clg_token_at(const struct clg_tokens *all, int n)
{
    struct clg_token t = {all->slot[n], 0, 0, all->position[n]};
    if (C_PREFIX)
        t.prefix = clg_prefix(all->prefix_slot, all->prefix_length, n, t.last, all->n_slots);
    if (t.prefix > 0)
        t.prefix_slot = all->prefix_slot[n];
    if (t.slot >= all->n_slots || t.last < 0 || t.last >= all->n_positions || t.prefix < 0)
        t.slot = -1;
    return t;
}

static inline bool
clg_together(struct clg_token a, struct clg_token b)
{
    return b.slot >= 0 && a.prefix == b.prefix && (a.prefix > 0 ? a.prefix_slot == b.prefix_slot : a.slot == b.slot);
}

/* The first memory that is read for token n: of its prefix, if it has one and not `own`; else of its slot. */
static inline struct clg_span
clg_next_span(const struct clg_tokens *all, int n, bool own)
{
    const struct clg_token t = clg_token_at(all, n);
    if (t.slot < 0)
        return clg_span_of(all, 0, 0);
    return t.prefix > 0 && !own ? clg_span_of(all, t.prefix_slot, 0) : clg_span_of(all, t.slot, t.prefix);
}

/* Rows row0 .. row0 + n_rows - 1 of a run that begins with token n and has n_heads rows for each token; t is one of its
 * tokens. All rows read the prefix, then those of each slot the positions behind it. */
static inline void
clg_walk_together(clg_rows *r, const struct clg_tokens *all, struct clg_token t, int n, int row0, int n_rows,
                  int n_heads)
{
    if (t.prefix > 0)
        clg_decode_walk(r, 0, n_rows, clg_span_of(all, t.prefix_slot, 0), 0, t.prefix,
                        clg_next_span(all, n + row0 / n_heads, true));
    for (int from = 0, to; from < n_rows; from = to) {
        const int slot = all->slot[n + (row0 + from) / n_heads];
        int visible = 0;
        for (to = from; to < n_rows && all->slot[n + (row0 + to) / n_heads] == slot; to++)
            visible = max(visible, r->last[to] + 1);
        clg_decode_walk(r, from, to, clg_span_of(all, slot, t.prefix), t.prefix, visible,
                        clg_next_span(all, min(n + (row0 + to) / n_heads, all->n_tokens - 1), to < n_rows));
    }
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
k_attention_decode(C_TENSOR_HEADS(const c_act, q), C_TENSOR(const int, slot), C_TENSOR(const int, position),
                   C_TENSOR(const cache_t, k), C_TENSOR(const cache_t, v), C_TENSOR(const int, prefix_slot),
                   C_TENSOR(const int, prefix_length), C_TENSOR_HEADS(c_act, o), int n_tokens, int n_group, int n_slots,
                   int n_positions, int n_heads, float scale2)
{
    const struct clg_tokens all = {k_buf + k_off,
                                   v_buf + v_off,
                                   slot_buf + slot_off,
                                   position_buf + position_off,
                                   prefix_slot_buf + prefix_slot_off,
                                   prefix_length_buf + prefix_length_off,
                                   n_tokens,
                                   n_slots,
                                   n_positions};
    const int end = min((int)(get_group_id(0) + 1) * n_group, n_tokens);
    q_buf += q_off + (size_t)get_group_id(1) * n_heads * q_head;
    o_buf += o_off + (size_t)get_group_id(1) * n_heads * o_head;
    for (int n = get_group_id(0) * n_group, run; n < end; n += run) {
        const struct clg_token token = clg_token_at(&all, n);
        run = 1;
        if (token.slot < 0) {
            for (int h = 0; h < n_heads; h++)
                for (int c = 0; c < C_HEAD_DIM / C_VW; c++)
                    C_OF(clg_store_, C_ACT)((vf)(0.0f), c, o_buf + n * o_row + h * o_head);
            continue;
        }
        while (n + run < end && clg_together(token, clg_token_at(&all, n + run)))
            run++;
        for (int row0 = 0; row0 < run * n_heads; row0 += C_ROWS) {
            const int n_rows = min(run * n_heads - row0, C_ROWS);
            clg_rows r;
            for (int i = 0; i < n_rows; i++) {
                const int t = (row0 + i) / n_heads, h = row0 + i - t * n_heads;
                clg_row_begin(&r, i, q_buf + (n + t) * q_row + h * q_head, scale2, all.position[n + t]);
            }
            for (int i = n_rows; i < n_rows + C_ROWS_PADDED; i++)
                r.m[i] = C_MASKED;
            clg_walk_together(&r, &all, token, n, row0, n_rows, n_heads);
            for (int i = 0; i < n_rows; i++) {
                const int t = (row0 + i) / n_heads, h = row0 + i - t * n_heads;
                clg_row_scaled(r.o + i * C_HEAD_DIM, 1.0f / clg_sum_v(r.l[i]), o_buf + (n + t) * o_row + h * o_head);
            }
        }
    }
}
