/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/reward.h"

#include <math.h>

struct mg_reward
mg_reward_main(const struct mg_reward_config *c, bool format, double correct)
{
    if (!format)
        return (struct mg_reward){MG_REWARD_INVALID, 0.0};
    if (isnan(correct))
        return (struct mg_reward){MG_REWARD_UNAVAILABLE, 0.0};
    return (struct mg_reward){MG_REWARD_VALUE, c->main_format + c->main_correct * correct};
}

struct mg_reward
mg_reward_sub(const struct mg_reward_config *c, bool format, double correct, bool known, double expert)
{
    double seen = c->sub_format + c->sub_main, scale = seen > 0.0 ? (seen + c->sub_expert) / seen : 0.0;

    if (!format)
        return (struct mg_reward){MG_REWARD_INVALID, 0.0};
    if (isnan(correct) || (known && isnan(expert)) || (!known && seen == 0.0))
        return (struct mg_reward){MG_REWARD_UNAVAILABLE, 0.0};
    if (!known)
        return (struct mg_reward){MG_REWARD_VALUE, scale * (c->sub_format + c->sub_main * correct)};
    return (struct mg_reward){MG_REWARD_VALUE, c->sub_format + c->sub_main * correct + c->sub_expert * expert};
}
