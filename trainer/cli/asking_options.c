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

static void
print_source(FILE *to, const struct mg_source *w, const struct mg_agent_config *part, uint32_t steps)
{
    fprintf(to, "%-12s ", part->name);
    switch (w->kind) {
    case MG_SOURCE_GIVEN:
        fprintf(to, "the model %s\n", w->path.text);
        break;
    case MG_SOURCE_FINAL:
        fprintf(to, "the final model, %s\n", w->path.text);
        break;
    case MG_SOURCE_STATE:
        fprintf(to, "the state of step %u of %u, %s\n", w->step, steps, w->path.text);
        break;
    case MG_SOURCE_START:
        fprintf(to, "the model that it began with, %s: %s\n", w->path.text,
                part->train ? "the run has no state of it yet" : "it does not train");
        break;
    }
}

void
mg_asking_print_weights(FILE *to, const struct mg_asking *a)
{
    for (uint32_t i = 0; i < a->config.n_agents; i++)
        print_source(to, &a->source[i], &a->config.agent[i], mg_config_steps(&a->config));
}

bool
mg_asking_is_early(const struct mg_asking *a)
{
    bool early = false;

    for (uint32_t i = 0; i < a->config.n_agents; i++)
        early |=
            a->source[i].kind == MG_SOURCE_STATE || (a->source[i].kind == MG_SOURCE_START && a->config.agent[i].train);
    return early;
}
