/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_PRUNED_H
#define MGRPO_PRUNED_H

#include <stdint.h>

#include "base/status.h"
#include "run/phase.h"

/*
 * The key keep_rollouts: removes, of an agent's folder, the trajectories and the results of tools of all train steps
 * but the newest `keep` of the first `steps`; 0: none. Phases from `needed` on stay, since a restart may repeat them,
 * and so do evaluations.
 */
enum mg_status mg_rollouts_prune(const char *agent_dir, const struct mg_plan *plan, uint32_t keep, uint32_t steps,
                                 uint32_t needed, struct mg_err *err);

#endif
