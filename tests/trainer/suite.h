/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TESTS_SUITE_H
#define MGRPO_TESTS_SUITE_H

#include <check.h>
#include <stdbool.h>

#include "base/path.h"
#include "base/status.h"

/* What a suite's calls report into. */
extern struct mg_err err;

/* A call that must succeed; its sentence goes to `err`. */
#define mg_ok(expr)                                                                                                    \
    do {                                                                                                               \
        mg_err_clear(&err);                                                                                            \
        ck_assert_msg((expr) == MG_OK, "%s: %s", #expr, err.text);                                                     \
    } while (0)

/* Each of these parts stands in the text, or none of them does. */
#define suite_says(text, ...)     suite_holds((text), true, (const char *const[]){__VA_ARGS__, NULL})
#define suite_says_not(text, ...) suite_holds((text), false, (const char *const[]){__VA_ARGS__, NULL})
void suite_holds(const char *text, bool there, const char *const *part);

/* A call that must fail so, with a sentence that has each of these parts. */
#define mg_fails(expr, status, ...)                                                                                    \
    do {                                                                                                               \
        mg_err_clear(&err);                                                                                            \
        ck_assert_int_eq((expr), (status));                                                                            \
        suite_says(err.text, __VA_ARGS__);                                                                             \
    } while (0)

/* A file of the sources, wherever they were built. */
struct mg_path suite_source(const char *name);
/* n bytes that are a function of the round: any in an even one, printable in an odd one. */
void suite_junk(void *bytes, size_t n, unsigned round);

/* A new case of this program's suite, which has the first one's name: each test has this fixture (NULL: none) and so
 * many seconds (0: as many as the environment says). */
TCase *suite_case(const char *name, void (*before)(void), void (*after)(void), double seconds);
/* Adds tests that run once. */
#define suite_tests(tcase, ...) suite_add_tests((tcase), (const TTest *const[]){__VA_ARGS__, NULL})
void suite_add_tests(TCase *tcase, const TTest *const *tests);
/* Adds tests that run for _i = from .. to-1. */
#define suite_loops(tcase, from, to, ...)                                                                              \
    suite_add_loops((tcase), (from), (to), (const TTest *const[]){__VA_ARGS__, NULL})
void suite_add_loops(TCase *tcase, int from, int to, const TTest *const *tests);
/* Runs and frees the suite, each test in a process of its own; returns main's exit status. */
int suite_main(void);

#endif
