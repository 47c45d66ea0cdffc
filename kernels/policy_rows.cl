/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy loss by rows, which are trajectories: where the ratio or the correction is that of a row.
 *
 *   logprob, old_logprob, sampled_logprob (C_CORRECTION), ref_logprob (C_REF), advantage, weight, dlogprob [N]
 *   offsets [R+1]    part [R C_LANES][N_STATS], each item's sums
 *
 * C_LEVEL of a token's log_ratio: 0 its own; 1 the mean over the n tokens of its row whose weight is not 0; 2 their
 * sum. So with L the loss, dL/dlogprob[t] = sum over the row of dL/dlog_ratio, over n (1) or whole (2), where the token
 * counts.
 *
 * Group r owns row r: tokens offsets[r] .. offsets[r+1]-1, clamped to 0 .. N. Its C_LANES items take native vectors of
 * tokens in turn, and pass over them three times: the sums that log_ratio and log_x are; the loss, whose slopes along
 * log_ratio are summed, and of which the part along logprob is kept in dlogprob; and the addition of the one sum to
 * each token. What an item stored it alone reads again. dlogprob may be logprob: an item's second pass is the last to
 * read it. A row's bits depend on the row alone: vector v of a row is item v % C_LANES's, and sums are joined as a
 * fixed tree. Local memory: 4 C_LANES bytes; C_LANES 1: no barriers; else two a sum and halving. f32.
 */
#ifndef C_LEVEL
#define C_LEVEL 1
#endif
#ifndef C_LANES
#define C_LANES 1
#endif

/* The sum of x over the items of the group, in each of them. */
inline float
sum_of_group(__local float *sums, float x)
{
    if (C_LANES == 1)
        return x;
    const uint item = get_local_id(0);

    sums[item] = x;
    for (uint n = C_LANES / 2; n > 0; n /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < n)
            sums[item] += sums[item + n];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    const float sum = sums[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return sum;
}

__kernel void
k_policy_rows(C_POLICY_TENSORS, __global float *restrict part, ulong part_offset, __global const int *restrict offsets,
              ulong offsets_offset, uint n_tokens, C_POLICY_OPTIONS)
{
    __local float scratch[C_LANES];
    const bool is_shared = C_LEVEL != 0 && !C_CISPO; /* the slope, by the tokens of the row */
    const uint row = get_group_id(0), step = C_LANES * C_VW, lane = get_local_id(0) * C_VW;
    const int first = clamp(offsets[offsets_offset + row], 0, (int)n_tokens);
    const uint end = clamp(offsets[offsets_offset + row + 1], first, (int)n_tokens), start = (uint)first + lane;
    const token_inputs in = C_POLICY_INPUTS(end);
    const loss_options options = C_POLICY_VALUES;
    const vf zero = (vf)(0.0f), one = (vf)(1.0f);
    vf log_ratios = zero, log_xs = zero, ones = zero, slope = zero;
    token_sums sums = no_sums();

    for (uint at = start; at < end; at += step) {
        const tokens t = tokens_at(&in, at);
        log_ratios += t.logprob - t.old;
        log_xs += t.old - t.sampled;
        ones += select(zero, one, t.on);
    }
    const float n = sum_of_group(scratch, clg_sum_v(ones)), share = C_LEVEL == 2 ? 1.0f : n > 0.0f ? 1.0f / n : 0.0f;
    const float log_ratio = sum_of_group(scratch, clg_sum_v(log_ratios)) * share;
    const float log_x = sum_of_group(scratch, clg_sum_v(log_xs));

    for (uint at = start; at < end; at += step) {
        const tokens t = tokens_at(&in, at);
        const vf of_token = t.logprob - t.old, x_of_token = t.old - t.sampled;
        const slopes s = add_tokens(&sums, &t, &options, C_LEVEL ? select(zero, (vf)(log_ratio), t.on) : of_token,
                                    C_OF_ROW ? select(zero, (vf)(log_x), t.on) : x_of_token);
        if (is_shared)
            slope = fma(t.weight, s.surrogate, slope);
        store_tokens(dlogprob + dlogprob_offset, at, end,
                     select(zero, t.weight * (is_shared ? s.kl : s.surrogate + s.kl), t.on));
    }
    const float each = is_shared ? sum_of_group(scratch, clg_sum_v(slope)) * share : 0.0f;

    for (uint at = start; at < end && is_shared; at += step) {
        const vi on = load_tokens(in.weight, at, end, 0.0f) != zero;
        const vf of_kl = load_tokens(dlogprob + dlogprob_offset, at, end, 0.0f);
        store_tokens(dlogprob + dlogprob_offset, at, end, select(zero, of_kl + (vf)(each), on));
    }
    store_sums(part + part_offset + (size_t)get_global_id(0) * N_STATS, &sums);
}
