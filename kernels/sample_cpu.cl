/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sampling, cpu family: one token and its log-probability per row of logits.
 *
 *   logits [B][V], rows apart    key [B][2]    token, logprob [B]
 *   scratch [n_groups][2][v_pad] (weights, ranks), v_pad = V rounded up to C_LSE_BLOCK; a row's slot is its group's
 *
 * Group g owns rows g, g + n_groups, ... whole. Passes over a row: log-sum-exp in the order of lse.cl; weights and ranks; a bisection over
 * ranks for each cut, of at most 32 counts, fewer when one token separates the bounds; the walk along the cumulative weights by blocks.
 * No local memory, no barriers. Tokens past V have weight 0 and the lowest rank. f32 sums, in lanes, blocks ascending.
 */
#ifndef C_GREEDY
#define C_GREEDY 0
#endif
#ifndef C_CUT
#define C_CUT 1
#endif

typedef struct {
    int n;
    float mass;
} tally;

static inline void scaled_block(vf z[C_LSE_NV], __global const float *logits, uint valid, float inv_temperature)
{
    if (valid == C_LSE_BLOCK) {
        for (uint j = 0; j < C_LSE_NV; ++j)
            z[j] = vf_load(j, logits) * (vf)(inv_temperature);
        return;
    }
    for (uint v = 0; v < C_LSE_BLOCK; ++v)
        ((float *)z)[v] = v < valid ? logits[v] * inv_temperature : C_MASKED;
}

static lse_state row_state(__global const float *logits, uint vocab, float inv_temperature)
{
    lse_state all = lse_empty();

    for (uint c = 0; c < vocab; c += C_LSE_SEGMENT) {
        const uint n = min((uint)C_LSE_SEGMENT, vocab - c);
        lse_lanes lanes = lse_lanes_empty();
        for (uint b = 0; b < n; b += C_LSE_BLOCK) {
            vf z[C_LSE_NV];
            scaled_block(z, logits + c + b, min((uint)C_LSE_BLOCK, n - b), inv_temperature);
            lse_block(&lanes, z, false);
        }
        const lse_state next = lse_lanes_end(&lanes);
        all = c == 0 ? next : lse_merge(all, next);
    }
    return all;
}

static uint first_equal(__global const float *logits, uint vocab, float top)
{
    for (uint v = 0; v < vocab; ++v)
        if (logits[v] == top)
            return v;
    return 0;
}

static void weigh(__global float *weights, __global int *ranks, __global const float *logits,
                  uint vocab, float inv_temperature, float top)
{
    for (uint c = 0; c < vocab; c += C_LSE_BLOCK) {
        vf z[C_LSE_NV];
        scaled_block(z, logits + c, min((uint)C_LSE_BLOCK, vocab - c), inv_temperature);
        for (uint j = 0; j < C_LSE_NV; ++j) {
            const vf d = z[j] - (vf)(top);
            const vi u = as_vi(z[j] + (vf)(0.0f));
            vf_store(select((vf)(0.0f), clg_exp_v(d), d > (vf)(C_LSE_FLOOR)), j, weights + c);
            if (C_CUT)
                C_CAT(vstore, P_VECTOR_WIDTH)(u ^ ((u >> 31) & (vi)(0x7fffffff)), j, ranks + c);
        }
    }
}

/* Count and mass of the tokens of rank `low` or more. */
static tally tally_from(__global const float *weights, __global const int *ranks, uint v_pad, int low)
{
    vi n = (vi)(0);
    vf mass = (vf)(0.0f);

    for (uint i = 0; i < v_pad / C_VW; ++i) {
        const vi in = C_CAT(vload, P_VECTOR_WIDTH)(i, ranks) >= (vi)(low);
        n -= in;
        mass += as_vf(as_vi(vf_load(i, weights)) & in);
    }
    tally r = {0, clg_sum_v(mass)};
    for (uint l = 0; l < C_VW; ++l)
        r.n += ((int *)&n)[l];
    return r;
}

/*
 * Largest rank `low` of which enough is at or above: `count` tokens, or `need` mass if count is 0. Starts from a low that has enough and a
 * high that has not, with their tallies; stops early when what lies between is one token, or the count is met exactly.
 */
static void bisect(__global const float *weights, __global const int *ranks, uint v_pad, int *low, int *high,
                   tally *at_low, tally *at_high, int count, float need)
{
    while (as_uint(*high) - as_uint(*low) > 1 && at_low->n - at_high->n > 1 && at_low->n != count) {
        const int middle = rank_middle(*low, *high);
        const tally t = tally_from(weights, ranks, v_pad, middle);

        if (count > 0 ? t.n >= count : t.mass >= need) {
            *low = middle;
            *at_low = t;
        } else {
            *high = middle;
            *at_high = t;
        }
    }
}

/* Gives the lowest rank to all but the first n_kept tokens whose rank is in [low, high). */
static void drop_ties(__global int *ranks, uint vocab, int low, int high, uint n_kept)
{
    for (uint v = 0; v < vocab; ++v)
        if (ranks[v] >= low && ranks[v] < high && n_kept-- == 0) {
            n_kept = 0;
            ranks[v] = INT_MIN;
        }
}

/* Applies both cuts to the ranks; the tokens that stay have at least the rank returned. */
static int cut_row(__global const float *weights, __global int *ranks, uint vocab, uint v_pad, float top, uint top_k,
                   float top_p)
{
    const int above_all = rank_of(top) + 1;
    int low = rank_of(C_MASKED) + 1, high = above_all;
    tally at_low = tally_from(weights, ranks, v_pad, low), at_high = {0, 0.0f};

    if (top_k < (uint)at_low.n) {
        bisect(weights, ranks, v_pad, &low, &high, &at_low, &at_high, (int)top_k, 0.0f);
        if (at_low.n > (int)top_k) {
            drop_ties(ranks, vocab, low, high, top_k - (uint)at_high.n);
            at_low = tally_from(weights, ranks, v_pad, low);
        }
    }
    if (top_p < 1.0f) {
        const float need = top_p * at_low.mass;
        high = above_all;
        at_high.n = 0;
        at_high.mass = 0.0f;
        bisect(weights, ranks, v_pad, &low, &high, &at_low, &at_high, 0, need);
        const uint n = (uint)(at_low.n - at_high.n);
        const float each = (at_low.mass - at_high.mass) / (float)n;
        const uint kept = ties_needed(need, at_high.mass, each, n);
        if (kept < n)
            drop_ties(ranks, vocab, low, high, kept);
    }
    return low;
}

static inline float block_mass(vf w[C_LSE_NV], __global const float *weights, __global const int *ranks, int low)
{
    vf sum = (vf)(0.0f);

    for (uint j = 0; j < C_LSE_NV; ++j) {
        w[j] = vf_load(j, weights);
        if (C_CUT)
            w[j] = as_vf(as_vi(w[j]) & (C_CAT(vload, P_VECTOR_WIDTH)(j, ranks) >= (vi)(low)));
        sum += w[j];
    }
    return clg_sum_v(sum);
}

static uint draw_row(__global const float *weights, __global const int *ranks, uint v_pad, int low, float u)
{
    vf w[C_LSE_NV];
    float total = 0.0f, sum = 0.0f;
    uint token = 0;

    for (uint c = 0; c < v_pad; c += C_LSE_BLOCK)
        total += block_mass(w, weights + c, ranks + c, low);
    const float goal = u * total;
    for (uint c = 0; c < v_pad && sum <= goal; c += C_LSE_BLOCK) {
        const float mass = block_mass(w, weights + c, ranks + c, low), next = sum + mass;
        if (next > goal || next == total)
            for (uint v = 0; v < C_LSE_BLOCK && sum <= goal; ++v) {
                const float x = ((float *)w)[v];
                sum += x;
                token = x > 0.0f ? c + v : token;
            }
        sum = max(sum, next);
    }
    return token;
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
k_sample(__global const float *restrict logits, ulong logits_offset, ulong row_stride, __global const ulong *restrict key,
         ulong key_offset, ulong key_stride, __global int *restrict token, ulong token_offset,
         __global float *restrict logprob, ulong logprob_offset, uint has_logprob, __global float *restrict scratch,
         ulong scratch_offset, uint n_rows, uint vocab, uint v_pad, float inv_temperature, uint top_k, float top_p)
{
    __global float *weights = scratch + scratch_offset + (size_t)get_group_id(0) * 2 * v_pad;
    __global int *ranks = (__global int *)(weights + v_pad);

    for (size_t b = get_group_id(0); b < n_rows; b += get_num_groups(0)) {
        __global const float *row = logits + logits_offset + b * row_stride;
        const lse_state s = row_state(row, vocab, inv_temperature);
        uint chosen;

        if (C_GREEDY) {
            chosen = first_equal(row, vocab, s.m);
        } else {
            __global const ulong *k = key + key_offset + b * key_stride;
            weigh(weights, ranks, row, vocab, inv_temperature, s.m);
            const int low = C_CUT ? cut_row(weights, ranks, vocab, v_pad, s.m, top_k, top_p) : 0;
            chosen = draw_row(weights, ranks, v_pad, low, uniform_of(philox_word(k[0], k[1])));
        }
        token[token_offset + b] = (int)chosen;
        if (has_logprob)
            logprob[logprob_offset + b] = row[chosen] * inv_temperature - lse_value(s);
    }
}
