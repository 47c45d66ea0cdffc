/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/inputs.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rollout/judging.h"
#include "rollout/rollout_config.h"
#include "store/store.h"

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

static enum mg_status
check_all(const struct mg_config *c, const struct mg_agent_config *a, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_toolbox box = {0};
    struct mg_judging *judging = NULL;

    if (c->corpus[0] != '\0')
        MG_TRY(check_path("corpus", c->corpus, false, err));
    MG_TRY(check_path("questions", c->questions, false, err));
    MG_TRY(check_path("tokenizer", c->tokenizer, false, err));
    if (check_path("model", a->model, true, err) != MG_OK)
        return mg_fail_at(err, "agent %s", a->name);
    MG_TRY(mg_toolbox_open(c, &a->tools, NULL, &box, err));
    MG_TRY(mg_judging_open(c, NULL, &judging, err));
    if (c->store[0] != '\0')
        MG_TRY(check_store(c, err));
out:
    mg_judging_close(judging);
    mg_toolbox_close(&box);
    return st;
}

enum mg_status
mg_inputs_check(const struct mg_config *config, uint32_t agent, const char *conf, struct mg_err *err)
{
    if (check_all(config, &config->agent[agent], err) != MG_OK)
        return mg_fail_at(err, "%.200s", conf);
    return MG_OK;
}
