/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TESTS_STORE_CASE_H
#define MGRPO_TESTS_STORE_CASE_H

#include "redis_case.h"
#include "store/store.h"
#include "suite.h"

/* A store of its own for each test, open twice: main holds a, search holds b. */
extern char dir[64], address[160];
extern struct mg_store *a, *b;
void setup_sqlite(void);
void setup_redis(void); /* on the server of `redis`, which the suite starts */
extern struct redis_server redis;
void teardown(void);
/* A case whose tests have a store on a server of their own; where none can be started, the program ends: skipped. */
TCase *own_redis_case(const char *name);
/* Takes an agent, for a store. */
void take(struct mg_store *s, const char *agent);
/* Another one of the same store. */
struct mg_store *open_store(void);
enum mg_status try_open(struct mg_store **out);

/* Phase 3, rollout 1, call 2 of a question, asked through a. Clears err. */
enum mg_status ask(uint32_t question, uint32_t version, const char *text);
enum mg_status ask_for(const char *agent, uint32_t question, uint32_t version, const char *text);
enum mg_status answer(const struct mg_result *r); /* through b, claims nothing */
/* What `s` claims of phase 3 for a version behind *cursor: "question text;..." of the new ones. */
const char *claim(struct mg_store *s, uint32_t version, int64_t *cursor);
/* What a reads of phase 3 behind *cursor: "question text;...". */
const char *results(int64_t *cursor);

/* What any engine must do: a list that ends with NULL. */
struct store_test {
    const char *name;
    const TTest *const *test;
};
extern const struct store_test store_queue_tests[], store_run_tests[];

#endif
