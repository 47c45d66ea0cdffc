/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TESTS_SUITE_H
#define MGRPO_TESTS_SUITE_H

#include <check.h>

#include "base/status.h"

/* What a suite's calls report into. */
extern struct mg_err err;

/* A call that must succeed; its sentence goes to `err`. */
#define mg_ok(expr)                                                                                                    \
    do {                                                                                                               \
        mg_err_clear(&err);                                                                                            \
        ck_assert_msg((expr) == MG_OK, "%s: %s", #expr, err.text);                                                     \
    } while (0)

/* Runs and frees a suite, each test in a process of its own; returns main's exit status. */
int suite_main(Suite *suite);

#endif
