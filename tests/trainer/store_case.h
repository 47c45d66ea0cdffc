/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TESTS_STORE_CASE_H
#define MGRPO_TESTS_STORE_CASE_H

#include "store/store.h"
#include "suite.h"

/* A store in a folder of its own, open twice: main holds a, search holds b. */
extern char dir[64], path[96];
extern struct mg_store *a, *b;
void setup(void);
void teardown(void);

/* Bodies of transactions, and the subtask 3/question/1/2 written through a. */
enum mg_status put_subtask(struct mg_store *s, void *arg, struct mg_err *e); /* of a struct mg_subtask */
enum mg_status ask(uint32_t question, uint32_t version, const char *text);
/* Claims what there is for a phase and a version: how many, and the last. */
struct claimed {
    uint32_t phase, version;
    unsigned n;
    char last[64];
};
enum mg_status claim_body(struct mg_store *s, void *arg, struct mg_err *e); /* of a struct claimed */

#endif
