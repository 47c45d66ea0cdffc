/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_RUN_PATH_H
#define MGRPO_RUN_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/path.h"

/* The paths of a run's folder (mgrpo-run(5)); no other code composes them. */

/* Files of the run. */
enum mg_run_file {
    MG_RUN_CONF,    /* the configuration as it was given */
    MG_RUN_CONFIG,  /* the configuration as it was understood; written last: a folder that has it is complete */
    MG_RUN_STORE,   /* what the agents exchange */
    MG_RUN_LOCK,    /* locked by the process that watches the run */
    MG_RUN_STARTS,  /* a line for each command that began the run or went on with it */
    MG_RUN_SUMMARY, /* the result as JSON */
    MG_RUN_REPORT   /* the result as a page */
};
struct mg_path mg_run_path(const char *run, enum mg_run_file file);

/* The folder of an agent, by its name, and what it said on standard error. */
struct mg_path mg_run_agent_dir(const char *run, const char *agent);
struct mg_path mg_run_agent_log(const char *run, const char *agent);

/* Files in the folder of an agent. */
enum mg_agent_file {
    MG_AGENT_LOCK,     /* locked by the process that is this agent */
    MG_AGENT_METRICS,  /* a line for each phase: what was computed */
    MG_AGENT_TIMING,   /* a line for each phase: seconds */
    MG_AGENT_STARTS,   /* a line for each start of its process */
    MG_AGENT_ROLLOUTS, /* folder: a file of trajectories for each phase */
    MG_AGENT_MODEL,    /* folder: the trained model */
    MG_AGENT_TOKENIZER /* the tokenizer in the model's folder */
};
struct mg_path mg_agent_path(const char *agent_dir, enum mg_agent_file file);
/* The trajectories of a phase. */
struct mg_path mg_rollouts_path(const char *agent_dir, uint32_t phase);
/* What programs gave in a phase, beside its trajectories. */
struct mg_path mg_tool_log_path(const char *agent_dir, uint32_t phase);
/* Weights and optimiser before a phase. */
struct mg_path mg_state_path(const char *agent_dir, uint32_t phase);
/* Whether the name of a file is that of a state, and of which phase. */
bool mg_is_state_name(const char *name, uint32_t *phase);
/* Whether it is that of the trajectories of a phase, or of what programs gave in it. */
bool mg_is_rollouts_name(const char *name, uint32_t *phase);

#endif
