/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_ROLLOUT_CONFIG_H
#define MGRPO_ROLLOUT_CONFIG_H

#include "run/config.h"
#include "rollout/rollout.h"

/* What a configuration means for the dialogues of an agent. */
struct mg_rollout_limits mg_rollout_limits_of(const struct mg_config *config, enum mg_side side);
struct mg_sampling mg_sampling_of(const struct mg_config *config, bool greedy);

#endif
