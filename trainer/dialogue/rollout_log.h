/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_ROLLOUT_LOG_H
#define MGRPO_ROLLOUT_LOG_H

#include "dialogue/trajectory.h"

/*
 * What an agent learnt from in one phase, in a file of its own: JSON lines, compressed (mgrpo-run(5)). Numbers
 * round-trip, so the phase can be trained again to the same bits. Written whole and renamed: a phase has its file or
 * none.
 */
struct mg_rollout_log;
enum mg_status mg_rollout_log_create(const char *path, struct mg_rollout_log **out, struct mg_err *err);
enum mg_status mg_rollout_log_add(struct mg_rollout_log *log, const struct mg_trajectory *t, struct mg_err *err);
/* Renames it into place and frees it; a failed commit leaves nothing. */
enum mg_status mg_rollout_log_commit(struct mg_rollout_log *log, struct mg_err *err);
void mg_rollout_log_abort(struct mg_rollout_log *log); /* accepts NULL */

/* All trajectories of a file; the file's name says their phase. MG_INPUT: it is missing, torn or damaged, or holds
 * anything but trajectories. */
enum mg_status mg_rollout_log_read(const char *path, struct mg_trajectory **out, size_t *n, struct mg_err *err);
void mg_rollout_log_free(struct mg_trajectory *list, size_t n); /* what it gave; accepts NULL */

#endif
