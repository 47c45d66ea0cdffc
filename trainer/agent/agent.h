/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_AGENT_H
#define MGRPO_AGENT_H

#include "run/config.h"
#include "run/phase.h"
#include "rollout/rollout.h"

/*
 * One agent of a run: a deterministic machine that walks the phases of the run over the log in the store. It can be
 * killed at any moment: started again it loads its last state, repeats the phase it was in to the same bits, and finds
 * in the store what others have answered already.
 */
struct mg_agent;

/* What a configuration means for the phases of a run and for the dialogues of an agent. */
struct mg_plan mg_agent_plan(const struct mg_config *config);
const struct mg_agent_config *mg_agent_part(const struct mg_config *config, enum mg_side side);
struct mg_rollout_limits mg_agent_limits(const struct mg_config *config, enum mg_side side);
struct mg_sampling mg_agent_sampling(const struct mg_config *config, bool greedy);
enum { MG_RUN_ID = 17 };
/* Names a configuration, for the store: a hash of its text. */
enum mg_status mg_agent_run_id(const struct mg_config *config, char id[MG_RUN_ID], struct mg_err *err);

/* Opens what the agent needs; waits for a former holder of the role to end, for half a minute at most. `run_dir` has
 * the store and the agents' folders; the configuration outlives the agent. */
enum mg_status mg_agent_open(const struct mg_config *config, const char *run_dir, enum mg_side side,
                             struct mg_agent **out, struct mg_err *err);
/* Walks the phases that are left and writes the model. MG_STOP at a safe point if a stop is wanted. */
enum mg_status mg_agent_run(struct mg_agent *a, struct mg_err *err);
void mg_agent_close(struct mg_agent *a); /* accepts NULL */

#endif
