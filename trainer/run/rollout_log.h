/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_ROLLOUT_LOG_H
#define MGRPO_ROLLOUT_LOG_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/*
 * What an agent learnt from in one phase, in a file of its own: JSON lines, compressed (mgrpo-run(5)). Numbers
 * round-trip, so the phase can be trained again to the same bits. Written whole and renamed: a phase has its file or
 * none.
 */
struct mg_logged {
    uint32_t question, rollout, call;
    int32_t *ids;
    uint8_t *mask;
    float *logprob;
    uint32_t len;
    double weight, reward, advantage; /* alignment weight */
    const char *reward_kind;          /* "value", "invalid", "unavailable" */
};

struct mg_rollout_log;
enum mg_status mg_rollout_log_create(const char *path, struct mg_rollout_log **out, struct mg_err *err);
enum mg_status mg_rollout_log_add(struct mg_rollout_log *log, const struct mg_logged *row, struct mg_err *err);
/* Renames it into place and frees it; a failed commit leaves nothing. */
enum mg_status mg_rollout_log_commit(struct mg_rollout_log *log, struct mg_err *err);
void mg_rollout_log_abort(struct mg_rollout_log *log); /* accepts NULL */

/* All rows of a file; free with mg_logged_free. MG_INPUT: it is missing, torn or damaged, or holds anything but rows.
 */
enum mg_status mg_rollout_log_read(const char *path, struct mg_logged **rows, size_t *n, struct mg_err *err);
void mg_logged_free(struct mg_logged *rows, size_t n);

#endif
