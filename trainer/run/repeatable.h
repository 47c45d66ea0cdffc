/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_REPEATABLE_H
#define MGRPO_REPEATABLE_H

#include "base/status.h"
#include "run/phase.h"

/*
 * Whether a train step of an agent can be repeated from what its folder holds: the trajectories of every train step
 * from the state of phase `state` on (0: from the model that the run began with) up to phase `phase`, its own.
 * MG_INPUT: not all are there; the sentence says which, the hint which steps can be repeated instead. `keep` is the
 * key keep_rollouts.
 */
enum mg_status mg_repeatable_check(const char *agent_dir, const struct mg_plan *plan, uint32_t keep, uint32_t state,
                                   uint32_t phase, struct mg_err *err);

#endif
