/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run_dir.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "run/run_path.h"

enum { MAX_CONFIG = 1 << 20 };

/* The run goes on under the configuration that it was begun with. */
static enum mg_status
compare(const char *dir, const char *now, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *before = NULL, *difference = NULL;
    size_t len = 0;

    MG_TRY(mg_file_read(mg_run_path(dir, MG_RUN_CONFIG).text, MAX_CONFIG, &before, &len, err));
    difference = mg_config_difference(now, before);
    if (difference != NULL) {
        st = mg_fail(err, MG_INPUT, "the run in %s was begun with another configuration: %s", dir, difference);
        mg_hint(err, "Name another folder with --run, or remove this one to begin again.");
    }
out:
    free(before);
    free(difference);
    return st;
}

static enum mg_status
record(const char *dir, const char *conf_path, const char *now, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(mg_dir_make(dir, err));
    MG_TRY(mg_file_copy(conf_path, mg_run_path(dir, MG_RUN_CONF).text, MAX_CONFIG, err));
    MG_TRY(mg_file_write_atomic(mg_run_path(dir, MG_RUN_CONFIG).text, now, strlen(now), err));
out:
    return st;
}

enum mg_status
mg_run_begin(const char *dir, const char *conf_path, const struct mg_config *config, struct mg_err *err)
{
    enum mg_status st;
    char *now = mg_config_to_json(config);

    if (now == NULL)
        return mg_fail(err, MG_FAIL, "out of memory: the configuration as text");
    if (access(mg_run_path(dir, MG_RUN_CONFIG).text, F_OK) == 0)
        st = compare(dir, now, err);
    else
        st = record(dir, conf_path, now, err);
    free(now);
    return st;
}

enum mg_status
mg_run_config(const char *dir, struct mg_config *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_path path = mg_run_path(dir, MG_RUN_CONFIG);
    char *text = NULL;
    size_t len = 0;

    MG_REQUIRE(access(path.text, F_OK) == 0, MG_INPUT, "%s is not the folder of a run: there is no %s", dir, path.text);
    MG_TRY(mg_file_read(path.text, MAX_CONFIG, &text, &len, err));
    st = mg_config_from_json(text, out, err);
    if (st != MG_OK) {
        mg_fail_at(err, "%.200s", path.text);
        mg_hint(err, "If another version of mgrpo has written it, that one can go on with it.");
    }
out:
    free(text);
    return st;
}
