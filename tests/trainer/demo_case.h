/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TESTS_DEMO_CASE_H
#define MGRPO_TESTS_DEMO_CASE_H

#include "learn/demo_file.h"

/* A file of demonstrations of a test's own, on the tokenizer of fake_policy.h. */
extern char path[128];
extern struct mg_tokenizer *tok;
extern struct mg_demo_file *demos; /* NULL until it is opened */

void demos_begin(void);
void demos_end(void);
/* Writes the file and opens it, for an agent's demonstrations or all (NULL). */
void demos_open(const void *bytes, size_t n, const char *agent);

#endif
