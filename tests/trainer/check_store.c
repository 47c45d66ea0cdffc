/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every engine of the store must do: subtasks, results and rollouts pass from agent to agent once, whole and
 * unchanged. Prints a table, tests by engine.
 */
#include <stdio.h>
#include <stdlib.h>

#include "store_case.h"

static const struct {
    const char *name;
    void (*setup)(void);
} engine[] = {{"sqlite", setup_sqlite}, {"redis", setup_redis}};
static int n_engines = sizeof engine / sizeof engine[0];

static const struct store_test *const group[] = {store_queue_tests, store_run_tests};
enum { N_GROUPS = sizeof group / sizeof group[0] };

static void
add(Suite *suite, const struct store_test *test)
{
    for (int e = 0; e < n_engines; e++) {
        TCase *t = tcase_create(engine[e].name);

        tcase_add_checked_fixture(t, engine[e].setup, teardown);
        tcase_add_test(t, *test->test);
        suite_add_tcase(suite, t);
    }
}

static void
print_table(SRunner *runner)
{
    TestResult **result = srunner_results(runner), **r = result;

    printf("%-52s", "");
    for (int e = 0; e < n_engines; e++)
        printf(" %-7s", engine[e].name);
    printf("\n");
    for (int g = 0; g < N_GROUPS; g++) {
        for (const struct store_test *t = group[g]; t->name != NULL; t++) {
            printf("%-52s", t->name);
            for (int e = 0; e < n_engines; e++)
                printf(" %-7s", tr_rtype(*r++) == CK_PASS ? "yes" : "NO");
            printf("\n");
        }
    }
    free(result);
}

int
main(void)
{
    Suite *suite = suite_create("store");
    SRunner *runner;
    int failed;

    if (redis_installed()) {
        redis_create(&redis, "");
        redis_start(&redis);
    } else {
        printf("redis-server is not installed: the Redis half is skipped\n");
        n_engines--;
    }
    for (int g = 0; g < N_GROUPS; g++)
        for (const struct store_test *t = group[g]; t->name != NULL; t++)
            add(suite, t);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    print_table(runner);
    srunner_free(runner);
    if (redis.pid > 0)
        redis_remove(&redis);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
