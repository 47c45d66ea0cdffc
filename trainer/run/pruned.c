/* SPDX-License-Identifier: Apache-2.0 */
#include "run/pruned.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run/run_path.h"

static bool
is_old(const struct mg_plan *plan, uint32_t keep, uint32_t steps, uint32_t needed, uint32_t number)
{
    struct mg_phase phase;

    if (number >= needed || number >= mg_plan_length(plan))
        return false;
    phase = mg_plan_phase(plan, number);
    return phase.kind == MG_PHASE_TRAIN && (uint64_t)phase.step + keep < steps;
}

enum mg_status
mg_rollouts_prune(const char *agent_dir, const struct mg_plan *plan, uint32_t keep, uint32_t steps, uint32_t needed,
                  struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_path folder = mg_agent_path(agent_dir, MG_AGENT_ROLLOUTS);
    const struct dirent *entry;
    uint32_t number;
    DIR *stream = NULL;

    if (keep == 0)
        return MG_OK;
    stream = opendir(folder.text);
    MG_REQUIRE(stream != NULL, MG_FAIL, "%s: %s", folder.text, strerror(errno));
    while ((entry = readdir(stream)) != NULL)
        if (mg_is_rollouts_name(entry->d_name, &number) && is_old(plan, keep, steps, needed, number))
            MG_REQUIRE(unlinkat(dirfd(stream), entry->d_name, 0) == 0 || errno == ENOENT, MG_FAIL, "%s/%s: %s",
                       folder.text, entry->d_name, strerror(errno));
out:
    if (stream != NULL)
        closedir(stream);
    return st;
}
