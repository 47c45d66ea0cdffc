/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_RUN_UNUSED_H
#define MGRPO_RUN_UNUSED_H

#include <stdbool.h>

#include "run/config.h"

/*
 * A run whose first start failed has its configuration and nothing else: no agent has ended a phase on this host, has a
 * state or a model, or works now. Nothing is lost if it is begun again with another configuration.
 */
bool mg_run_unused(const char *dir);

/* Takes away what such a run has that would bind the next start: its record, its store on this host, and what its agents
 * wrote of the phase that they did not end. Other files stay. */
enum mg_status mg_run_forget(const char *dir, struct mg_err *err);

#endif
