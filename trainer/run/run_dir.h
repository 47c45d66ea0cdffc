/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_RUN_DIR_H
#define MGRPO_RUN_DIR_H

#include "run/config.h"

/*
 * The folder of a run (mgrpo-run(5)): the configuration as it was given (mgrpo.conf) and as it was understood
 * (run.json), the store, and a folder and a log for each agent.
 */

/* Begins a run, or goes on with it: the folder is made, or its run.json must say the same as `config` (MG_INPUT, with
 * the first key that differs). */
enum mg_status mg_run_begin(const char *dir, const char *conf_path, const struct mg_config *config, struct mg_err *err);
/* The configuration of a run that has begun. */
enum mg_status mg_run_config(const char *dir, struct mg_config *out, struct mg_err *err);

#endif
