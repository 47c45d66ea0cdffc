/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/inputs.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/model_config.h"
#include "model/params_file.h"
#include "policy/policy.h"
#include "question/question_file.h"
#include "rollout/judging.h"
#include "rollout/rollout_config.h"
#include "store/store.h"
#include "tokenizer/vocabulary.h"

static const double store_seconds = 0.5;

static enum mg_status
check_path(const char *key, const char *path, bool folder, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct stat about;

    MG_REQUIRE(stat(path, &about) == 0 && access(path, R_OK) == 0, MG_INPUT, "%s is %.250s: %s", key, path,
               strerror(errno));
    MG_REQUIRE((S_ISDIR(about.st_mode) != 0) == folder, MG_INPUT, "%s is %.250s, need a %s", key, path,
               folder ? "directory" : "file");
out:
    return st;
}

/* Wrong addresses, passwords and rights are found here; a server that is away is waited for when the run joins it. */
static enum mg_status
check_store(const struct mg_config *c, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_store_place place = {
        .address = c->store, .password_file = c->store_password_file, .patience = store_seconds};
    struct mg_store *store = NULL;
    struct mg_err why;

    mg_err_clear(&why);
    if (mg_store_open(&place, &store, &why) == MG_INPUT) {
        *err = why;
        st = MG_INPUT;
    }
    mg_store_close(store);
    return st;
}

/* The files of a model, read whole, and the device that it is to be on: a run that was begun with a damaged model has
 * its digest, and one with a device that is not there has its name. */
static enum mg_status
check_model(const struct mg_config *c, const struct mg_agent_config *a, const struct mg_tokenizer *tok,
            struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_model_config model;
    struct mg_params layout = {0};
    const struct mg_policy_limits limits = {
        .device = a->device[0] != '\0' ? a->device : NULL, .context = a->context, .max_tokens = a->max_tokens};

    MG_TRY(check_path("model", a->model, true, err));
    MG_TRY(mg_model_config_load(a->model, &model, err));
    MG_TRY(mg_vocabulary_check(model.vocab_size, a->model, tok, c->tokenizer, err));
    MG_TRY(mg_params_layout(&model, &layout, err));
    MG_TRY(mg_params_read(&layout, a->model, NULL, err));
    MG_TRY(mg_policy_try(&limits, err));
out:
    mg_params_free(&layout);
    return st;
}

/* Whether the tokenizer can say what the agent's dialogues need. */
static enum mg_status
check_dialogues(const struct mg_config *c, uint32_t agent, struct mg_tokenizer *tok, struct mg_tools *tools,
                struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_rollouts_config rollouts = {
        .tok = tok, .tools = tools, .part = mg_rollout_part_of(c, agent), .limits = mg_rollout_limits_of(c, agent)};
    struct mg_rollouts *none = NULL;

    st = mg_rollouts_create(&rollouts, &none, err);
    if (st != MG_OK)
        mg_fail_at(err, "agent %s over %.150s", c->agent[agent].name, c->tokenizer);
    mg_rollouts_destroy(none);
    return st;
}

static enum mg_status
check_all(const struct mg_config *c, uint32_t agent, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_agent_config *a = &c->agent[agent];
    struct mg_toolbox box = {0};
    struct mg_judging *judging = NULL;
    struct mg_tokenizer *tok = NULL;
    struct mg_question_file questions = {0};

    if (c->corpus[0] != '\0')
        MG_TRY(check_path("corpus", c->corpus, false, err));
    MG_TRY(check_path("questions", c->questions, false, err));
    MG_TRY(check_path("tokenizer", c->tokenizer, false, err));
    MG_TRY(mg_tokenizer_load(c->tokenizer, &tok, err));
    st = check_model(c, a, tok, err);
    if (st != MG_OK)
        mg_fail_at(err, "agent %s", a->name);
    MG_TRY(st);
    MG_TRY(mg_question_file_load(c->questions, &questions, err));
    MG_TRY(mg_toolbox_open(c, &a->tools, NULL, &box, err));
    MG_TRY(check_dialogues(c, agent, tok, box.tools, err));
    MG_TRY(mg_judging_open(c, NULL, &judging, err));
    if (c->store[0] != '\0')
        MG_TRY(check_store(c, err));
out:
    mg_judging_close(judging);
    mg_toolbox_close(&box);
    mg_question_file_free(&questions);
    mg_tokenizer_free(tok);
    return st;
}

enum mg_status
mg_inputs_check(const struct mg_config *config, uint32_t agent, const char *conf, struct mg_err *err)
{
    enum mg_status st = check_all(config, agent, err);

    if (st != MG_OK)
        mg_fail_at(err, "%.200s", conf);
    return st;
}
