/* SPDX-License-Identifier: Apache-2.0 */
#include "run/objective.h"

#include <stddef.h>

const struct mg_objective mg_objectives[] = {
    {"dapo", MG_RATIO_TOKEN, MG_CLIP_BOTH, MG_PER_TOKEN, "All tokens of a step weigh alike."},
    {"mrlx", MG_RATIO_TOKEN, MG_CLIP_BOTH, MG_PER_TRAJECTORY,
     "All trajectories of a step weigh alike, and in each of them its tokens."},
    {"dr-grpo", MG_RATIO_TOKEN, MG_CLIP_BOTH, MG_PER_CONSTANT,
     "A token's weight depends on no trajectory's length, its own or another's."},
    {NULL, 0, 0, 0, NULL},
};

const struct mg_advantage_kind mg_advantage_kinds[] = {
    {"std", CLGRPO_ADVANTAGE_STD, "Rewards less their mean, over their population deviation."},
    {"unbiased", CLGRPO_ADVANTAGE_UNBIASED, "Rewards less their mean, over their unbiased deviation."},
    {"mean", CLGRPO_ADVANTAGE_MEAN, "Rewards less their mean."},
    {"loo", CLGRPO_ADVANTAGE_LOO, "Rewards less the mean of the others in the group."},
    {NULL, 0, NULL},
};

const char *
mg_ratio_text(enum mg_ratio ratio)
{
    switch (ratio) {
    case MG_RATIO_TOKEN:
        return "the ratio of each token";
    }
    return "";
}

const char *
mg_clip_text(enum mg_clip clip)
{
    switch (clip) {
    case MG_CLIP_BOTH:
        return "clipped on both sides";
    }
    return "";
}

double
mg_token_weight(enum mg_normalisation normalisation, const struct mg_step_sums *sums, double w, uint32_t n)
{
    double per = 0.0;

    switch (normalisation) {
    case MG_PER_TOKEN:
        per = sums->weighted_tokens;
        break;
    case MG_PER_TRAJECTORY:
        per = sums->weight * (double)n;
        break;
    case MG_PER_CONSTANT:
        per = sums->weight * sums->new_max;
        break;
    }
    return per > 0.0 ? w / per : 0.0;
}
