/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sampling, simt family: one token and its log-probability for each row of logits.
 *
 *   logits [B][V], by a row stride    key [B][2]    token, logprob [B]
 *   scratch [n_groups][2][words / 2]  the group's weights and ranks of the tokens of its row
 *
 * Group g, of 64 items, owns rows g, g + n_groups, ... The log-sum-exp is computed for four segments at a time, by 16
 * lanes each. Each cut is found by a bisection of 32 counts, in which an item takes every 64th token. For the draw an
 * item sums a run of ceil(V / 64) tokens; item 0 finds the run, then the token in it. Local memory: 64 * 3 * 4 = 768
 * bytes. Barriers: a sum over the group is written, then read by all items, with a barrier after each; so all have
 * the same sum, take the same branches, and reach each barrier. f32.
 *
 * Local memory is an argument: PoCL 3.1 keeps a __local variable of a kernel static, so that its threads share it,
 * where the compiler propagates its address into a function that is not inlined.
 */
#ifndef C_GREEDY
#define C_GREEDY 0
#endif
#ifndef C_CUT
#define C_CUT 1
#endif
#define N_ITEMS 64
#define N_QUADS (N_ITEMS / C_LSE_LANES)
#define BOTH_FENCES (CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)

typedef struct {
    int n;
    float mass;
} tally;

/* The sum of all items' values, in the order of the items. All items must call it, and get the same. */
static inline tally tally_sum(tally mine, __local int *ints, __local float *floats)
{
    const uint item = get_local_id(0);
    tally r = {0, 0.0f};

    ints[item] = mine.n;
    floats[item] = mine.mass;
    barrier(BOTH_FENCES);
    for (uint i = 0; i < N_ITEMS; ++i) {
        r.n += ints[i];
        r.mass += floats[i];
    }
    barrier(BOTH_FENCES);
    return r;
}

static inline lse_state row_state(__global const c_act *logits, uint vocab, float inv_temperature, __local float *m,
                                  __local float *s)
{
    const uint item = get_local_id(0), lane = item % C_LSE_LANES, quad = item / C_LSE_LANES;
    lse_state all = lse_empty();

    for (uint c = 0; c < vocab; c += N_QUADS * C_LSE_SEGMENT) {
        const uint first = c + quad * C_LSE_SEGMENT, end = min(vocab, first + C_LSE_SEGMENT);
        lse_state mine = lse_empty();

        for (uint v = first + 4 * lane; v < end; v += C_LSE_STEP) {
            float z[4];
            for (uint j = 0; j < 4; ++j)
                z[j] = v + j < end ? C_OF(clg_get_, C_ACT)(v + j, logits) * inv_temperature : C_MASKED;
            mine = lse_step(mine, (float4)(z[0], z[1], z[2], z[3]));
        }
        m[item] = mine.m;
        s[item] = mine.s;
        barrier(BOTH_FENCES);
        for (uint q = 0; q < N_QUADS && c + q * C_LSE_SEGMENT < vocab; ++q) {
            lse_state segment = lse_empty();
            for (uint l = 0; l < C_LSE_LANES; ++l) {
                const lse_state next = {m[q * C_LSE_LANES + l], s[q * C_LSE_LANES + l], 0.0f};
                segment = lse_merge(segment, next);
            }
            all = c == 0 && q == 0 ? segment : lse_merge(all, segment);
        }
        barrier(BOTH_FENCES);
    }
    return all;
}

static inline tally tally_from(__global const float *weights, __global const int *ranks, uint vocab, int low)
{
    tally r = {0, 0.0f};

    for (uint v = get_local_id(0); v < vocab; v += N_ITEMS)
        if (ranks[v] >= low) {
            r.n += 1;
            r.mass += weights[v];
        }
    return r;
}

/*
 * The largest rank at or above which there is enough: `count` tokens or, if count is 0, the mass `need`. There must
 * be enough at or above `low`. *above: the tokens of the ranks above the result.
 */
static inline int bisect(__global const float *weights, __global const int *ranks, uint vocab, int low, int high,
                         int count, float need, tally *above, __local int *ints, __local float *floats)
{
    above->n = 0;
    above->mass = 0.0f;
    for (uint i = 0; i < 32; ++i) {
        const int middle = rank_middle(low, high);
        const tally t = tally_sum(tally_from(weights, ranks, vocab, middle), ints, floats);
        const bool enough = middle == low || (count > 0 ? t.n >= count : t.mass >= need);

        low = enough ? middle : low;
        high = enough ? high : middle;
        above->n = enough ? above->n : t.n;
        above->mass = enough ? above->mass : t.mass;
    }
    return low;
}

/*
 * Keeps the weights of the tokens above `rank` and of the first n_kept of the n_ties of that rank, and sets the
 * others to 0. Item 0 visits the tokens alone, and only if ties are dropped.
 */
static inline void keep(__global float *weights, __global const int *ranks, uint vocab, int rank, uint n_ties,
                        uint n_kept)
{
    for (uint v = get_local_id(0); v < vocab; v += N_ITEMS)
        if (ranks[v] < rank)
            weights[v] = 0.0f;
    if (get_local_id(0) == 0 && n_kept < n_ties) {
        uint seen = 0;
        for (uint v = 0; v < vocab; ++v)
            if (ranks[v] == rank) {
                if (seen >= n_kept)
                    weights[v] = 0.0f;
                ++seen;
            }
    }
    barrier(BOTH_FENCES);
}

static inline void cut_row(__global float *weights, __global const int *ranks, uint vocab, float top, uint top_k,
                           float top_p, __local int *ints, __local float *floats)
{
    const int above_all = rank_of(top) + 1, below_all = rank_of(C_MASKED) + 1;
    const tally all = tally_sum(tally_from(weights, ranks, vocab, below_all), ints, floats);
    const int k = (int)min(top_k, (uint)all.n);
    tally above, at;

    const int low = bisect(weights, ranks, vocab, below_all, above_all, k, 0.0f, &above, ints, floats);
    at = tally_sum(tally_from(weights, ranks, vocab, low), ints, floats);
    keep(weights, ranks, vocab, low, (uint)(at.n - above.n), (uint)(k - above.n));
    at = tally_sum(tally_from(weights, ranks, vocab, low), ints, floats);

    const float need = top_p * at.mass;
    const int rank = bisect(weights, ranks, vocab, low, above_all, 0, need, &above, ints, floats);
    at = tally_sum(tally_from(weights, ranks, vocab, rank), ints, floats);
    const uint n_ties = (uint)(at.n - above.n);
    const uint kept = ties_needed(need, above.mass, clg_exp(rank_logit(rank) - top), n_ties);
    keep(weights, ranks, vocab, top_p < 1.0f ? rank : low, n_ties, top_p < 1.0f ? kept : n_ties);
}

/* The token, of which item 0's result is the valid one. */
static inline uint draw_row(__global const float *weights, uint vocab, uint run, float u, __local float *floats)
{
    const uint item = get_local_id(0), first = min(item * run, vocab), end = min(first + run, vocab);
    float mine = 0.0f, total = 0.0f, sum = 0.0f;
    uint token = 0;

    for (uint v = first; v < end; ++v)
        mine += weights[v];
    floats[item] = mine;
    barrier(BOTH_FENCES);
    for (uint i = 0; i < N_ITEMS; ++i)
        total += floats[i];
    const float goal = u * total;
    for (uint i = 0; i < N_ITEMS && item == 0 && sum <= goal; ++i) {
        const float next = sum + floats[i];
        if (next > goal || next == total)
            for (uint v = min(i * run, vocab); v < min((i + 1) * run, vocab) && sum <= goal; ++v) {
                sum += weights[v];
                token = weights[v] > 0.0f ? v : token;
            }
        sum = max(sum, next);
    }
    barrier(BOTH_FENCES);
    return token;
}

/* The first token of logit top, else 0. */
static inline uint first_equal(__global const c_act *logits, uint vocab, float inv_temperature, float top, __local int *ints)
{
    const uint item = get_local_id(0);
    uint first = vocab;

    for (uint v = item; v < vocab; v += N_ITEMS)
        first = C_OF(clg_get_, C_ACT)(v, logits) * inv_temperature == top ? min(first, v) : first;
    ints[item] = (int)first;
    barrier(BOTH_FENCES);
    for (uint i = 0; i < N_ITEMS; ++i)
        first = min(first, (uint)ints[i]);
    barrier(BOTH_FENCES);
    return first < vocab ? first : 0;
}

__attribute__((reqd_work_group_size(N_ITEMS, 1, 1))) __kernel void
k_sample(__global const c_act *restrict logits, ulong logits_offset, ulong row_stride, __global const ulong *restrict key,
         ulong key_offset, ulong key_stride, __global int *restrict token, ulong token_offset,
         __global float *restrict logprob, ulong logprob_offset, uint has_logprob, __global float *restrict scratch,
         ulong scratch_offset, uint n_rows, uint vocab, uint words, float inv_temperature, uint top_k, float top_p,
         __local float *floats)
{
    __local float *more = floats + N_ITEMS;
    __local int *ints = (__local int *)(floats + 2 * N_ITEMS);
    const uint item = get_local_id(0), run = (vocab + N_ITEMS - 1) / N_ITEMS;
    __global float *weights = scratch + scratch_offset + (size_t)get_group_id(0) * words;
    __global int *ranks = (__global int *)(weights + words / 2);

    for (size_t b = get_group_id(0); b < n_rows; b += get_num_groups(0)) {
        __global const c_act *row = logits + logits_offset + b * row_stride;
        const lse_state s = row_state(row, vocab, inv_temperature, floats, more);
        const float lse = lse_value(s);
        uint chosen;

        if (C_GREEDY || lse != lse) {
            chosen = first_equal(row, vocab, inv_temperature, lse != lse ? INFINITY : s.m, ints);
        } else {
            __global const ulong *k = key + key_offset + b * key_stride;
            for (uint v = item; v < vocab; v += N_ITEMS) {
                const float z = C_OF(clg_get_, C_ACT)(v, row) * inv_temperature, d = z - s.m;
                weights[v] = d > C_LSE_FLOOR ? clg_exp(d) : 0.0f;
                ranks[v] = rank_of(z);
            }
            barrier(BOTH_FENCES);
            if (C_CUT)
                cut_row(weights, ranks, vocab, s.m, top_k, top_p, ints, floats);
            chosen = draw_row(weights, vocab, run, uniform_of(philox_word(k[0], k[1])), floats);
        }
        if (item == 0) {
            token[token_offset + b] = (int)chosen;
            if (has_logprob)
                logprob[logprob_offset + b] = C_OF(clg_get_, C_ACT)(chosen, row) * inv_temperature - lse;
        }
    }
}
