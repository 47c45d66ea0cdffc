/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_STATE_FILE_H
#define MGRPO_STATE_FILE_H

#include "policy/policy.h"

/* The state files of an agent's folder: state-PHASE holds weights and optimiser as they are before phase PHASE. */

/* Loads the newest that is of phase `last` or before and not damaged; *phase is its own, 0 if there is no file.
 * p         NULL for an agent that does not train: its files say a phase and hold nothing.
 * MG_INPUT  there are files, all of them damaged, or one of a format of another version; p is then neither. */
enum mg_status mg_state_load(struct mg_policy *p, const char *dir, uint32_t last, uint32_t *phase, struct mg_err *err);
/* The newest, be it damaged or not; *there is false without one, or without the folder. */
enum mg_status mg_state_newest(const char *dir, bool *there, uint32_t *phase, struct mg_err *err);
/* Writes a state, atomically, and removes all but the newest two and that of phase `keep`. */
enum mg_status mg_state_save(struct mg_policy *p, const char *dir, uint32_t phase, uint32_t keep, struct mg_err *err);

#endif
