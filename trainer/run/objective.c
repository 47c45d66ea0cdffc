/* SPDX-License-Identifier: Apache-2.0 */
#include "run/objective.h"

#include <stddef.h>

const struct mg_objective mg_objectives[] = {
    {"dapo", CLGRPO_RATIO_TOKEN, CLGRPO_SURROGATE_CLIP, MG_PER_TOKEN, 0.8, 1.28, "All tokens of a step weigh alike."},
    {"mrlx", CLGRPO_RATIO_TOKEN, CLGRPO_SURROGATE_CLIP, MG_PER_TRAJECTORY, 0.8, 1.28,
     "All trajectories of a step weigh alike, and in each of them its tokens."},
    {"dr-grpo", CLGRPO_RATIO_TOKEN, CLGRPO_SURROGATE_CLIP, MG_PER_CONSTANT, 0.8, 1.2,
     "A token's weight depends on no trajectory's length, its own or another's."},
    {"gspo", CLGRPO_RATIO_MEAN, CLGRPO_SURROGATE_CLIP, MG_PER_TRAJECTORY, 0.9997, 1.0004,
     "A trajectory is kept or clipped as a whole, by the geometric mean of its tokens' ratios."},
    {"paper-seq", CLGRPO_RATIO_PRODUCT, CLGRPO_SURROGATE_CLIP, MG_PER_TRAJECTORY, 0.8, 1.2,
     "A trajectory is kept or clipped as a whole, by the product of its tokens' ratios."},
    {"cispo", CLGRPO_RATIO_TOKEN, CLGRPO_SURROGATE_CISPO, MG_PER_TOKEN, 0.0, 5.0,
     "The bounds cut a token's weight and never remove its gradient."},
    {NULL, 0, 0, 0, 0, 0, NULL},
};

const struct mg_advantage_kind mg_advantage_kinds[] = {
    {"std", CLGRPO_ADVANTAGE_STD, "Rewards less their mean, over their population deviation."},
    {"unbiased", CLGRPO_ADVANTAGE_UNBIASED, "Rewards less their mean, over their unbiased deviation."},
    {"mean", CLGRPO_ADVANTAGE_MEAN, "Rewards less their mean."},
    {"loo", CLGRPO_ADVANTAGE_LOO, "Rewards less the mean of the others in the group."},
    {"batch", CLGRPO_ADVANTAGE_BATCH, "Rewards less their mean, over the deviation of all rewards of the step."},
    {NULL, 0, NULL},
};

const struct mg_correction_kind mg_correction_kinds[] = {
    {"none", CLGRPO_CORRECTION_NONE},
    {"token-truncate", CLGRPO_CORRECTION_TOKEN_TRUNCATE},
    {"token-mask", CLGRPO_CORRECTION_TOKEN_MASK},
    {"trajectory-truncate", CLGRPO_CORRECTION_ROW_TRUNCATE},
    {"trajectory-mask", CLGRPO_CORRECTION_ROW_MASK},
    {NULL, 0},
};

const struct mg_kl_kind mg_kl_kinds[] = {
    {"k3", CLGRPO_KL_K3},
    {"k3-ratio", CLGRPO_KL_K3_RATIO},
    {NULL, 0},
};

const struct mg_storage_kind mg_storage_kinds[] = {
    {"f32", CLGRPO_F32},
    {"bf16", CLGRPO_BF16},
    {"f16", CLGRPO_F16},
    {NULL, 0},
};

const char *
mg_ratio_text(enum clgrpo_policy_ratio ratio)
{
    switch (ratio) {
    case CLGRPO_RATIO_TOKEN:
        return "the ratio of each token";
    case CLGRPO_RATIO_MEAN:
        return "the mean ratio of each trajectory";
    case CLGRPO_RATIO_PRODUCT:
        return "the product of the ratios of each trajectory";
    }
    return "";
}

const char *
mg_surrogate_text(enum clgrpo_policy_surrogate surrogate)
{
    switch (surrogate) {
    case CLGRPO_SURROGATE_CLIP:
        return "clipped on both sides";
    case CLGRPO_SURROGATE_CISPO:
        return "cut, as a weight";
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
