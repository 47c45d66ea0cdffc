/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/reward.h"

static struct mg_reward
without(enum mg_reward_kind kind)
{
    return (struct mg_reward){.kind = kind};
}

void
mg_reward_add_length(struct mg_reward *reward, const struct mg_agent_config *agent, uint32_t tokens)
{
    const uint32_t margin = agent->overlong_tokens, from = agent->context - margin;

    if (reward->kind != MG_REWARD_VALUE || margin == 0 || tokens <= from)
        return;
    reward->part[MG_PART_LENGTH] =
        -agent->overlong_penalty * (tokens < agent->context ? (double)(tokens - from) / margin : 1.0);
    reward->value += reward->part[MG_PART_LENGTH];
}

struct mg_reward
mg_reward_root(const struct mg_reward_config *c, bool format, const struct mg_verdict *answer)
{
    if (!format)
        return without(MG_REWARD_INVALID);
    if (answer->kind != MG_VERDICT_VALUE)
        return without(MG_REWARD_UNAVAILABLE);
    return (struct mg_reward){
        MG_REWARD_VALUE, c->format + c->correct * answer->value, {c->format, c->correct * answer->value, 0.0, 0.0}};
}

struct mg_reward
mg_reward_sub(const struct mg_reward_config *c, bool format, const struct mg_verdict *answer,
              const struct mg_verdict *result)
{
    double seen = c->format + c->correct, scale = seen > 0.0 ? (seen + c->expert) / seen : 0.0;
    bool known = result->kind == MG_VERDICT_VALUE;

    if (!format)
        return without(MG_REWARD_INVALID);
    if (answer->kind != MG_VERDICT_VALUE || result->kind == MG_VERDICT_UNAVAILABLE || (!known && seen == 0.0))
        return without(MG_REWARD_UNAVAILABLE);
    if (!known)
        return (struct mg_reward){MG_REWARD_VALUE,
                                  scale * (c->format + c->correct * answer->value),
                                  {scale * c->format, scale * c->correct * answer->value, 0.0, 0.0}};
    return (struct mg_reward){MG_REWARD_VALUE,
                              c->format + c->correct * answer->value + c->expert * result->value,
                              {c->format, c->correct * answer->value, c->expert * result->value, 0.0}};
}
