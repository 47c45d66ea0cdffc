/* SPDX-License-Identifier: Apache-2.0 */
#include "ref_advantage.h"

#include <math.h>

struct moments {
    double total, mean, variance, low, high;
};

static struct moments
moments_of(const float *reward, const float *weight, int32_t n)
{
    struct moments m = {.low = INFINITY, .high = -INFINITY};

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
        m.variance += (weight != NULL ? weight[i] : 1.0) * (reward[i] - m.mean) * (reward[i] - m.mean);
    m.variance = m.total > 0.0 ? m.variance / m.total : 0.0;
    return m;
}

static double
scale_of(enum clgrpo_advantage_kind kind, const struct moments *m, double eps)
{
    const double bessel = m->total / (m->total - 1.0);

    if (!(m->low < m->high))
        return 0.0;
    switch (kind) {
    case CLGRPO_ADVANTAGE_STD:
        return 1.0 / (sqrt(m->variance) + eps);
    case CLGRPO_ADVANTAGE_UNBIASED:
        return m->total <= 1.0 ? 0.0 : 1.0 / (sqrt(m->variance * bessel) + eps);
    case CLGRPO_ADVANTAGE_MEAN:
        return 1.0;
    case CLGRPO_ADVANTAGE_LOO:
        return m->total <= 1.0 ? 0.0 : bessel;
    }
    return NAN;
}

void
ref_advantage(enum clgrpo_advantage_kind kind, double eps, size_t n_groups, const int32_t *offsets, const float *reward,
              const float *weight, double *advantage, double *size)
{
    for (size_t g = 0; g < n_groups; g++) {
        const int32_t first = offsets[g], n = offsets[g + 1] - first;
        const struct moments m = moments_of(reward + first, weight != NULL ? weight + first : NULL, n);
        const double scale = scale_of(kind, &m, eps);

        for (int32_t i = first; i < first + n; i++) {
            advantage[i] = (reward[i] - m.mean) * scale;
            size[i] = (fabs(reward[i] - m.low) + (m.high - m.low)) * scale;
        }
    }
}
