/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clipped policy loss, its gradient, and sums for statistics.
 *
 *   ratio = exp(logprob - old_logprob)    u = ratio A    c = clamp(ratio, low, high) A    d = ref_logprob - logprob
 *   J = min(u, c), and at least dual_clip A where A < 0    kl = exp(d) - d - 1 (C_REF)
 *   loss = sum weight (-J + kl_beta kl)    dlogprob = its derivative by logprob
 *
 *   logprob, old_logprob, ref_logprob (C_REF), advantage, weight, dlogprob [N]    part [n_parts][8]    stats [8]
 *
 * k_policy_loss: item i owns P_ITEM_VECTORS native vectors of tokens from vector i * P_ITEM_VECTORS on and writes their
 * sums to part[i]; tokens past N are loaded as weight 0.
 * k_policy_stats: one group of 64; item 8 j + s adds part[j], part[j + 8], ... of statistic s, and item s then adds
 * these eight sums. Local memory: 256 bytes; one barrier, before the second addition. Orders are fixed. f32.
 *
 * Before anything is computed of a token of weight 0, its logprob, old_logprob, ref and advantage are replaced by 0.
 * A NaN in a token of another weight stays NaN. Exponents are cut at 88.
 */
#ifndef C_REF
#define C_REF 0
#endif
#ifndef P_ITEM_VECTORS
#define P_ITEM_VECTORS 4
#endif
#define N_STATS 8

static inline vf exp_of(vf x)
{
    return clg_exp_v(C_MIN(x, (vf)(88.0f)));
}

/* x[at] .. x[at + C_VW - 1]; those from n on are `outside`. */
static inline vf load_tokens(__global const float *x, uint at, uint n, float outside)
{
    if (at + C_VW <= n)
        return vf_load(0, x + at);
    vf v = (vf)(outside);
    for (uint i = 0; at + i < n; ++i)
        ((float *)&v)[i] = x[at + i];
    return v;
}

static inline void store_tokens(__global float *x, uint at, uint n, vf v)
{
    if (at + C_VW <= n)
        vf_store(v, 0, x + at);
    else
        for (uint i = 0; at + i < n; ++i)
            x[at + i] = ((float *)&v)[i];
}

__kernel void k_policy_loss(__global const float *logprob, ulong logprob_offset, __global const float *old_logprob,
                            ulong old_offset, __global const float *ref_logprob, ulong ref_offset,
                            __global const float *advantage, ulong advantage_offset, __global const float *weight,
                            ulong weight_offset, __global float *dlogprob, ulong dlogprob_offset,
                            __global float *restrict part, ulong part_offset, uint n_tokens, uint n_items, float low,
                            float high, float dual_clip, float kl_beta)
{
    const uint item = get_global_id(0);
    const vf zero = (vf)(0.0f), one = (vf)(1.0f);
    vf loss = zero, tokens = zero, ratios = zero, least = (vf)(INFINITY), most = zero, clipped = zero, kls = zero,
       approx = zero;

    if (item >= n_items)
        return;
    for (uint i = 0; i < P_ITEM_VECTORS; ++i) {
        const uint at = (item * P_ITEM_VECTORS + i) * C_VW;
        if (at >= n_tokens)
            break;
        const vf w = load_tokens(weight + weight_offset, at, n_tokens, 0.0f);
        const vi on = w != zero;
        const vf lp = select(zero, load_tokens(logprob + logprob_offset, at, n_tokens, 0.0f), on);
        const vf old = select(zero, load_tokens(old_logprob + old_offset, at, n_tokens, 0.0f), on);
        const vf a = select(zero, load_tokens(advantage + advantage_offset, at, n_tokens, 0.0f), on);
        const vf ratio = exp_of(lp - old), u = ratio * a, c = clamp(ratio, (vf)(low), (vf)(high)) * a;
        const vf floor_of = (vf)(dual_clip) * a;
        const vi by_dual = (a < zero) & (u < floor_of) & (vi)(dual_clip > 0.0f ? -1 : 0);
        const vi by_clip = c < u;
        const vf j = select(select(u, c, by_clip), floor_of, by_dual);
        vf kl = zero, slope = select(-u, zero, by_clip | by_dual);

        if (C_REF) {
            const vf r = select(zero, load_tokens(ref_logprob + ref_offset, at, n_tokens, 0.0f), on) - lp;
            const vf e = exp_of(r), k = (e - r) - one;
            kl = select(k, zero, k < zero);
            slope = fma((vf)(kl_beta), one - e, slope);
        }
        store_tokens(dlogprob + dlogprob_offset, at, n_tokens, select(zero, w * slope, on));
        loss = select(loss, fma(w, fma((vf)(kl_beta), kl, -j), loss), on);
        tokens += select(zero, one, on);
        ratios += select(zero, ratio, on);
        least = select(least, min(least, ratio), on);
        most = select(most, max(most, ratio), on);
        clipped += select(zero, one, on & (by_clip | by_dual));
        kls += kl;
        approx += old - lp;
    }
    part += part_offset + (size_t)item * N_STATS;
    part[0] = clg_sum_v(loss);
    part[1] = clg_sum_v(tokens);
    part[2] = clg_sum_v(ratios);
    part[3] = -clg_max_v(-least);
    part[4] = clg_max_v(most);
    part[5] = clg_sum_v(clipped);
    part[6] = clg_sum_v(kls);
    part[7] = clg_sum_v(approx);
}

/* Sum, minimum or maximum of a and b, as statistic s takes. A table, because oclgrind 21.10 evaluates nested
 * conditional expressions wrongly. */
static inline float join(uint s, float a, float b)
{
    const float joined[3] = {a + b, min(a, b), max(a, b)};
    return joined[s == 3 ? 1 : s == 4 ? 2 : 0];
}

__attribute__((reqd_work_group_size(64, 1, 1))) __kernel void
k_policy_stats(__global const float *restrict part, ulong part_offset, uint n_parts, __global float *restrict stats,
               ulong stats_offset)
{
    __local float sums[64];
    const uint item = get_local_id(0), s = item % N_STATS;
    float sum = s == 3 ? INFINITY : 0.0f;

    for (uint p = item / N_STATS; p < n_parts; p += 8)
        sum = join(s, sum, part[part_offset + (size_t)p * N_STATS + s]);
    sums[item] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < N_STATS) {
        float tokens = 0.0f;
        for (uint j = 0; j < 8; ++j)
            tokens += sums[8 * j + 1];
        for (uint j = 1; j < 8; ++j)
            sum = join(s, sum, sums[8 * j + s]);
        stats[stats_offset + s] = tokens == 0.0f && (s == 3 || s == 4) ? 1.0f : sum;
    }
}
