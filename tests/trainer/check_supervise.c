/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor of a run's agents: which ends of a child are waited out, and which end the run. */
#include <stdio.h>
#include <string.h>

#include "agent/supervise.h"
#include "base/clock.h"
#include "scratch.h"
#include "suite.h"

static enum mg_status
look(void *arg, bool *moved, struct mg_err *e)
{
    (void)moved;
    (void)e;
    ++*(unsigned *)arg;
    return MG_OK;
}

static char said[8][512];
static unsigned n_said;

static void
say(void *arg, const char *sentence)
{
    (void)arg;
    snprintf(said[n_said++ % 8], sizeof said[0], "%s", sentence);
}

static enum mg_status
watch(const char *script, const char *other)
{
    static char log[2][96];
    char *const first[] = {(char *)"/bin/sh", (char *)"-c", (char *)script, (char *)"sh", scratch_folder, NULL};
    char *const second[] = {(char *)"/bin/sh", (char *)"-c", (char *)other, (char *)"sh", scratch_folder, NULL};
    struct mg_child child[2] = {{.name = "first", .argv = first, .log = log[0]},
                                {.name = "second", .argv = second, .log = log[1]}};
    unsigned looks = 0;
    struct mg_watch w = {.look = look, .say = say, .arg = &looks, .every = 0.05};
    enum mg_status st;

    snprintf(log[0], sizeof log[0], "%s/first.log", scratch_folder);
    snprintf(log[1], sizeof log[1], "%s/second.log", scratch_folder);
    mg_err_clear(&err);
    st = mg_supervise(child, 2, &w, &err);
    ck_assert_uint_gt(looks, 0);
    ck_assert_int_eq(child[0].pid, 0);
    ck_assert_int_eq(child[1].pid, 0);
    return st;
}

START_TEST(children_that_end_well)
{
    ck_assert_int_eq(watch("exit 0", "sleep 0.2"), MG_OK);
}
END_TEST

START_TEST(a_child_that_crashes_is_started_again)
{
    ck_assert_int_eq(watch("echo x >>$1/starts; [ $(wc -l <$1/starts) -eq 3 ] || kill -9 $$", "exit 0"), MG_OK);
}
END_TEST

START_TEST(a_child_that_always_crashes_ends_the_run)
{
    double start = mg_clock();

    ck_assert_int_eq(watch("echo the device is gone >&2; echo '  Buy another one.' >&2; exit 1", "sleep 60"), MG_FAIL);
    ck_assert_ptr_nonnull(strstr(err.text, "first agent ended with status 1"));
    ck_assert_ptr_nonnull(strstr(err.text, "the device is gone"));
    suite_says(err.hint, "Buy another one.", "first.log");
    ck_assert_uint_eq(n_said, 4);
    suite_says(said[0], "first agent ended with status 1: the device is gone", "in 0.25 s, time 1 of 4");
    suite_says(said[3], "in 2 s, time 4 of 4");
    ck_assert_double_lt(mg_clock() - start, 30.0);
}
END_TEST

START_TEST(a_child_that_finds_its_input_wrong_ends_the_run)
{
    double start = mg_clock();

    ck_assert_int_eq(watch("sleep 60", "echo no such model >&2; exit 2"), MG_INPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "no such model"));
    ck_assert_double_lt(mg_clock() - start, 30.0); /* the other would sleep for a minute */
}
END_TEST

/* What would come again is not tried again, and what an earlier start wrote is not taken for its reason. */
START_TEST(a_child_that_would_fail_again_ends_the_run)
{
    ck_assert_int_eq(watch("echo mgrpo agent: the disk is full >&2; exit 4", "sleep 60"), MG_FAIL);
    ck_assert_str_eq(err.text, "the first agent ended with status 4: the disk is full");
    ck_assert_uint_eq(n_said, 0);
    ck_assert_int_eq(watch("exit 4", "sleep 60"), MG_FAIL);
    suite_says(err.text, "the first agent ended with status 4: it did not say why in", "first.log");
}
END_TEST

/* One that does not end when it is asked to is killed. */
START_TEST(a_deaf_child_is_killed)
{
    double start = mg_clock();

    ck_assert_int_eq(
        watch("sleep 0.3; exit 2", "trap '' TERM; i=0; while [ $i -lt 60 ]; do sleep 1; i=$((i + 1)); done"), MG_INPUT);
    ck_assert_double_lt(mg_clock() - start, 30.0); /* it would go on for a minute */
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("supervise", scratch_begin, scratch_end, 60), children_that_end_well,
                a_child_that_crashes_is_started_again, a_child_that_always_crashes_ends_the_run,
                a_child_that_finds_its_input_wrong_ends_the_run, a_child_that_would_fail_again_ends_the_run,
                a_deaf_child_is_killed);
    return suite_main();
}
