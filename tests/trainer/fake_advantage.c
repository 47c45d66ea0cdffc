/* SPDX-License-Identifier: Apache-2.0 */
/* Advantages without a device, for the fake policy: (r - mean) / (population std + eps), weighted. */
#include <math.h>

#include "learn/advantage.h"

static void
one_group(const float *reward, const float *weight, int32_t from, int32_t to, double eps, float *advantage)
{
    double sum = 0.0, mean = 0.0, variance = 0.0;
    bool equal = true;

    for (int32_t i = from; i < to; i++) {
        equal &= reward[i] == reward[from];
        sum += (double)weight[i];
        mean += (double)weight[i] * (double)reward[i];
    }
    mean /= sum;
    for (int32_t i = from; i < to; i++)
        variance += (double)weight[i] * ((double)reward[i] - mean) * ((double)reward[i] - mean);
    for (int32_t i = from; i < to; i++)
        advantage[i] = equal ? 0.0f : (float)(((double)reward[i] - mean) / (sqrt(variance / sum) + eps));
}

enum mg_status
mg_advantages(struct clgrpo_context *ctx, const struct mg_config *c, const float *reward, const float *weight,
              uint32_t n, const int32_t *offsets, uint32_t n_groups, float *advantage, struct mg_err *err)
{
    (void)ctx;
    (void)n;
    (void)err;
    for (uint32_t g = 0; g < n_groups; g++)
        one_group(reward, weight, offsets[g], offsets[g + 1], c->advantage_eps, advantage);
    return MG_OK;
}
