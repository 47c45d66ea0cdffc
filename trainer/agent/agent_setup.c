/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/agent.h"
#include "base/rng.h"

struct mg_plan
mg_agent_plan(const struct mg_config *config)
{
    return (struct mg_plan){
        .steps = config->steps, .eval_every = config->eval_every, .evals = config->eval_questions > 0};
}

const struct mg_agent_config *
mg_agent_part(const struct mg_config *config, enum mg_side side)
{
    return side == MG_SIDE_MAIN ? &config->main : &config->search;
}

struct mg_rollout_limits
mg_agent_limits(const struct mg_config *config, enum mg_side side)
{
    const struct mg_agent_config *part = mg_agent_part(config, side);
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
mg_agent_sampling(const struct mg_config *config, bool greedy)
{
    if (greedy)
        return (struct mg_sampling){.temperature = 0.0f, .top_p = 1.0f};
    return (struct mg_sampling){
        .temperature = (float)config->temperature, .top_k = config->top_k, .top_p = (float)config->top_p};
}

enum mg_status
mg_agent_run_id(const struct mg_config *config, char id[MG_RUN_ID], struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *text = mg_config_to_json(config);
    uint64_t hash = 0xcbf29ce484222325u;

    MG_REQUIRE(text != NULL, MG_FAIL, "out of memory: the configuration as text");
    for (const char *c = text; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
    snprintf(id, MG_RUN_ID, "%016" PRIx64, mg_rng_mix(hash));
out:
    free(text);
    return st;
}
