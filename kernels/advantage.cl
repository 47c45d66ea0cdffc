/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group-relative advantage: (r - mean) times a scale that C_KIND selects; mean and variance are weighted.
 *
 *   reward, weight, advantage [R]    offsets [G+1]    C_WEIGHTED 0: every weight is 1 and the buffer is not read
 *   group_mean, group_deviation, group_flat [G]: of each group, written with C_TELL    batch_deviation [1]
 *
 * k_advantage: item g owns group g and visits its rewards in order, so a group's bits do not depend on the other
 * groups. Three passes: extremes and weight sum; mean; variance. Differences are summed, from the smallest reward and
 * then from the mean, so that the error is relative to the spread of the rewards and not to their size. They are taken
 * in a unit, a power of two near the spread, in which no square overflows or vanishes; that changes no bits where none
 * would. Offsets outside 0 .. R are clamped. No local memory, no barriers. f32.
 *
 * k_batch_deviation: the same of all rewards as one group, by one work-group of C_LANES items: item l visits rewards l,
 * l + C_LANES, ..., and item 0 joins what the others found, in their order. C_KIND 4 divides by it. Local memory: 4
 * C_LANES bytes; two barriers a sum. f32.
 */
#ifndef C_KIND
#define C_KIND 0
#endif
#ifndef C_WEIGHTED
#define C_WEIGHTED 1
#endif
#ifndef C_TELL
#define C_TELL 0
#endif
#ifndef C_LANES
#define C_LANES 1
#endif
#define KIND_STD      0
#define KIND_UNBIASED 1
#define KIND_MEAN     2
#define KIND_LOO      3
#define KIND_BATCH    4
#define NO_SQUARE     (C_KIND == KIND_MEAN || C_KIND == KIND_LOO || C_KIND == KIND_BATCH)
#define NEEDS_TWO     (C_KIND == KIND_UNBIASED || C_KIND == KIND_LOO)

inline float
weight_of(__global const float *weight, int i)
{
    return C_WEIGHTED ? weight[i] : 1.0f;
}

inline float
power_of_two(int exponent)
{
    return as_float((127 + exponent) << 23);
}

/* The unit is 2^-n: in it low and high are 1 to 2 apart, or up to 8 for the largest rewards, or less if they are less
 * than 2^-most apart. */
inline int
unit_of(float low, float high, int most)
{
    const int exponent = as_int(0.5f * high - 0.5f * low) >> 23;
    return clamp(126 - exponent, -126, most);
}

/* Of the rewards that count: those of positive weight. */
typedef struct {
    float low, high, total;
} extremes;

inline void
extremes_of(__global const float *reward, __global const float *weight, int first, int n, int step, extremes *e)
{
    e->low = INFINITY;
    e->high = -INFINITY;
    e->total = 0.0f;
    for (int i = first; i < n; i += step) {
        const float w = weight_of(weight, i);
        if (w > 0.0f) {
            e->low = C_MIN(e->low, reward[i]);
            e->high = C_MAX(e->high, reward[i]);
            e->total += w;
        }
    }
}

/* Where the distances of rewards are taken from: `least`, the smallest reward, and `shift` above it, in the unit. */
typedef struct {
    float per, least, shift;
} origin;

/* Over rewards first, first + step, ..: weight times distance, and times its square. What a function gives goes through a
 * pointer: a struct of floats as its value is a vector to PoCL, whose lanes each addition would take apart. */
typedef struct {
    float distances, squares;
} sums;

inline void
sums_of(__global const float *reward, __global const float *weight, int first, int n, int step, const origin *o,
        sums *s)
{
    s->distances = s->squares = 0.0f;
    for (int i = first; i < n; i += step) {
        const float w = weight_of(weight, i), d = (reward[i] * o->per - o->least) - o->shift;
        if (w > 0.0f) {
            s->squares = fma(w * d, d, s->squares);
            s->distances = fma(w, d, s->distances);
        }
    }
}

/* The factor that makes an advantage of a deviation from the mean in units 2^-n; `deviation` is in that unit, too. */
inline float
scale_of(float deviation, float total, float eps, int n)
{
    if (C_KIND == KIND_MEAN || C_KIND == KIND_LOO)
        return (C_KIND == KIND_LOO ? total / (total - 1.0f) : 1.0f) * power_of_two(-n);
    const float by = deviation + eps * power_of_two(n);
    return by > 0.0f ? 1.0f / by : 0.0f; /* 0: rewards less than 2^-139 apart, and no eps */
}

/* Of rewards whose mean is o.shift + slip above the smallest; slip is the rounding error of the mean, the weighted mean
 * of the deviations from it. Both moments are corrected by it. */
inline float
deviation_of(float squares, float slip, float total)
{
    const float variance = C_MAX(squares / total - slip * slip, 0.0f);
    return sqrt(C_KIND == KIND_UNBIASED && total > 1.0f ? variance * (total / (total - 1.0f)) : variance);
}

/* The deviation of a group in its own unit, where the advantages do without. */
inline float
told_deviation(__global const float *reward, __global const float *weight, int n, extremes e)
{
    const int unit = unit_of(e.low, e.high, 64);
    origin o = {power_of_two(unit), e.low * power_of_two(unit), 0.0f};

    sums s;
    sums_of(reward, weight, 0, n, 1, &o, &s);
    o.shift = s.distances / e.total;
    sums_of(reward, weight, 0, n, 1, &o, &s);
    return deviation_of(s.squares, s.distances / e.total, e.total) * power_of_two(-unit);
}

/* Parameters that only some builds have: each costs a launch some time. */
#if C_TELL
#define TELL_TENSORS                                                                                                   \
    , __global float *group_mean, ulong mean_offset, __global float *group_deviation, ulong deviation_offset,          \
        __global int *group_flat, ulong flat_offset
#else
#define TELL_TENSORS
#endif
#if C_KIND == KIND_BATCH
#define BATCH_TENSOR , __global const float *batch_deviation, ulong batch_offset
#else
#define BATCH_TENSOR
#endif

__kernel void
k_advantage(__global const float *reward, ulong reward_offset, __global const float *weight, ulong weight_offset,
            __global const int *offsets, ulong offsets_offset, __global float *advantage, ulong advantage_offset,
            uint n_groups, int n_rewards, float eps TELL_TENSORS BATCH_TENSOR)
{
    const size_t g = get_global_id(0);

    if (g >= n_groups)
        return;
    const int first = clamp(offsets[offsets_offset + g], 0, n_rewards);
    const int n = clamp(offsets[offsets_offset + g + 1], first, n_rewards) - first;

    reward += reward_offset + first;
    weight += weight_offset + first;
    advantage += advantage_offset + first;
    extremes e;
    extremes_of(reward, weight, 0, n, 1, &e);
    const bool has_spread = e.low < e.high, is_flat = !has_spread || (NEEDS_TWO && e.total <= 1.0f);
    /* where no square is taken the unit is 1 or more, so that no reward of weight 0 overflows by it */
    const int unit = has_spread ? unit_of(e.low, e.high, NO_SQUARE ? 0 : 64) : 0;
    origin o = {power_of_two(unit), has_spread ? e.low * power_of_two(unit) : 0.0f, 0.0f};
    float slip = 0.0f, deviation = 0.0f;

    if (has_spread) {
        sums s;
        sums_of(reward, weight, 0, n, 1, &o, &s);
        o.shift = s.distances / e.total;
        sums_of(reward, weight, 0, n, 1, &o, &s);
        slip = s.distances / e.total;
        deviation = NO_SQUARE ? 0.0f : deviation_of(s.squares, slip, e.total);
    }
#if C_TELL
    group_mean[mean_offset + g] = has_spread       ? ((o.shift + slip) + o.least) * power_of_two(-unit)
                                  : e.total > 0.0f ? e.low
                                                   : 0.0f;
    group_deviation[deviation_offset + g] = has_spread ? told_deviation(reward, weight, n, e) : 0.0f;
    group_flat[flat_offset + g] = is_flat;
#endif
#if C_KIND == KIND_BATCH
    deviation = batch_deviation[batch_offset] * power_of_two(unit);
#endif
    if (is_flat) {
        for (int i = 0; i < n; ++i)
            advantage[i] = 0.0f;
        return;
    }
    const float scale = scale_of(deviation, e.total, eps, unit);
    for (int i = 0; i < n; ++i)
        advantage[i] = ((reward[i] * o.per - o.least) - o.shift - slip) * scale;
}

/* What the items of the group have in x, joined in their order: by how 0 added, 1 the least, 2 the largest. */
inline float
joined(__local float *scratch, float x, uint how)
{
    scratch[get_local_id(0)] = x;
    barrier(CLK_LOCAL_MEM_FENCE);
    float all = scratch[0];
    for (uint i = 1; i < C_LANES; ++i) {
        const float both[3] = {all + scratch[i], C_MIN(all, scratch[i]), C_MAX(all, scratch[i])};
        all = both[how];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    return all;
}

__kernel void
k_batch_deviation(__global const float *restrict reward, ulong reward_offset, __global const float *restrict weight,
                  ulong weight_offset, __global float *restrict batch_deviation, ulong batch_offset, int n)
{
    __local float scratch[C_LANES];
    const int item = get_local_id(0);

    reward += reward_offset;
    weight += weight_offset;
    extremes e;
    extremes_of(reward, weight, item, n, C_LANES, &e);
    const float low = joined(scratch, e.low, 1), high = joined(scratch, e.high, 2), total = joined(scratch, e.total, 0);
    const int unit = low < high ? unit_of(low, high, 64) : 0;
    origin o = {power_of_two(unit), low * power_of_two(unit), 0.0f};

    sums s;
    sums_of(reward, weight, item, n, C_LANES, &o, &s);
    o.shift = joined(scratch, s.distances, 0) / total;
    sums_of(reward, weight, item, n, C_LANES, &o, &s);
    const float squares = joined(scratch, s.squares, 0), slip = joined(scratch, s.distances, 0) / total;
    if (item == 0)
        batch_deviation[batch_offset] = low < high ? deviation_of(squares, slip, total) * power_of_two(-unit) : 0.0f;
}
