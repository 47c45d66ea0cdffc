/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent's state files: state-PHASE holds weights and optimiser as they are before phase PHASE. An agent that does
 * not train has the phase alone to remember.
 */
#include "agent_internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "file.h"

enum { MAX_PATH = 4096, KEPT = 2, MAX_STATES = 64 };

/* The phases of the state files, newest first. */
static enum mg_status
list_states(const char *dir, uint32_t phase[MAX_STATES], size_t *n, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    DIR *stream = opendir(dir);
    const struct dirent *entry;

    *n = 0;
    MG_REQUIRE(stream != NULL, MG_FAIL, "%s: %s", dir, strerror(errno));
    while ((entry = readdir(stream)) != NULL && *n < MAX_STATES) {
        unsigned number;
        int used = 0;
        size_t i;

        if (sscanf(entry->d_name, "state-%9u%n", &number, &used) != 1 || entry->d_name[used] != '\0')
            continue;
        for (i = (*n)++; i > 0 && phase[i - 1] < number; i--)
            phase[i] = phase[i - 1];
        phase[i] = number;
    }
out:
    if (stream != NULL)
        closedir(stream);
    return st;
}

static void
state_path(const struct mg_agent *a, uint32_t phase, char path[MAX_PATH])
{
    snprintf(path, MAX_PATH, "%s/state-%09u", a->dir, phase);
}

/* An agent whose weights stay has nothing in its state files. */
static enum mg_status
load_one(struct mg_agent *a, uint32_t phase, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char path[MAX_PATH], *extra = NULL;

    if (!a->trains)
        return MG_OK;
    state_path(a, phase, path);
    MG_TRY(mg_policy_load_state(a->policy, path, &extra, err));
out:
    free(extra);
    return st;
}

enum mg_status
mg_agent_restore(struct mg_agent *a, uint32_t *next, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t phase[MAX_STATES];
    size_t n = 0;

    *next = 0;
    MG_TRY(list_states(a->dir, phase, &n, err));
    for (size_t i = 0; i < n; i++) {
        st = load_one(a, phase[i], err);
        if (st == MG_OK)
            *next = phase[i];
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
remove_old(const struct mg_agent *a, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t phase[MAX_STATES];
    char path[MAX_PATH];
    size_t n = 0;

    MG_TRY(list_states(a->dir, phase, &n, err));
    for (size_t i = KEPT; i < n; i++) {
        state_path(a, phase[i], path);
        unlink(path);
    }
out:
    return st;
}

static bool
is_due(const struct mg_agent *a, const struct mg_phase *done)
{
    uint32_t steps = done->step + 1;

    if (done->kind == MG_PHASE_EVAL)
        return true;
    return steps % a->config->checkpoint_every == 0 || steps == a->plan.steps;
}

enum mg_status
mg_agent_checkpoint(struct mg_agent *a, const struct mg_phase *done, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char path[MAX_PATH];

    if (!is_due(a, done))
        return MG_OK;
    /* once the state is there, nothing repeats the rows before it: they must be on the disk first */
    MG_TRY(mg_store_durable(a->store, true, err));
    MG_TRY(mg_agent_tell(a, true, err));
    MG_TRY(mg_store_durable(a->store, false, err));
    state_path(a, done->number + 1, path);
    if (a->trains)
        MG_TRY(mg_policy_save_state(a->policy, path, "{}", err));
    else
        MG_TRY(mg_file_write_atomic(path, "", 0, err));
    MG_TRY(remove_old(a, err));
out:
    return st;
}
