/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "run/run_path.h"

enum { MAX_CONFIG = 1 << 20 };

static const char another_version[] = "If another version of mgrpo has written it, that one can go on with it.";

static enum mg_status
read_record(const char *dir, char **text, struct mg_err *err)
{
    size_t len = 0;

    return mg_file_read(mg_run_path(dir, MG_RUN_CONFIG).text, MAX_CONFIG, text, &len, err);
}

/* What run.json holds besides: MG_INPUT for one of a version that knew no digests. */
static enum mg_status
read_inputs(const char *dir, json_t **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *record = NULL;
    json_t *root = NULL;

    MG_TRY(read_record(dir, &record, err));
    root = json_loads(record, 0, NULL);
    *out = json_incref(json_object_get(root, MG_CONFIG_INPUTS));
    if (!json_is_object(*out)) {
        st = mg_fail(err, MG_INPUT, "%s lacks %s, the digests of what the run reads",
                     mg_run_path(dir, MG_RUN_CONFIG).text, MG_CONFIG_INPUTS);
        mg_hint(err, "%s", another_version);
    }
out:
    json_decref(root);
    free(record);
    return st;
}

/* The inputs must have the digests of the record, which is the caller's then; those that it lacks are not compared. */
static enum mg_status
compare_inputs(const char *dir, const struct mg_digests *inputs, json_t **recorded, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(read_inputs(dir, recorded, err));
    for (uint32_t i = 0; i < inputs->n; i++) {
        const struct mg_digest *d = &inputs->of[i];
        const char *before = json_string_value(json_object_get(*recorded, d->name));

        if (before == NULL || strcmp(before, d->text) == 0)
            continue;
        st = mg_fail(err, MG_INPUT, "%s is %.250s, which does not hold what it held when the run in %.100s was begun",
                     d->name, d->path, dir);
        mg_hint(err, "The digest is %s, was %.20s. Put the old one back, or begin another run with --run.", d->text,
                before);
        break;
    }
out:
    return st;
}

/* The text of run.json, with `inputs` beside those that are known already; takes the reference of `known`. */
static enum mg_status
record_text(const struct mg_config *config, json_t *known, const struct mg_digests *inputs, char **out,
            struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *text = mg_config_to_json(config);
    json_t *root = text != NULL ? json_loads(text, 0, NULL) : NULL;

    for (uint32_t i = 0; i < inputs->n; i++)
        json_object_set_new(known, inputs->of[i].name, json_string(inputs->of[i].text));
    json_object_set_new(root, MG_CONFIG_INPUTS, known);
    *out = root != NULL ? json_dumps(root, JSON_INDENT(1)) : NULL;
    MG_REQUIRE(*out != NULL, MG_FAIL, "out of memory: the configuration as text");
out:
    json_decref(root);
    free(text);
    return st;
}

/* Writes run.json anew, unless it says the same already, and before it the configuration as it was given; conf_path
 * NULL: that stays. Takes the reference of `known`. */
static enum mg_status
write_record(const char *dir, const char *conf_path, const struct mg_config *config, json_t *known,
             const struct mg_digests *inputs, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *now = NULL, *before = NULL;

    MG_TRY(record_text(config, known, inputs, &now, err));
    if (mg_run_begun(dir))
        MG_TRY(read_record(dir, &before, err));
    if (before != NULL && strcmp(now, before) == 0)
        goto out;
    if (conf_path != NULL)
        MG_TRY(mg_file_copy(conf_path, mg_run_path(dir, MG_RUN_CONF).text, MAX_CONFIG, err));
    MG_TRY(mg_file_write_atomic(mg_run_path(dir, MG_RUN_CONFIG).text, now, strlen(now), err));
out:
    free(now);
    free(before);
    return st;
}

/* The keys must be those of the record; how the run was extended is taken over from it. */
static enum mg_status
compare_keys(const char *dir, struct mg_config *config, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_config old = {0};
    char *now = mg_config_to_json(config), *before = NULL, *difference = NULL;

    MG_REQUIRE(now != NULL, MG_FAIL, "out of memory: the configuration as text");
    MG_TRY(mg_run_config(dir, &old, err));
    MG_TRY(read_record(dir, &before, err));
    difference = mg_config_difference(now, before);
    if (difference != NULL) {
        st = mg_fail(err, MG_INPUT, "the run in %s was begun with another configuration: %s", dir, difference);
        mg_hint(err, "Name another folder with --run, or remove this one to begin again.");
    }
    memcpy(config->extended, old.extended, sizeof config->extended);
    config->n_extended = old.n_extended;
out:
    mg_config_free(&old);
    free(now);
    free(before);
    free(difference);
    return st;
}

/* A run goes on under the configuration that it was begun with, over the same inputs; where they lie may have
 * changed. */
static enum mg_status
go_on(const char *dir, const char *conf_path, struct mg_config *config, const struct mg_digests *inputs,
      struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_t *recorded = NULL;

    MG_TRY(compare_keys(dir, config, err));
    MG_TRY(compare_inputs(dir, inputs, &recorded, err));
    MG_TRY(write_record(dir, conf_path, config, json_incref(recorded), inputs, err));
out:
    json_decref(recorded);
    return st;
}

static enum mg_status
begin(const char *dir, const char *conf_path, const struct mg_config *config, const struct mg_digests *inputs,
      struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(mg_dir_make(dir, err));
    MG_TRY(write_record(dir, conf_path, config, json_object(), inputs, err));
out:
    return st;
}

bool
mg_run_begun(const char *dir)
{
    return access(mg_run_path(dir, MG_RUN_CONFIG).text, F_OK) == 0;
}

/* A lock of the process and not of the file's description: children do not inherit it, and the system knows whose it
 * is. */
enum mg_status
mg_run_lock(const char *dir, int *fd, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET}, other = lock;
    struct mg_path path = mg_run_path(dir, MG_RUN_LOCK);

    MG_TRY(mg_dir_make(dir, err));
    *fd = open(path.text, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    MG_REQUIRE(*fd >= 0, mg_file_fault(errno), "%s: %s", path.text, strerror(errno));
    if (fcntl(*fd, F_SETLK, &lock) == 0)
        goto out;
    MG_REQUIRE(errno == EACCES || errno == EAGAIN, MG_FAIL, "%s: %s", path.text, strerror(errno));
    MG_REQUIRE(fcntl(*fd, F_GETLK, &other) == 0 && other.l_type != F_UNLCK, MG_INPUT,
               "another mgrpo train worked on the run in %s until now", dir);
    st = mg_fail(err, MG_INPUT, "another mgrpo train works on the run in %s: process %ld", dir, (long)other.l_pid);
    mg_hint(err, "Wait for it, or stop it, which loses nothing; or name another folder with --run.");
out:
    return st;
}

enum mg_status
mg_run_begin(const char *dir, const char *conf_path, struct mg_config *config, const struct mg_digests *inputs,
             struct mg_err *err)
{
    return mg_run_begun(dir) ? go_on(dir, conf_path, config, inputs, err) : begin(dir, conf_path, config, inputs, err);
}

enum mg_status
mg_run_record(const char *dir, const struct mg_config *config, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_digests none = {.n = 0};
    json_t *recorded = NULL;

    MG_TRY(read_inputs(dir, &recorded, err));
    MG_TRY(write_record(dir, NULL, config, json_incref(recorded), &none, err));
out:
    json_decref(recorded);
    return st;
}

enum mg_status
mg_run_compare_inputs(const char *dir, const struct mg_digests *inputs, struct mg_err *err)
{
    json_t *recorded = NULL;
    enum mg_status st = compare_inputs(dir, inputs, &recorded, err);

    json_decref(recorded);
    return st;
}

enum mg_status
mg_run_config(const char *dir, struct mg_config *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_path path = mg_run_path(dir, MG_RUN_CONFIG);
    char *text = NULL;

    if (access(path.text, F_OK) != 0) {
        mg_fail(err, MG_INPUT, "%s is not the folder of a run: there is no %s", dir, path.text);
        mg_hint(err, "--run names another, if the command has it; mgrpo train makes one.");
        return MG_INPUT;
    }
    MG_TRY(read_record(dir, &text, err));
    st = mg_config_from_json(text, out, err);
    if (st != MG_OK) {
        mg_fail_at(err, "%.200s", path.text);
        mg_hint(err, "%s", another_version);
    }
out:
    free(text);
    return st;
}
