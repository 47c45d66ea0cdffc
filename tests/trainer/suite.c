/* SPDX-License-Identifier: Apache-2.0 */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

struct mg_err err;

struct mg_path
suite_source(const char *name)
{
    const char *folder = getenv("srcdir");

    return mg_path_print("%s/%s", folder != NULL ? folder : ".", name);
}

void
suite_junk(void *bytes, size_t n, unsigned round)
{
    unsigned char *out = bytes;
    uint32_t x = (uint32_t)mg_rng_mix(round);

    for (size_t i = 0; i < n; i++) {
        x = x * 1664525u + 1013904223u;
        out[i] = (unsigned char)(round % 2 == 0 ? x >> 24 : 32 + (x >> 24) % 95);
    }
}

void
suite_holds(const char *text, bool there, const char *const *part)
{
    for (; *part != NULL; part++)
        ck_assert_msg((strstr(text, *part) != NULL) == there, "\"%.2000s\" %s \"%s\"", text, there ? "lacks" : "has",
                      *part);
}

static Suite *suite;

TCase *
suite_case(const char *name, void (*before)(void), void (*after)(void), double seconds)
{
    TCase *tcase = tcase_create(name);

    tcase_add_checked_fixture(tcase, before, after);
    if (seconds > 0.0)
        tcase_set_timeout(tcase, seconds);
    if (suite == NULL)
        suite = suite_create(name);
    suite_add_tcase(suite, tcase);
    return tcase;
}

void
suite_add_tests(TCase *tcase, const TTest *const *tests)
{
    for (; *tests != NULL; tests++)
        tcase_add_test(tcase, *tests);
}

void
suite_add_loops(TCase *tcase, int from, int to, const TTest *const *tests)
{
    for (; *tests != NULL; tests++)
        tcase_add_loop_test(tcase, *tests, from, to);
}

int
suite_main(void)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
