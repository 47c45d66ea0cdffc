/* SPDX-License-Identifier: Apache-2.0 */
#include "rollout/rollout_config.h"
#include "eval/asking.h"

#include <stdio.h>
#include <unistd.h>

#include "run/run_dir.h"
#include "run/run_path.h"
#include "tokenizer/vocabulary.h"

/* The model asked for, else the one that the run ended with, else the one that it began with. `trained` keeps a name. */
static const char *
model_path(const struct mg_asking_options *o, const struct mg_config *c, enum mg_side side, struct mg_path *trained)
{
    *trained = mg_agent_path(mg_run_agent_dir(o->run, mg_side_name(side)).text, MG_AGENT_MODEL);
    if (o->model[side] != NULL)
        return o->model[side];
    return access(trained->text, F_OK) == 0 ? trained->text : mg_config_agent(c, side)->model;
}

static enum mg_status
open_policy(const struct mg_asking_options *o, struct mg_asking *a, enum mg_side side, const char *tokenizer,
            struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_agent_config *part = mg_config_agent(&a->config, side);
    struct mg_policy_limits limits = {
        .device = o->device, .slots = o->slots, .context = part->context, .max_tokens = part->max_tokens};
    struct mg_path trained;
    const char *path = model_path(o, &a->config, side, &trained);

    if (limits.device == NULL && part->device[0] != '\0')
        limits.device = part->device;
    MG_TRY(mg_policy_open(path, &limits, &a->policy[side], err));
    MG_TRY(mg_vocabulary_check(mg_policy_config(a->policy[side])->vocab_size, path, a->tok, tokenizer, err));
out:
    return st;
}

enum mg_status
mg_asking_open(const struct mg_asking_options *o, struct mg_asking *a, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_play_config c = {.seed = o->seed};
    const char *tokenizer;
    int n_sides;

    MG_TRY(mg_run_config(o->run, &a->config, err));
    n_sides = a->config.agents == MG_SINGLE ? 1 : MG_N_SIDES;
    tokenizer = o->tokenizer != NULL ? o->tokenizer : a->config.tokenizer;
    MG_TRY(mg_tokenizer_load(tokenizer, &a->tok, err));
    MG_TRY(mg_tools_of(&a->config, o->corpus, NULL, &a->tools, err));
    for (int i = 0; i < n_sides; i++) {
        MG_TRY(open_policy(o, a, (enum mg_side)i, tokenizer, err));
        c.policy[i] = a->policy[i];
        c.part[i] = mg_rollout_part_of(&a->config, (enum mg_side)i);
        c.limits[i] = mg_rollout_limits_of(&a->config, (enum mg_side)i);
        c.limits[i].slots = o->slots;
    }
    c.tok = a->tok;
    c.tools = a->tools;
    MG_TRY(mg_play_create(&c, &a->play, err));
out:
    return st;
}

void
mg_asking_close(struct mg_asking *a)
{
    mg_play_destroy(a->play);
    for (int i = 0; i < MG_N_SIDES; i++)
        mg_policy_close(a->policy[i]);
    mg_tools_close(a->tools);
    mg_tokenizer_free(a->tok);
    mg_config_free(&a->config);
}
