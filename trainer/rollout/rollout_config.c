/* SPDX-License-Identifier: Apache-2.0 */
#include "rollout/rollout_config.h"

struct mg_rollout_part
mg_rollout_part_of(const struct mg_config *config, uint32_t agent)
{
    const struct mg_agent_config *part = &config->agent[agent];

    return (struct mg_rollout_part){.format = "roles",
                                    .root = agent == 0,
                                    .agents = (const char *const *)part->calls.item,
                                    .n_agents = part->calls.n,
                                    .tools = (const char *const *)part->tools.item,
                                    .n_tools = part->tools.n};
}

struct mg_rollout_limits
mg_rollout_limits_of(const struct mg_config *config, uint32_t agent)
{
    const struct mg_agent_config *part = &config->agent[agent];

    return (struct mg_rollout_limits){
        .turns = part->turns, .new_max = part->new_tokens, .context = part->context, .slots = part->slots};
}

struct mg_sampling
mg_sampling_of(const struct mg_config *config, bool greedy)
{
    if (greedy)
        return (struct mg_sampling){.temperature = 0.0f, .top_p = 1.0f};
    return (struct mg_sampling){
        .temperature = (float)config->temperature, .top_k = config->top_k, .top_p = (float)config->top_p};
}
