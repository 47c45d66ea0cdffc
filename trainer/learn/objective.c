/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/objective.h"

double
mg_objective_weight(enum mg_objective objective, const struct mg_step_sums *sums, double w, uint32_t n)
{
    double per = 0.0;

    switch (objective) {
    case MG_OBJECTIVE_DAPO:
        per = sums->weighted_tokens;
        break;
    case MG_OBJECTIVE_MRLX:
        per = sums->weight * (double)n;
        break;
    case MG_OBJECTIVE_DR_GRPO:
        per = sums->weight * sums->new_max;
        break;
    }
    return per > 0.0 ? w / per : 0.0;
}

struct mg_objective_params
mg_objective_params(const struct mg_config *c)
{
    return (struct mg_objective_params){.loss = MG_LOSS_POLICY,
                                        .temperature = (float)(c->temperature > 0.0 ? c->temperature : 1.0),
                                        .clip_low = (float)c->clip_low,
                                        .clip_high = (float)c->clip_high,
                                        .dual_clip = (float)c->dual_clip,
                                        .entropy_bonus = (float)c->entropy_bonus};
}
