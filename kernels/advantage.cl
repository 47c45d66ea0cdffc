/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group-relative advantage: (r - mean) times a scale that C_KIND selects; mean and variance are weighted.
 *
 *   reward, weight, advantage [R]    offsets [G+1]    C_WEIGHTED 0: every weight is 1 and the buffer is not read
 *
 * Item g owns group g and visits its rewards in order, so a group's bits do not depend on the other groups. Three
 * passes: extremes and weight sum; mean; variance. Differences are summed, from the smallest reward and then from the
 * mean, so that the error is relative to the spread of the rewards and not to their size. Offsets outside 0 .. R are
 * clamped. No local memory, no barriers. f32.
 */
#ifndef C_KIND
#define C_KIND 0
#endif
#ifndef C_WEIGHTED
#define C_WEIGHTED 1
#endif
#define KIND_STD      0
#define KIND_UNBIASED 1
#define KIND_MEAN     2
#define KIND_LOO      3

static inline float weight_of(__global const float *weight, uint i)
{
    return C_WEIGHTED ? weight[i] : 1.0f;
}

/* The factor of a deviation from the mean. */
static inline float scale_of(float variance, float total, float eps)
{
    switch (C_KIND) {
    case KIND_UNBIASED:
        return 1.0f / (sqrt(variance * (total / (total - 1.0f))) + eps);
    case KIND_MEAN:
        return 1.0f;
    case KIND_LOO:
        return total / (total - 1.0f);
    default:
        return 1.0f / (sqrt(variance) + eps);
    }
}

__kernel void k_advantage(__global const float *reward, ulong reward_offset, __global const float *weight,
                          ulong weight_offset, __global const int *offsets, ulong offsets_offset,
                          __global float *advantage, ulong advantage_offset, uint n_groups, int n_rewards, float eps)
{
    const size_t g = get_global_id(0);

    if (g >= n_groups)
        return;
    const int first = clamp(offsets[offsets_offset + g], 0, n_rewards);
    const int n = clamp(offsets[offsets_offset + g + 1], first, n_rewards) - first;
    float low = INFINITY, high = -INFINITY, total = 0.0f, sum = 0.0f, squares = 0.0f, rest = 0.0f;

    reward += reward_offset + first;
    weight += weight_offset + first;
    advantage += advantage_offset + first;
    for (int i = 0; i < n; ++i) {
        const float w = weight_of(weight, i);
        if (w > 0.0f) {
            low = min(low, reward[i]);
            high = max(high, reward[i]);
            total += w;
        }
    }
    const bool equal = !(low < high) || ((C_KIND == KIND_UNBIASED || C_KIND == KIND_LOO) && total <= 1.0f);
    if (equal) {
        for (int i = 0; i < n; ++i)
            advantage[i] = 0.0f;
        return;
    }
    for (int i = 0; i < n; ++i) {
        const float w = weight_of(weight, i);
        sum = w > 0.0f ? fma(w, reward[i] - low, sum) : sum;
    }
    const float shift = sum / total;
    for (int i = 0; i < n; ++i) {
        const float w = weight_of(weight, i), d = (reward[i] - low) - shift;
        if (w > 0.0f) {
            squares = fma(w * d, d, squares);
            rest = fma(w, d, rest);
        }
    }
    /* The rounding error of the mean: the weighted mean of the deviations from it. Both moments are corrected. */
    const float slip = rest / total;
    const float scale = scale_of(max(squares / total - slip * slip, 0.0f), total, eps);
    for (int i = 0; i < n; ++i)
        advantage[i] = ((reward[i] - low) - shift - slip) * scale;
}
