/* SPDX-License-Identifier: Apache-2.0 */
#include "ref_advantage.h"

#include <math.h>

static struct ref_moments
moments_of(enum clgrpo_advantage_kind kind, const float *reward, const float *weight, int32_t n)
{
    struct ref_moments m = {.low = INFINITY, .high = -INFINITY};
    double variance = 0.0;

    for (int32_t i = 0; i < n; i++) {
        const double w = weight != NULL ? weight[i] : 1.0;

        if (w <= 0.0)
            continue;
        m.total += w;
        m.mean += w * reward[i];
        m.low = fmin(m.low, reward[i]);
        m.high = fmax(m.high, reward[i]);
    }
    m.mean = m.total > 0.0 ? m.mean / m.total : 0.0;
    for (int32_t i = 0; i < n; i++)
        variance += (weight != NULL ? weight[i] : 1.0) * (reward[i] - m.mean) * (reward[i] - m.mean);
    variance = m.total > 0.0 ? variance / m.total : 0.0;
    if (kind == CLGRPO_ADVANTAGE_UNBIASED && m.total > 1.0)
        variance *= m.total / (m.total - 1.0);
    m.deviation = sqrt(variance);
    m.flat =
        !(m.low < m.high) || ((kind == CLGRPO_ADVANTAGE_UNBIASED || kind == CLGRPO_ADVANTAGE_LOO) && m.total <= 1.0);
    return m;
}

static double
scale_of(enum clgrpo_advantage_kind kind, const struct ref_moments *m, const struct ref_moments *batch, double eps)
{
    if (m->flat)
        return 0.0;
    switch (kind) {
    case CLGRPO_ADVANTAGE_STD:
    case CLGRPO_ADVANTAGE_UNBIASED:
        return 1.0 / (m->deviation + eps);
    case CLGRPO_ADVANTAGE_MEAN:
        return 1.0;
    case CLGRPO_ADVANTAGE_LOO:
        return m->total / (m->total - 1.0);
    case CLGRPO_ADVANTAGE_BATCH:
        return 1.0 / (batch->deviation + eps);
    }
    return NAN;
}

struct ref_moments
ref_advantage(enum clgrpo_advantage_kind kind, double eps, size_t n_groups, const int32_t *offsets, const float *reward,
              const float *weight, double *advantage, double *size, struct ref_moments *group)
{
    const struct ref_moments batch = moments_of(kind, reward, weight, offsets[n_groups]);

    for (size_t g = 0; g < n_groups; g++) {
        const int32_t first = offsets[g], n = offsets[g + 1] - first;
        const struct ref_moments m = moments_of(kind, reward + first, weight != NULL ? weight + first : NULL, n);
        const double scale = scale_of(kind, &m, &batch, eps);

        for (int32_t i = first; i < first + n; i++) {
            advantage[i] = (reward[i] - m.mean) * scale;
            size[i] = (fabs(reward[i] - m.low) + (m.high - m.low)) * scale;
        }
        if (group != NULL)
            group[g] = m;
    }
    return batch;
}
