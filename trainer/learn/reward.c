/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/reward.h"

#include <math.h>

struct mg_reward
mg_reward_root(const struct mg_reward_config *c, bool format, double correct)
{
    if (!format)
        return (struct mg_reward){MG_REWARD_INVALID, 0.0};
    if (isnan(correct))
        return (struct mg_reward){MG_REWARD_UNAVAILABLE, 0.0};
    return (struct mg_reward){MG_REWARD_VALUE, c->format + c->correct * correct};
}

struct mg_reward
mg_reward_sub(const struct mg_reward_config *c, bool format, double correct, bool known, double expert)
{
    double seen = c->format + c->correct, scale = seen > 0.0 ? (seen + c->expert) / seen : 0.0;

    if (!format)
        return (struct mg_reward){MG_REWARD_INVALID, 0.0};
    if (isnan(correct) || (known && isnan(expert)) || (!known && seen == 0.0))
        return (struct mg_reward){MG_REWARD_UNAVAILABLE, 0.0};
    if (!known)
        return (struct mg_reward){MG_REWARD_VALUE, scale * (c->format + c->correct * correct)};
    return (struct mg_reward){MG_REWARD_VALUE, c->format + c->correct * correct + c->expert * expert};
}
