/* SPDX-License-Identifier: Apache-2.0 */
#include "run/config.h"

uint32_t
mg_config_steps(const struct mg_config *c)
{
    return c->n_extended > 0 ? c->extended[c->n_extended - 1] : c->steps;
}

uint32_t
mg_config_steps_at(const struct mg_config *c, uint32_t step)
{
    uint32_t steps = c->steps;

    for (uint32_t i = 0; i < c->n_extended && step >= steps; i++)
        steps = c->extended[i];
    return steps;
}

struct mg_plan
mg_config_plan(const struct mg_config *c)
{
    struct mg_plan plan = {.steps = mg_config_steps(c), .eval_every = c->eval_every, .evals = c->eval_questions > 0};

    for (uint32_t i = 0; i < c->n_extended; i++)
        plan.end[plan.n_ends++] = i == 0 ? c->steps : c->extended[i - 1];
    return plan;
}
