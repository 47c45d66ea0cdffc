/* SPDX-License-Identifier: Apache-2.0 */
#include "rollout/rollout_config.h"
#include "eval/asking.h"

#include <stdio.h>
#include <string.h>

#include "base/doing.h"
#include "run/run_dir.h"
#include "tokenizer/vocabulary.h"

/* The number of the agent that the n-th "AGENT=DIR" names, and its folder. */
static enum mg_status
named_model(const struct mg_asking_options *o, const struct mg_config *c, uint32_t n, uint32_t *agent,
            const char **folder, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *text = o->model[n], *sign = strchr(text, '=');
    char name[64];

    MG_REQUIRE(sign != NULL && (size_t)(sign - text) < sizeof name && sign[1] != '\0', MG_INPUT,
               "model is \"%.100s\", need AGENT=DIR", text);
    snprintf(name, sizeof name, "%.*s", (int)(sign - text), text);
    MG_TRY(mg_config_find(c, name, agent, err));
    *folder = sign + 1;
out:
    return st;
}

static enum mg_status
open_policy(const struct mg_asking_options *o, struct mg_asking *a, uint32_t agent, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_agent_config *part = &a->config.agent[agent];
    struct mg_policy_limits limits = {
        .device = o->device, .slots = o->slots, .context = part->context, .max_tokens = part->max_tokens};
    const char *tokenizer = o->tokenizer != NULL ? o->tokenizer : a->config.tokenizer;

    if (limits.device == NULL && part->device[0] != '\0')
        limits.device = part->device;
    mg_doing("opening the model of %s", a->config.agent[agent].name);
    MG_TRY(mg_source_open(&a->source[agent], o->run, &a->config, agent, &limits, &a->policy[agent], err));
    MG_TRY(mg_vocabulary_check(mg_policy_config(a->policy[agent])->vocab_size, a->source[agent].path.text, a->tok,
                               tokenizer, err));
out:
    return st;
}

static enum mg_status
open_policies(const struct mg_asking_options *o, struct mg_asking *a, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *folder[MG_MAX_AGENTS] = {NULL};

    for (uint32_t i = 0; i < o->n_models; i++) {
        const char *path = NULL;
        uint32_t agent = 0;

        MG_TRY(named_model(o, &a->config, i, &agent, &path, err));
        MG_REQUIRE(folder[agent] == NULL, MG_INPUT, "the agent %s is given two models, %.150s and %.150s",
                   a->config.agent[agent].name, folder[agent], path);
        folder[agent] = path;
    }
    MG_TRY(o->best ? mg_sources_best(o->run, &a->config, folder, a->source, err)
                   : mg_sources_find(o->run, &a->config, folder, a->source, err));
    for (uint32_t i = 0; i < a->config.n_agents; i++)
        MG_TRY(open_policy(o, a, i, err));
out:
    return st;
}

enum mg_status
mg_asking_open(const struct mg_asking_options *o, struct mg_asking *a, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_play_config c = {.seed = o->seed};

    mg_doing("reading the run in %s", o->run);
    MG_TRY(mg_run_config(o->run, &a->config, err));
    MG_TRY(mg_tokenizer_load(o->tokenizer != NULL ? o->tokenizer : a->config.tokenizer, &a->tok, err));
    MG_TRY(mg_toolbox_open(&a->config, NULL, o->corpus, &a->toolbox, err));
    MG_TRY(mg_question_file_load(o->questions != NULL ? o->questions : a->config.questions, &a->questions, err));
    MG_TRY(mg_judging_open(&a->config, &a->questions, &a->judging, err));
    MG_TRY(open_policies(o, a, err));
    c.n_agents = a->config.n_agents;
    c.tok = a->tok;
    c.tools = a->toolbox.tools;
    c.judging = a->judging;
    for (uint32_t i = 0; i < c.n_agents; i++) {
        c.name[i] = a->config.agent[i].name;
        c.policy[i] = a->policy[i];
        c.part[i] = mg_rollout_part_of(&a->config, i);
        c.limits[i] = mg_rollout_limits_of(&a->config, i);
        c.limits[i].slots = o->slots;
    }
    MG_TRY(mg_play_create(&c, &a->play, err));
    mg_doing_hide();
out:
    return st;
}

void
mg_asking_close(struct mg_asking *a)
{
    mg_judging_close(a->judging);
    mg_play_destroy(a->play);
    for (uint32_t i = 0; i < MG_MAX_AGENTS; i++)
        mg_policy_close(a->policy[i]);
    mg_toolbox_close(&a->toolbox);
    mg_question_file_free(&a->questions);
    mg_tokenizer_free(a->tok);
    mg_config_free(&a->config);
}
