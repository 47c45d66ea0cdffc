/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mg_path
mg_run_path(const char *run, enum mg_run_file file)
{
    static const char *const names[] = {
        [MG_RUN_CONF] = "mgrpo.conf",    [MG_RUN_CONFIG] = "run.json",     [MG_RUN_STORE] = "store.db",
        [MG_RUN_LOCK] = "train.lock",    [MG_RUN_STARTS] = "starts.jsonl", [MG_RUN_SUMMARY] = "summary.json",
        [MG_RUN_REPORT] = "report.html",
    };

    return mg_path_print("%s/%s", run, names[file]);
}

struct mg_path
mg_run_agent_dir(const char *run, const char *agent)
{
    return mg_path_print("%s/%s", run, agent);
}

struct mg_path
mg_run_agent_log(const char *run, const char *agent)
{
    return mg_path_print("%s/%s.log", run, agent);
}

struct mg_path
mg_agent_path(const char *agent_dir, enum mg_agent_file file)
{
    static const char *const names[] = {
        [MG_AGENT_LOCK] = "lock",
        [MG_AGENT_METRICS] = "metrics.jsonl",
        [MG_AGENT_TIMING] = "timing.jsonl",
        [MG_AGENT_STARTS] = "starts.jsonl",
        [MG_AGENT_ROLLOUTS] = "rollouts",
        [MG_AGENT_MODEL] = "model",
        [MG_AGENT_TOKENIZER] = "model/tokenizer.json",
    };

    return mg_path_print("%s/%s", agent_dir, names[file]);
}

struct mg_path
mg_rollouts_path(const char *agent_dir, uint32_t phase)
{
    return mg_path_print("%s/rollouts/%06u.jsonl.gz", agent_dir, phase);
}

struct mg_path
mg_tool_log_path(const char *agent_dir, uint32_t phase)
{
    return mg_path_print("%s/rollouts/%06u.tools.jsonl", agent_dir, phase);
}

struct mg_path
mg_state_path(const char *agent_dir, uint32_t phase)
{
    return mg_path_print("%s/state-%09u", agent_dir, phase);
}

/* A number of at least so many digits, and at most nine, between two texts, and nothing else. */
static bool
is_numbered(const char *name, const char *before, size_t least, const char *behind, uint32_t *number)
{
    size_t n = strlen(before), digits = strncmp(name, before, n) == 0 ? strspn(name + n, "0123456789") : 0;

    if (digits < least || digits > 9 || strcmp(name + n + digits, behind) != 0)
        return false;
    *number = (uint32_t)strtoul(name + n, NULL, 10);
    return true;
}

bool
mg_is_state_name(const char *name, uint32_t *phase)
{
    return is_numbered(name, "state-", 1, "", phase);
}

bool
mg_is_rollouts_name(const char *name, uint32_t *phase)
{
    return is_numbered(name, "", 6, ".jsonl.gz", phase) || is_numbered(name, "", 6, ".tools.jsonl", phase);
}
