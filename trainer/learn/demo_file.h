/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_DEMO_FILE_H
#define MGRPO_DEMO_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialogue/roles.h"
#include "base/status.h"
#include "run/key.h"
#include "tokenizer/tokenizer.h"

/* A demonstration as tokens: what mgrpo-demos(5) describes, encoded. */
struct mg_example {
    struct mg_trajectory t; /* mask 1: the agent's own turn, to be learnt */
    uint8_t *role;          /* [t.len] of the turn that a token belongs to; MG_N_ROLES for <bos> */
};
void mg_example_free(struct mg_example *e);

/* Reads demonstrations of one agent (by its name; NULL: all) from JSON lines; "-" is standard input. */
struct mg_demo_file;
enum mg_status mg_demo_file_open(const char *path, const char *agent, struct mg_tokenizer *tok,
                                 struct mg_demo_file **out, struct mg_err *err);
void mg_demo_file_close(struct mg_demo_file *f); /* accepts NULL */
/* The next demonstration of at most max_len tokens; longer ones are passed over. *more is false at the end. */
enum mg_status mg_demo_file_next(struct mg_demo_file *f, uint32_t max_len, struct mg_example *out, bool *more,
                                 struct mg_err *err);
/* Back to the first line; fails on a pipe. */
enum mg_status mg_demo_file_rewind(struct mg_demo_file *f, struct mg_err *err);

/* What was read of the agent's demonstrations, and passed over as too long; each counts once, however often it is
 * read. */
struct mg_demo_count {
    size_t read, skipped;
    uint32_t longest; /* tokens of the longest that was passed over */
};
struct mg_demo_count mg_demo_file_count(const struct mg_demo_file *f);

#endif
