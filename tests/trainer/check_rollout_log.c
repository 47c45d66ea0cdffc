/* SPDX-License-Identifier: Apache-2.0 */
/* Rollout logs: bits that round-trip, and files that appear whole. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "log_case.h"

static void
read_whole(const char *when)
{
    struct mg_trajectory *got = NULL;
    size_t n = 0;

    mg_ok(mg_rollout_log_read(file, &got, &n, &err));
    same_rows(got, n, when);
    mg_rollout_log_free(got, n);
}

START_TEST(bits_round_trip)
{
    write_whole();
    read_whole("read back");
}
END_TEST

START_TEST(the_same_rows_are_the_same_bytes)
{
    char *a = NULL, *b = NULL;
    size_t a_len = 0, b_len = 0;

    write_whole();
    ck_assert_int_eq(mg_file_read(file, MAX_BYTES, &a, &a_len, &err), MG_OK);
    write_whole();
    ck_assert_int_eq(mg_file_read(file, MAX_BYTES, &b, &b_len, &err), MG_OK);
    ck_assert_uint_eq(a_len, b_len);
    ck_assert_mem_eq(a, b, a_len);
    free(a);
    free(b);
}
END_TEST

START_TEST(a_log_without_rows)
{
    struct mg_rollout_log *log = NULL;
    struct mg_trajectory *got = NULL;
    size_t n = 42;

    ck_assert_int_eq(mg_rollout_log_create(file, &log, &err), MG_OK);
    ck_assert_int_eq(mg_rollout_log_commit(log, &err), MG_OK);
    ck_assert_int_eq(mg_rollout_log_read(file, &got, &n, &err), MG_OK);
    ck_assert_uint_eq(n, 0);
    mg_rollout_log_free(got, n);
}
END_TEST

START_TEST(a_phase_has_its_file_or_none)
{
    struct mg_rollout_log *log = fill();

    ck_assert_int_ne(access(file, F_OK), 0);
    ck_assert_int_eq(mg_rollout_log_commit(log, &err), MG_OK);
    ck_assert_uint_eq(empty_folder(), 1);
    mg_rollout_log_abort(fill());
    ck_assert_uint_eq(empty_folder(), 0);
    mg_rollout_log_abort(NULL);
}
END_TEST

/* An older file is there until the new one is whole. */
START_TEST(an_abort_keeps_the_older_file)
{
    struct mg_rollout_log *log = NULL;

    write_whole();
    ck_assert_int_eq(mg_rollout_log_create(file, &log, &err), MG_OK);
    mg_rollout_log_abort(log);
    read_whole("after an abort");
}
END_TEST

START_TEST(what_cannot_be_written_is_told)
{
    struct mg_rollout_log *log = NULL;
    struct mg_trajectory bad = rows[1];
    int32_t id = 5;
    uint8_t own = 1;
    float impossible = -INFINITY;

    ck_assert_int_ne(mg_rollout_log_create("no-such-folder/x", &log, &err), MG_OK);
    ck_assert_ptr_nonnull(strstr(err.text, "no-such-folder"));
    mg_err_clear(&err);
    ck_assert_int_eq(mg_rollout_log_create(file, &log, &err), MG_OK);
    bad.advantage = NAN;
    mg_fails(mg_rollout_log_add(log, &bad, &err), MG_FAIL, file);
    mg_err_clear(&err);
    bad = rows[4];
    bad.ids = &id;
    bad.mask = &own;
    bad.logprob = &impossible;
    bad.len = 1;
    mg_fails(mg_rollout_log_add(log, &bad, &err), MG_FAIL, "question 1, rollout 4, call 8");
    mg_rollout_log_abort(log);
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("rollout log", begin, end, 120), bits_round_trip, the_same_rows_are_the_same_bytes,
                a_log_without_rows, a_phase_has_its_file_or_none, an_abort_keeps_the_older_file,
                what_cannot_be_written_is_told);
    return suite_main();
}
