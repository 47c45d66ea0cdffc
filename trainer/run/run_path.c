/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run_path.h"

#include <stdio.h>

struct mg_path
mg_run_path(const char *run, enum mg_run_file file)
{
    static const char *const names[] = {
        [MG_RUN_CONF] = "mgrpo.conf", [MG_RUN_CONFIG] = "run.json",      [MG_RUN_STORE] = "store.db",
        [MG_RUN_LOCK] = "train.lock", [MG_RUN_SUMMARY] = "summary.json", [MG_RUN_REPORT] = "report.html",
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
        [MG_AGENT_LOCK] = "lock",           [MG_AGENT_METRICS] = "metrics.jsonl",
        [MG_AGENT_TIMING] = "timing.jsonl", [MG_AGENT_ROLLOUTS] = "rollouts",
        [MG_AGENT_MODEL] = "model",         [MG_AGENT_TOKENIZER] = "model/tokenizer.json",
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

bool
mg_is_state_name(const char *name, uint32_t *phase)
{
    unsigned number = 0;
    int used = 0;
    bool is = sscanf(name, "state-%9u%n", &number, &used) == 1 && name[used] == '\0';

    *phase = number;
    return is;
}
