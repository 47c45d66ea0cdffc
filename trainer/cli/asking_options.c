/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/asking_options.h"

enum mg_status
mg_asking_take_model(void *at, const char *value, struct mg_err *err)
{
    struct mg_asking_options *o = at;
    enum mg_status st = MG_OK;

    MG_REQUIRE(o->n_models < MG_MAX_AGENTS, MG_INPUT, "more than %d options --model", (int)MG_MAX_AGENTS);
    o->model[o->n_models++] = value;
out:
    return st;
}
