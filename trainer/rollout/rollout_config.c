/* SPDX-License-Identifier: Apache-2.0 */
#include "rollout/rollout_config.h"

struct mg_rollout_limits
mg_rollout_limits_of(const struct mg_config *config, enum mg_side side)
{
    const struct mg_agent_config *part = mg_config_agent(config, side);
    struct mg_rollout_limits limits = {.rules = MG_RULES_SEARCH,
                                       .turns = part->turns,
                                       .new_max = part->new_tokens,
                                       .context = part->context,
                                       .slots = part->slots};

    if (side == MG_SIDE_MAIN)
        limits.rules = config->agents == MG_SINGLE ? MG_RULES_SINGLE : MG_RULES_MAIN;
    return limits;
}

struct mg_sampling
mg_sampling_of(const struct mg_config *config, bool greedy)
{
    if (greedy)
        return (struct mg_sampling){.temperature = 0.0f, .top_p = 1.0f};
    return (struct mg_sampling){
        .temperature = (float)config->temperature, .top_k = config->top_k, .top_p = (float)config->top_p};
}
