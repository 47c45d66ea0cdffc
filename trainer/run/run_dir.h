/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_RUN_DIR_H
#define MGRPO_RUN_DIR_H

#include "run/config.h"
#include "run/digests.h"

/*
 * The folder of a run (mgrpo-run(5)): the configuration as it was given (mgrpo.conf) and as it was understood
 * (run.json), the store, and a folder and a log for each agent.
 */

/*
 * Begins a run, or goes on with it: the folder is made, or its run.json must say the same as `config` (MG_INPUT, with
 * the first key that differs). Paths may differ, what lies at them may not: `inputs` are compared with those of
 * run.json, and those that it does not have yet are added. How the run was extended goes from run.json into `config`.
 */
enum mg_status mg_run_begin(const char *dir, const char *conf_path, struct mg_config *config,
                            const struct mg_digests *inputs, struct mg_err *err);
/* Writes run.json anew: `config`, which is the run's and may have been extended, over the inputs that it names. */
enum mg_status mg_run_record(const char *dir, const struct mg_config *config, struct mg_err *err);
/* For who goes on without a configuration of its own: compares `inputs` with those of run.json. */
enum mg_status mg_run_compare_inputs(const char *dir, const struct mg_digests *inputs, struct mg_err *err);
/* Locks the folder, which is made if it is not there, for the life of this process; *fd is the caller's. MG_INPUT:
 * another process has it locked. */
enum mg_status mg_run_lock(const char *dir, int *fd, struct mg_err *err);
/* Whether a run has begun in the folder. */
bool mg_run_begun(const char *dir);
/* The configuration of a run that has begun. */
enum mg_status mg_run_config(const char *dir, struct mg_config *out, struct mg_err *err);

#endif
