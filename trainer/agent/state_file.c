/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/state_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { MAX_PATH = 4096, KEPT = 2, MAX_STATES = 64 };

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
        unsigned number;
        int used = 0;
        size_t i;

        if (sscanf(entry->d_name, "state-%9u%n", &number, &used) != 1 || entry->d_name[used] != '\0' || number > last)
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
state_path(const char *dir, uint32_t phase, char path[MAX_PATH], struct mg_err *err)
{
    enum mg_status st = MG_OK;
    int n = snprintf(path, MAX_PATH, "%s/state-%09u", dir, phase);

    MG_REQUIRE(n < MAX_PATH, MG_INPUT, "the path of a state has %d bytes, at most %d", n, MAX_PATH - 1);
out:
    return st;
}

static enum mg_status
load_one(struct mg_policy *p, const char *dir, uint32_t phase, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char path[MAX_PATH], *extra = NULL;

    if (p == NULL)
        return MG_OK;
    MG_TRY(state_path(dir, phase, path, err));
    MG_TRY(mg_policy_load_state(p, path, &extra, err));
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

static enum mg_status
remove_old(const char *dir, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t state[MAX_STATES];
    char path[MAX_PATH];
    size_t n = 0;

    MG_TRY(list_states(dir, UINT32_MAX, state, &n, err));
    for (size_t i = KEPT; i < n; i++) {
        MG_TRY(state_path(dir, state[i], path, err));
        MG_REQUIRE(unlink(path) == 0, MG_FAIL, "%s: %s", path, strerror(errno));
    }
out:
    return st;
}

enum mg_status
mg_state_save(struct mg_policy *p, const char *dir, uint32_t phase, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char path[MAX_PATH];

    MG_TRY(state_path(dir, phase, path, err));
    if (p != NULL)
        MG_TRY(mg_policy_save_state(p, path, "{}", err));
    else
        MG_TRY(mg_file_write_atomic(path, "", 0, err));
    MG_TRY(remove_old(dir, err));
out:
    return st;
}
