/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run_unused.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "run/run_path.h"

/* Calls `each` with the names in a folder until it says false; true if it never did, or there is no such folder. */
static bool
each_name(const char *folder, bool (*each)(const char *folder, const char *name))
{
    DIR *stream = opendir(folder);
    struct dirent *entry;
    bool good = stream != NULL || errno == ENOENT || errno == ENOTDIR;

    while (good && stream != NULL && (entry = readdir(stream)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            good = each(folder, entry->d_name);
    if (stream != NULL)
        closedir(stream);
    return good;
}

static bool
is_no_state(const char *folder, const char *name)
{
    uint32_t phase = 0;

    (void)folder;
    return !mg_is_state_name(name, &phase);
}

/* Whether a process is this agent. */
static bool
is_locked(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool locked = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0;

    if (fd >= 0)
        close(fd);
    return locked;
}

static bool
agent_is_unused(const char *dir, const char *name)
{
    struct mg_path agent = mg_run_agent_dir(dir, name);

    return access(mg_agent_path(agent.text, MG_AGENT_METRICS).text, F_OK) != 0 &&
           access(mg_agent_path(agent.text, MG_AGENT_MODEL).text, F_OK) != 0 &&
           !is_locked(mg_agent_path(agent.text, MG_AGENT_LOCK).text) && each_name(agent.text, is_no_state);
}

bool
mg_run_unused(const char *dir)
{
    return each_name(dir, agent_is_unused);
}

static bool
remove_rollouts(const char *folder, const char *name)
{
    struct mg_path path = mg_path_print("%s/%s", folder, name);
    uint32_t phase = 0;

    return !mg_is_rollouts_name(name, &phase) || unlink(path.text) == 0;
}

static bool
remove_unended(const char *dir, const char *name)
{
    return each_name(mg_agent_path(mg_run_agent_dir(dir, name).text, MG_AGENT_ROLLOUTS).text, remove_rollouts);
}

/* The record goes last: whoever is interrupted here finds an unused run again. */
enum mg_status
mg_run_forget(const char *dir, struct mg_err *err)
{
    static const char *const store_files[] = {"", "-wal", "-shm", "-journal"};
    enum mg_status st = MG_OK;
    struct mg_path store = mg_run_path(dir, MG_RUN_STORE), record = mg_run_path(dir, MG_RUN_CONFIG);

    MG_REQUIRE(each_name(dir, remove_unended), MG_FAIL, "cannot remove the rollouts in %s: %s", dir, strerror(errno));
    for (size_t i = 0; i < sizeof store_files / sizeof store_files[0]; i++) {
        struct mg_path path = mg_path_print("%s%s", store.text, store_files[i]);

        MG_REQUIRE(unlink(path.text) == 0 || errno == ENOENT, MG_FAIL, "cannot remove %s: %s", path.text,
                   strerror(errno));
    }
    MG_REQUIRE(unlink(record.text) == 0, MG_FAIL, "cannot remove %s: %s", record.text, strerror(errno));
out:
    return st;
}
