/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_PROFILE_H
#define MGRPO_PROFILE_H

#include "run/config.h"

/*
 * Where the time of an agent goes: training steps on full micro-batches of made-up sequences, decoding with all slots
 * busy, and the rate of a large matrix product in the same minute to compare with. Prints a table for each agent of the
 * configuration; trains nothing.
 */
enum mg_status mg_profile_agents(const struct mg_config *config, struct mg_err *err);

#endif
