/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_ROLLOUT_CONFIG_H
#define MGRPO_ROLLOUT_CONFIG_H

#include "run/config.h"
#include "rollout/rollout.h"

/* What a configuration means for the dialogues of an agent. */
struct mg_rollout_part mg_rollout_part_of(const struct mg_config *config, uint32_t agent);
struct mg_rollout_limits mg_rollout_limits_of(const struct mg_config *config, uint32_t agent);
struct mg_sampling mg_sampling_of(const struct mg_config *config, bool greedy);

/* The tools of a configuration, and what runs those that are programs; start from {0}, close also after a failure. */
struct mg_toolbox {
    struct mg_processes *processes;
    struct mg_tools *tools;
};
/* Opens the tools that `names` has, all if it is NULL; another `corpus`, if it is not NULL, takes the place of the
 * configuration's. */
enum mg_status mg_toolbox_open(const struct mg_config *config, const struct mg_list *names, const char *corpus,
                               struct mg_toolbox *out, struct mg_err *err);
void mg_toolbox_close(struct mg_toolbox *b);

#endif
