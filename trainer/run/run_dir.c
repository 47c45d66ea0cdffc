/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { MAX_PATH = 4096, MAX_CONFIG = 1 << 20 };

static enum mg_status
compare(const char *dir, const char *path, const char *now, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *before = NULL, *difference = NULL;
    size_t len = 0;

    MG_TRY(mg_file_read(path, MAX_CONFIG, &before, &len, err));
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

enum mg_status
mg_run_begin(const char *dir, const char *conf_path, const struct mg_config *config, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char path[MAX_PATH], *now = mg_config_to_json(config), *conf = NULL;
    size_t len = 0;

    MG_REQUIRE(now != NULL, MG_FAIL, "out of memory: the configuration as text");
    MG_TRY(mg_dir_make(dir, err));
    snprintf(path, sizeof path, "%s/run.json", dir);
    if (access(path, F_OK) == 0) {
        st = compare(dir, path, now, err);
        goto out;
    }
    MG_TRY(mg_file_read(conf_path, MAX_CONFIG, &conf, &len, err));
    snprintf(path, sizeof path, "%s/mgrpo.conf", dir);
    MG_TRY(mg_file_write_atomic(path, conf, len, err));
    /* run.json comes last: a folder that has it is whole */
    snprintf(path, sizeof path, "%s/run.json", dir);
    MG_TRY(mg_file_write_atomic(path, now, strlen(now), err));
out:
    free(now);
    free(conf);
    return st;
}

enum mg_status
mg_run_config(const char *dir, struct mg_config *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char path[MAX_PATH], *text = NULL;
    size_t len = 0;

    snprintf(path, sizeof path, "%s/run.json", dir);
    if (access(path, F_OK) != 0) {
        st = mg_fail(err, MG_INPUT, "%s is not the folder of a run: it has no run.json", dir);
        goto out;
    }
    MG_TRY(mg_file_read(path, MAX_CONFIG, &text, &len, err));
    MG_TRY(mg_config_from_json(text, out, err));
out:
    free(text);
    return st;
}
