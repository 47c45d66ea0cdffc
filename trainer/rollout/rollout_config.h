/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_ROLLOUT_CONFIG_H
#define MGRPO_ROLLOUT_CONFIG_H

#include "run/config.h"
#include "rollout/rollout.h"

/* What a configuration means for the dialogues of an agent. */
struct mg_rollout_part mg_rollout_part_of(const struct mg_config *config, uint32_t agent);
struct mg_rollout_limits mg_rollout_limits_of(const struct mg_config *config, uint32_t agent);
/* Opens the tools of a run; with another corpus, if it is not NULL. `processes` runs those that are programs. */
enum mg_status mg_tools_of(const struct mg_config *config, const char *corpus, struct mg_processes *processes,
                           struct mg_tools **out, struct mg_err *err);
struct mg_sampling mg_sampling_of(const struct mg_config *config, bool greedy);

#endif
