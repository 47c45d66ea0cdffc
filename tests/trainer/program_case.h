/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TESTS_PROGRAM_CASE_H
#define MGRPO_TESTS_PROGRAM_CASE_H

#include "rollout/rollout.h"

/* Dialogues of the fake policy whose tool is a script of the shell. */
enum { QUESTIONS = 9, K = 4, N = QUESTIONS * K };

extern char dir[64]; /* the scripts run in it */
extern struct mg_tokenizer *tok;
extern struct mg_processes *processes;
extern struct mg_tools *tools;
extern struct mg_tool_log *tool_log; /* NULL unless a test opens it */
extern struct mg_policy *policy[2];
extern const struct mg_sampling sampled;
extern const struct mg_rollout_limits limits;

void setup(void);
void teardown(void);
/* The tool `name` is a script, which may run so many seconds. */
void use(const char *name, const char *script, double seconds);
/* For a root that may call the tool "calc"; *ended counts its dialogues' ends. */
struct mg_rollouts *new_rollouts(uint32_t slots, unsigned *ended);
/* Adds N dialogues; adds them and goes on to their ends. */
void add_all(struct mg_rollouts *b);
void run(struct mg_rollouts *b);
/* The dialogues of both are the same, to the bit. */
void expect_same(struct mg_rollouts *a, struct mg_rollouts *b);

#endif
