/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sampling, cpu family: one token and its log-probability for each row of logits.
 *
 *   logits [B][V], by a row stride    key [B][2]    token, logprob [B]    scratch [slots][words]
 *
 * k_sample: group g computes rows g, g + n_groups, ... whole. For few rows three launches do the same, with a group
 * for each row in k_guess, for each part of a row in k_pass, and for each row in k_finish.
 *
 * A row is read once: a sample of it gives a bracket of two logits between which the cut should be; one pass sums the
 * log-sum-exp and lists the tokens of the bracket. The cut is found exactly, in the list, or by more passes if it is
 * not there. The draw finds the segment in which the sum of kept weights passes u times their total, then the block,
 * then the token. No local memory, no barriers. Columns past V hold C_MASKED. f32; sums go over lanes, then blocks,
 * then segments ascending.
 *
 * That the token is one of 0 .. V-1: a row that is no distribution is not drawn from. In any other the maximum has the
 * weight 1 and is kept by every cut, so the total is above 0 and u times it below the total. At each of the three levels
 * the last place that has weight is taken if rounding lets the sum end short of the goal, and columns past V have none.
 */
static lse_state join_segments(row_slot r)
{
    lse_state all = {r.m[0], r.s[0], 0.0f};

    for (uint g = 1; g < r.n_segments; ++g) {
        const lse_state next = {r.m[g], r.s[g], 0.0f};
        all = lse_merge(all, next);
    }
    return all;
}

/* Rescales the segments' weights from their own maximum to the row's; returns the sum. */
static float scale_segments(row_slot r, float top)
{
    float total = 0.0f;

    for (uint g = 0; g < r.n_segments; ++g) {
        const float d = r.m[g] - top, scale = d > C_LSE_FLOOR ? clg_exp(d) : 0.0f;
        r.s[g] *= scale;
        total += r.s[g];
        if (C_CUT)
            r.over[g] *= scale;
    }
    return total;
}

/* Which lanes the cut keeps: z from high up, and ties (low <= z < high) whose place `at` is at most `last`. */
static inline vi kept_v(const row_cut *r, vf z, vi at, int last)
{
    if (!C_CUT)
        return (vi)(-1);
    return (z >= (vf)(rank_logit(r->high.rank))) | ((z >= (vf)(rank_logit(r->low.rank))) & (at <= (vi)(last)));
}

static inline vi places_from(uint first)
{
    vi at;
    for (int l = 0; l < C_VW; ++l)
        ((int *)&at)[l] = (int)first + l;
    return at;
}

static inline float kept_block(vf w[C_LSE_NV], const row_cut *r, uint c, uint end)
{
    vf z[C_LSE_NV], sum = (vf)(0.0f);

    scaled_block(z, r->logits + c, min((uint)C_LSE_BLOCK, end - c), r->inv_temperature);
    for (uint j = 0; j < C_LSE_NV; ++j) {
        w[j] = as_vf(as_vi(weight_v(z[j], r->top)) & kept_v(r, z[j], places_from(c + j * C_VW), r->last_tie));
        sum += w[j];
    }
    return clg_sum_v(sum);
}

/* The kept weight of a segment in the list, where its n tokens begin at `first`. */
static inline float kept_of_list(const row_cut *r, uint first, uint n)
{
    vf sum = (vf)(0.0f);

    for (uint i = first; i < first + n; i += C_VW) {
        const vi at = places_from(i);
        const vi in = kept_v(r, vf_load(0, r->slot.z + i), at, r->last_place) & (at < (vi)((int)(first + n)));
        sum += as_vf(as_vi(vf_load(0, r->slot.w + i)) & in);
    }
    return clg_sum_v(sum);
}

/* s[g] = the kept weight of segment g. */
static void keep_segments(const row_cut *r)
{
    const row_slot s = r->slot;
    /* the list and what lies above it tell all, also where nothing of the list is kept */
    const bool known =
        is_listed(r) || (r->first <= r->low.rank && r->low.rank == r->last.rank && r->last_tie == INT_MAX);
    uint i = 0;

    for (uint g = 0; g < s.n_segments; ++g) {
        const uint first = g * C_LSE_SEGMENT, end = min(r->vocab, first + C_LSE_SEGMENT);
        float mass = 0.0f;
        if (known) {
            mass = s.over[g];
            if (r->n_listed > 0)
                mass += kept_of_list(r, i, (uint)s.n_in[g]);
            i += (uint)s.n_in[g];
        }
        for (uint c = first; !known && c < end; c += C_LSE_BLOCK) {
            vf w[C_LSE_NV];
            mass += kept_block(w, r, c, end);
        }
        s.s[g] = mass;
    }
}

/* The token of a block at which the sum of kept weights passes the goal; if none does, the last one that has weight. */
static inline uint walk_block(const row_cut *r, uint c, uint end, float sum, float goal)
{
    vf w[C_LSE_NV];
    uint token = c;

    kept_block(w, r, c, end);
    for (uint v = 0; v < C_LSE_BLOCK && sum <= goal; ++v) {
        const float x = ((float *)w)[v];
        sum += x;
        token = x > 0.0f ? c + v : token;
    }
    return token;
}

static uint draw_row(const row_cut *r, float u)
{
    const row_slot s = r->slot;
    float total = 0.0f, sum = 0.0f, mass = 0.0f;
    uint g = 0, c, block;

    for (uint i = 0; i < s.n_segments; ++i)
        total += s.s[i];
    const float goal = u * total;
    for (uint i = 0; i < s.n_segments && sum + mass <= goal; ++i)
        if (s.s[i] > 0.0f) {
            sum += mass;
            mass = s.s[i];
            g = i;
        }
    const uint first = g * C_LSE_SEGMENT, end = min(r->vocab, first + C_LSE_SEGMENT);
    block = first;
    mass = 0.0f;
    for (c = first; c < end && sum + mass <= goal; c += C_LSE_BLOCK) {
        vf w[C_LSE_NV];
        const float next = kept_block(w, r, c, end);
        if (next > 0.0f) {
            sum += mass;
            mass = next;
            block = c;
        }
    }
    return walk_block(r, block, end, sum, goal);
}

/* The first token of logit top, else 0. */
static uint first_equal(__global const c_act *logits, uint vocab, float inv_temperature, float top)
{
    for (uint v = 0; v < vocab; ++v)
        if (C_OF(clg_get_, C_ACT)(v, logits) * inv_temperature == top)
            return v;
    return 0;
}

/* The first token of the largest logit, which lies in the first segment that has that maximum; uses no scratch
 * memory. */
static uint greedy_row(__global const c_act *logits, uint vocab, float inv_temperature, float *lse)
{
    const uint n_segments = (vocab + C_LSE_SEGMENT - 1) / C_LSE_SEGMENT;
    lse_state all = lse_empty();
    token_list none = {0, 0, 0};
    pass_maxima maxima;
    uint best = 0;

    first_maxima(&maxima, logits, vocab, 0, inv_temperature);
    for (uint g = 0; g < n_segments; ++g) {
        const segment_sums sums =
            pass_segment(&none, &maxima, logits, vocab, g * C_LSE_SEGMENT, inv_temperature, 0.0f, 0.0f);
        const lse_state next = {sums.m, sums.s, 0.0f};
        best = g == 0 || next.m > all.m ? g : best;
        all = g == 0 ? next : lse_merge(all, next);
    }
    *lse = lse_value(all);
    if (*lse != *lse)
        return first_equal(logits, vocab, inv_temperature, INFINITY);
    const uint first = best * C_LSE_SEGMENT;
    return first + first_equal(logits + first, min((uint)C_LSE_SEGMENT, vocab - first), inv_temperature, all.m);
}

/* After the pass: the token, and the row's log-sum-exp. */
static uint finish_row(row_slot slot, __global const c_act *logits, __global const ulong *key, uint vocab,
                       float inv_temperature, uint top_k, float top_p, float *lse)
{
    const lse_state all = join_segments(slot);
    row_cut r;

    *lse = lse_value(all);
    if (*lse != *lse)
        return first_equal(logits, vocab, inv_temperature, INFINITY);
    r.logits = logits;
    r.slot = slot;
    r.vocab = vocab;
    r.inv_temperature = inv_temperature;
    r.top = all.m;
    const float total = scale_segments(slot, all.m);
    if (C_CUT) {
        cut_row(&r, top_k, top_p, total);
        keep_segments(&r);
    }
    return draw_row(&r, uniform_of(philox_word(key[0], key[1])));
}

#define SAMPLE_ARGS                                                                                                    \
    __global const c_act *restrict logits, ulong logits_offset, ulong row_stride, __global const ulong *restrict key,  \
        ulong key_offset, ulong key_stride, __global int *restrict token, ulong token_offset,                          \
        __global float *restrict logprob, ulong logprob_offset, uint has_logprob, __global float *scratch,             \
        ulong scratch_offset, uint n_rows, uint vocab, uint words, float inv_temperature, uint top_k, float top_p
#define ROW(b)  (logits + logits_offset + (b)*row_stride)
#define SLOT(i) slot_at(scratch + scratch_offset + (i)*words, vocab)

inline void write_row(__global int *token, __global float *logprob, bool has_logprob, uint chosen, float logit, float lse)
{
    *token = (int)chosen;
    if (has_logprob)
        *logprob = logit - lse;
}

#define FINISH(b, chosen_row)                                                                                          \
    do {                                                                                                               \
        float lse;                                                                                                     \
        const uint chosen = chosen_row;                                                                                \
        write_row(token + token_offset + (b), logprob + logprob_offset + (b), has_logprob != 0, chosen,                \
                  C_OF(clg_get_, C_ACT)(chosen, ROW(b)) * inv_temperature, lse);                                       \
    } while (0)
#define FINISH_ROW(b, slot)                                                                                            \
    finish_row(slot, ROW(b), key + key_offset + (b)*key_stride, vocab, inv_temperature, top_k, top_p, &lse)

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void k_sample(SAMPLE_ARGS)
{
    const row_slot slot = SLOT((size_t)get_group_id(0));

    for (size_t b = get_group_id(0); b < n_rows; b += get_num_groups(0)) {
        if (C_GREEDY) {
            FINISH(b, greedy_row(ROW(b), vocab, inv_temperature, &lse));
            continue;
        }
        if (C_CUT)
            guess(slot.bracket, ROW(b), vocab, inv_temperature, top_k, top_p);
        for (uint p = 0; p < slot.n_parts; ++p)
            pass_part(slot, ROW(b), vocab, inv_temperature, p);
        FINISH(b, FINISH_ROW(b, slot));
    }
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void k_guess(SAMPLE_ARGS)
{
    const size_t b = get_group_id(0);
    const row_slot slot = SLOT(b);

    guess(slot.bracket, ROW(b), vocab, inv_temperature, top_k, top_p);
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void k_pass(SAMPLE_ARGS)
{
    const size_t b = get_group_id(1);

    pass_part(SLOT(b), ROW(b), vocab, inv_temperature, (uint)get_group_id(0));
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void k_finish(SAMPLE_ARGS)
{
    const size_t b = get_group_id(0);

    FINISH(b, FINISH_ROW(b, SLOT(b)));
}
