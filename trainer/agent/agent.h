/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_AGENT_H
#define MGRPO_AGENT_H

#include "run/config.h"
#include "run/phase.h"
#include "rollout/rollout.h"

/*
 * One agent of a run: a deterministic state machine that goes through the phases of the run and exchanges subtasks and
 * results through the store. It can be killed at any moment: started again it loads its last state, repeats the phase
 * it was in to the same bits, and finds in the store what others have answered already.
 */
struct mg_agent;

/* Opens what the agent needs; waits for a process that is the same agent to end, for half a minute at most. `run_dir`
 * has the store and the agents' folders; the configuration outlives the agent. */
enum mg_status mg_agent_open(const struct mg_config *config, const char *run_dir, uint32_t agent, struct mg_agent **out,
                             struct mg_err *err);
/* Walks the phases that are left and writes the model. MG_STOP at a safe point if a stop is wanted. */
enum mg_status mg_agent_run(struct mg_agent *a, struct mg_err *err);
void mg_agent_close(struct mg_agent *a); /* accepts NULL */

#endif
