/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TESTS_LOG_CASE_H
#define MGRPO_TESTS_LOG_CASE_H

#include "dialogue/rollout_log.h"
#include "suite.h"

enum { ROWS = 5, MAX_BYTES = 1 << 16 };

extern char file[96];                   /* a log's path in a folder of its own */
extern struct mg_trajectory rows[ROWS]; /* of any finite floats, lengths and masks */

/* The folder, empty, and the rows; then neither. */
void begin(void);
void end(void);
/* Removes the folder's files; returns how many there were. */
unsigned empty_folder(void);
/* A log with the rows, not yet committed; a file with them. */
struct mg_rollout_log *fill(void);
void write_whole(void);
/* got[n] are the rows, to the bit where a token is the agent's own; `when` names the case. */
void same_rows(const struct mg_trajectory *got, size_t n, const char *when);

#endif
