/* SPDX-License-Identifier: Apache-2.0 */
#include "run/config.h"

struct mg_plan
mg_config_plan(const struct mg_config *config)
{
    return (struct mg_plan){
        .steps = config->steps, .eval_every = config->eval_every, .evals = config->eval_questions > 0};
}
