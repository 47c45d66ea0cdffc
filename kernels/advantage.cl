/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group-relative advantage: (r - mean) times a scale that C_KIND selects; mean and variance are weighted.
 *
 *   reward, weight, advantage [R]    offsets [G+1]    C_WEIGHTED 0: every weight is 1 and the buffer is not read
 *
 * Item g owns group g and visits its rewards in order, so a group's bits do not depend on the other groups. Three
 * passes: extremes and weight sum; mean; variance. Differences are summed, from the smallest reward and then from the
 * mean, so that the error is relative to the spread of the rewards and not to their size. They are taken in a unit, a
 * power of two near the spread, in which no square overflows or vanishes; that changes no bits where none would.
 * Offsets outside 0 .. R are clamped. No local memory, no barriers. f32.
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

static inline float power_of_two(int exponent)
{
    return as_float((127 + exponent) << 23);
}

/* The unit is 2^-n: in it low and high are 1 to 2 apart, or up to 8 for the largest rewards, or less if they are less
 * than 2^-64 apart. Where no square is taken n is at most 0, so that no reward of weight 0 overflows by it. */
static inline int unit_of(float low, float high)
{
    const int exponent = as_int(0.5f * high - 0.5f * low) >> 23;
    return clamp(126 - exponent, -126, C_KIND == KIND_MEAN || C_KIND == KIND_LOO ? 0 : 64);
}

/* The factor that makes an advantage of a deviation from the mean in units 2^-n. */
static inline float scale_of(float variance, float total, float eps, int n)
{
    const float ratio = C_KIND == KIND_UNBIASED || C_KIND == KIND_LOO ? total / (total - 1.0f) : 1.0f;
    if (C_KIND == KIND_MEAN || C_KIND == KIND_LOO)
        return ratio * power_of_two(-n);
    const float deviation = sqrt(C_KIND == KIND_UNBIASED ? variance * ratio : variance) + eps * power_of_two(n);
    return deviation > 0.0f ? 1.0f / deviation : 0.0f; /* 0: rewards less than 2^-139 apart, and no eps */
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
            low = C_MIN(low, reward[i]);
            high = C_MAX(high, reward[i]);
            total += w;
        }
    }
    const bool equal = !(low < high) || ((C_KIND == KIND_UNBIASED || C_KIND == KIND_LOO) && total <= 1.0f);
    if (equal) {
        for (int i = 0; i < n; ++i)
            advantage[i] = 0.0f;
        return;
    }
    const int unit = unit_of(low, high);
    const float per = power_of_two(unit), least = low * per;
    for (int i = 0; i < n; ++i) {
        const float w = weight_of(weight, i);
        sum = w > 0.0f ? fma(w, reward[i] * per - least, sum) : sum;
    }
    const float shift = sum / total;
    for (int i = 0; i < n; ++i) {
        const float w = weight_of(weight, i), d = (reward[i] * per - least) - shift;
        if (w > 0.0f) {
            squares = fma(w * d, d, squares);
            rest = fma(w, d, rest);
        }
    }
    /* The rounding error of the mean: the weighted mean of the deviations from it. Both moments are corrected. */
    const float slip = rest / total;
    const float scale = scale_of(C_MAX(squares / total - slip * slip, 0.0f), total, eps, unit);
    for (int i = 0; i < n; ++i)
        advantage[i] = ((reward[i] * per - least) - shift - slip) * scale;
}
