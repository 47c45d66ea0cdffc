/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_EXTEND_H
#define MGRPO_EXTEND_H

#include "run/config.h"

/*
 * A run that has ended goes on to `steps` train steps in all: `config`, which is the run's, says so afterwards, and
 * run.json once mg_run_record() has written it, which is after the store has agreed. A run that is of as many already is
 * left as it is, so that a command that was interrupted can be repeated. MG_INPUT: the run is of more steps, or agent
 * `agent`, or one of them with MG_ALL_AGENTS, has not ended.
 */
enum mg_status mg_extend(const char *run_dir, struct mg_config *config, int agent, uint32_t steps, struct mg_err *err);

#endif
