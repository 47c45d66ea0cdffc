/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a policy's state: a policy goes on from one with the same bits, and what is none is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "policy/state_format.h"
#include "policy_case.h"
#include "suite.h"

/* An empty file in the folder of the test. */
static char path[16];

static void
begin(void)
{
    int fd;

    strcpy(path, "state-XXXXXX");
    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void
end(void)
{
    unlink(path);
}

/* Writes another byte into the file. */
static void
spoil(long at, int byte)
{
    FILE *f = fopen(path, "r+b");

    ck_assert_ptr_nonnull(f);
    fseek(f, at, SEEK_SET);
    fputc(byte, f);
    fclose(f);
}

/* Trains, saves, trains on; another policy loads and trains on: the same bits. */
START_TEST(state_file_goes_on_with_the_same_bits)
{
    const struct mg_loss_params o = {.loss = MG_LOSS_NLL, .temperature = 1.0f};
    const struct mg_adam adam = {1e-3f, 0.9f, 0.95f, 1e-8f, 0.01f, 1.0f};
    char *extra = NULL;
    struct mg_policy *p = mg_policy_case(true, 600), *q = mg_policy_case(true, 600);
    struct mg_train_stats stats;
    struct mg_case_sequences s;
    uint64_t end_p = 0, end_q = 1, start = 0;
    double norm;

    mg_case_sequences_alloc(&s);
    mg_ok(mg_policy_digest(p, &start, &err));
    for (int i = 0; i < 4; i++) {
        mg_ok(mg_policy_gradient(p, s.rows, MG_CASE_SLOTS, &o, &stats, &err));
        mg_ok(mg_policy_step(p, &adam, &norm, &err));
        if (i == 1)
            mg_ok(mg_policy_save_state(p, path, "{\"a\": 1}", &err));
    }
    mg_ok(mg_policy_load_state(q, path, &extra, &err));
    ck_assert_str_eq(extra, "{\"a\": 1}");
    ck_assert_uint_eq(mg_policy_version(q), 2);
    for (int i = 0; i < 2; i++) {
        mg_ok(mg_policy_gradient(q, s.rows, MG_CASE_SLOTS, &o, &stats, &err));
        mg_ok(mg_policy_step(q, &adam, &norm, &err));
    }
    mg_ok(mg_policy_digest(p, &end_p, &err));
    mg_ok(mg_policy_digest(q, &end_q, &err));
    ck_assert(end_p == end_q && end_p != start);
    free(extra);
    mg_case_sequences_free(&s);
    mg_policy_close(p);
    mg_policy_close(q);
}
END_TEST

/* A damaged state file is refused with a sentence and changes nothing. */
START_TEST(state_file_that_is_damaged_is_refused)
{
    char *extra = NULL;
    struct mg_policy *p = mg_policy_case(true, 600);
    uint64_t before = 0, after = 1;

    mg_ok(mg_policy_save_state(p, path, "{}", &err));
    mg_ok(mg_policy_digest(p, &before, &err));
    spoil(_i, 'X' ^ _i);
    mg_err_clear(&err);
    ck_assert_int_eq(mg_policy_load_state(p, path, &extra, &err), MG_INPUT);
    ck_assert(err.text[0] != '\0' && extra == NULL);
    mg_ok(mg_policy_digest(p, &after, &err));
    ck_assert(before == after);
    mg_policy_close(p);
}
END_TEST

/* A format of a later version is no damage. */
START_TEST(a_state_of_another_version_is_told)
{
    struct mg_policy *p = mg_policy_case(true, 600);

    mg_ok(mg_policy_save_state(p, path, "{}", &err));
    mg_ok(mg_state_format_check(path, &err));
    spoil(7, '2');
    ck_assert_int_eq(mg_state_format_check(path, &err), MG_INPUT);
    suite_says(err.text, path, "a state of format 2, this mgrpo reads format 1");
    mg_err_clear(&err);
    unlink(path);
    mg_ok(mg_state_format_check(path, &err));
    mg_policy_close(p);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("policy state");

    tcase_add_checked_fixture(tc, begin, end);
    fx_tests(tc, state_file_goes_on_with_the_same_bits, a_state_of_another_version_is_told);
    tcase_add_loop_test(tc, state_file_that_is_damaged_is_refused, 40, 44);
    return fx_main();
}
