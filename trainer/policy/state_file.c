/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/state_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "policy/state_format.h"
#include "run/run_path.h"

enum { KEPT = 2, MAX_STATES = 64 };

/* The phases of the newest state files at or before `last`, newest first. */
static enum mg_status
list_states(const char *dir, uint32_t last, uint32_t phase[MAX_STATES], size_t *n, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    DIR *stream = opendir(dir);
    const struct dirent *entry;

    *n = 0;
    MG_REQUIRE(stream != NULL, MG_INPUT, "%s: %s", dir, strerror(errno));
    while ((entry = readdir(stream)) != NULL) {
        uint32_t number;
        size_t i;

        if (!mg_is_state_name(entry->d_name, &number) || number > last)
            continue;
        if (*n == MAX_STATES && number < phase[MAX_STATES - 1])
            continue;
        for (i = *n < MAX_STATES ? (*n)++ : MAX_STATES - 1; i > 0 && phase[i - 1] < number; i--)
            phase[i] = phase[i - 1];
        phase[i] = number;
    }
out:
    if (stream != NULL)
        closedir(stream);
    return st;
}

static enum mg_status
load_one(struct mg_policy *p, const char *dir, uint32_t phase, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *extra = NULL;

    if (p == NULL)
        return MG_OK;
    MG_TRY(mg_policy_load_state(p, mg_state_path(dir, phase).text, &extra, err));
out:
    free(extra);
    return st;
}

enum mg_status
mg_state_load(struct mg_policy *p, const char *dir, uint32_t last, uint32_t *phase, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t state[MAX_STATES];
    size_t n = 0;

    *phase = 0;
    MG_TRY(list_states(dir, last, state, &n, err));
    for (size_t i = 0; i < n; i++) {
        MG_TRY(mg_state_format_check(mg_state_path(dir, state[i]).text, err));
        st = load_one(p, dir, state[i], err);
        if (st == MG_OK)
            *phase = state[i];
        if (st != MG_INPUT)
            break;
        /* a damaged file: the one before it is as good, only older */
        if (i + 1 < n)
            mg_err_clear(err);
    }
out:
    return st;
}

enum mg_status
mg_state_newest(const char *dir, bool *there, uint32_t *phase, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t state[MAX_STATES] = {0};
    size_t n = 0;

    *there = false;
    if (access(dir, F_OK) != 0)
        return MG_OK;
    MG_TRY(list_states(dir, UINT32_MAX, state, &n, err));
    *there = n > 0;
    *phase = state[0];
out:
    return st;
}

static enum mg_status
remove_old(const char *dir, uint32_t keep, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t state[MAX_STATES];
    size_t n = 0;

    MG_TRY(list_states(dir, UINT32_MAX, state, &n, err));
    for (size_t i = KEPT; i < n; i++) {
        struct mg_path path = mg_state_path(dir, state[i]);

        if (state[i] == keep)
            continue;
        MG_REQUIRE(unlink(path.text) == 0, MG_FAIL, "%s: %s", path.text, strerror(errno));
    }
out:
    return st;
}

enum mg_status
mg_state_save(struct mg_policy *p, const char *dir, uint32_t phase, uint32_t keep, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_path path = mg_state_path(dir, phase);

    if (p != NULL)
        MG_TRY(mg_policy_save_state(p, path.text, "{}", err));
    else
        MG_TRY(mg_file_write_atomic(path.text, "", 0, err));
    MG_TRY(remove_old(dir, keep, err));
out:
    return st;
}
