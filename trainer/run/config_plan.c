/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/rng.h"
#include "run/config.h"

struct mg_plan
mg_config_plan(const struct mg_config *config)
{
    return (struct mg_plan){
        .steps = config->steps, .eval_every = config->eval_every, .evals = config->eval_questions > 0};
}

enum mg_status
mg_config_id(const struct mg_config *config, char id[MG_CONFIG_ID], struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *text = mg_config_to_json(config);

    MG_REQUIRE(text != NULL, MG_FAIL, "out of memory: the configuration as text");
    snprintf(id, MG_CONFIG_ID, "%016" PRIx64, mg_rng_mix(mg_hash(text, strlen(text))));
out:
    free(text);
    return st;
}
