/* SPDX-License-Identifier: Apache-2.0 */
/* Rollout logs: bits that round-trip, files that appear whole, and damage that is told. */
#include <check.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "file.h"
#include "rng.h"
#include "rollout_log.h"

enum { ROWS = 5, MAX_LEN = 24, MAX_BYTES = 1 << 16 };

static struct mg_err err;
static char folder[64], file[96];

/* Rows of any finite floats, lengths and masks. */
static int32_t ids[ROWS][MAX_LEN];
static uint8_t mask[ROWS][MAX_LEN];
static float logprob[ROWS][MAX_LEN];
static struct mg_logged rows[ROWS];

static float
any_float(struct mg_rng *rng)
{
    for (;;) {
        uint32_t bits = mg_rng_u32(rng);
        float x;

        memcpy(&x, &bits, sizeof x);
        if (isfinite(x))
            return x;
    }
}

static void
begin(void)
{
    static const char *const kinds[] = {"value", "invalid", "unavailable"};
    struct mg_rng rng;

    strcpy(folder, "check_rollout_log.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/000007.jsonl.gz", folder);
    mg_err_clear(&err);
    mg_rng_init(&rng, 1, MG_RNG_SHUFFLE, 0, 0, 0);
    for (uint32_t r = 0; r < ROWS; r++) {
        rows[r] = (struct mg_logged){.question = r / 3,
                                     .rollout = r,
                                     .call = 2 * r,
                                     .ids = ids[r],
                                     .mask = mask[r],
                                     .logprob = logprob[r],
                                     .len = 1 + r * (MAX_LEN - 1) / (ROWS - 1),
                                     .weight = (double)any_float(&rng),
                                     .reward = (double)any_float(&rng),
                                     .advantage = (double)any_float(&rng),
                                     .reward_kind = kinds[r % 3]};
        for (uint32_t i = 0; i < rows[r].len; i++) {
            ids[r][i] = (int32_t)(mg_rng_u32(&rng) >> 2);
            mask[r][i] = r != 2 && mg_rng_below(&rng, 2);
            logprob[r][i] = any_float(&rng);
        }
    }
}

/* Files in the folder; what is found is removed. */
static unsigned
empty_folder(void)
{
    DIR *d = opendir(folder);
    const struct dirent *e;
    unsigned n = 0;
    char path[512];

    ck_assert_ptr_nonnull(d);
    while ((e = readdir(d)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        n += unlink(path) == 0;
    }
    closedir(d);
    return n;
}

static void
end(void)
{
    empty_folder();
    ck_assert_int_eq(rmdir(folder), 0);
}

static struct mg_rollout_log *
fill(void)
{
    struct mg_rollout_log *log = NULL;

    ck_assert_msg(mg_rollout_log_create(file, &log, &err) == MG_OK, "%s", err.text);
    for (int r = 0; r < ROWS; r++)
        ck_assert_msg(mg_rollout_log_add(log, &rows[r], &err) == MG_OK, "%s", err.text);
    return log;
}

static void
write_whole(void)
{
    ck_assert_msg(mg_rollout_log_commit(fill(), &err) == MG_OK, "%s", err.text);
}

static void
same_rows(const struct mg_logged *got, size_t n, const char *when)
{
    ck_assert_uint_eq(n, ROWS);
    for (int r = 0; r < ROWS; r++) {
        const struct mg_logged *a = &got[r], *b = &rows[r];

        ck_assert_msg(a->question == b->question && a->rollout == b->rollout && a->call == b->call && a->len == b->len,
                      "%s: the key of row %d", when, r);
        ck_assert_msg(a->weight == b->weight && a->reward == b->reward && a->advantage == b->advantage,
                      "%s: the numbers of row %d", when, r);
        ck_assert_str_eq(a->reward_kind, b->reward_kind);
        ck_assert_mem_eq(a->ids, b->ids, b->len * sizeof *b->ids);
        ck_assert_mem_eq(a->mask, b->mask, b->len);
        for (uint32_t i = 0; i < b->len; i++)
            ck_assert_msg(memcmp(&a->logprob[i], &b->logprob[i], sizeof(float)) == 0 || b->mask[i] == 0,
                          "%s: row %d, token %u: %a, was %a", when, r, i, (double)a->logprob[i], (double)b->logprob[i]);
    }
}

START_TEST(bits_round_trip)
{
    struct mg_logged *got = NULL;
    size_t n = 0;

    write_whole();
    ck_assert_msg(mg_rollout_log_read(file, &got, &n, &err) == MG_OK, "%s", err.text);
    same_rows(got, n, "read back");
    mg_logged_free(got, n);
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
    struct mg_logged *got = NULL;
    size_t n = 42;

    ck_assert_int_eq(mg_rollout_log_create(file, &log, &err), MG_OK);
    ck_assert_int_eq(mg_rollout_log_commit(log, &err), MG_OK);
    ck_assert_int_eq(mg_rollout_log_read(file, &got, &n, &err), MG_OK);
    ck_assert_uint_eq(n, 0);
    mg_logged_free(got, n);
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
    struct mg_logged *got = NULL;
    struct mg_rollout_log *log = NULL;
    size_t n = 0;

    write_whole();
    ck_assert_int_eq(mg_rollout_log_create(file, &log, &err), MG_OK);
    mg_rollout_log_abort(log);
    ck_assert_msg(mg_rollout_log_read(file, &got, &n, &err) == MG_OK, "%s", err.text);
    same_rows(got, n, "after an abort");
    mg_logged_free(got, n);
}
END_TEST

START_TEST(what_cannot_be_written_is_told)
{
    struct mg_rollout_log *log = NULL;
    struct mg_logged bad = rows[1];

    ck_assert_int_ne(mg_rollout_log_create("no-such-folder/x", &log, &err), MG_OK);
    ck_assert_ptr_nonnull(strstr(err.text, "no-such-folder"));
    mg_err_clear(&err);
    ck_assert_int_eq(mg_rollout_log_create(file, &log, &err), MG_OK);
    bad.advantage = (double)NAN;
    ck_assert_int_eq(mg_rollout_log_add(log, &bad, &err), MG_FAIL);
    ck_assert_ptr_nonnull(strstr(err.text, file));
    mg_err_clear(&err);
    bad = rows[4];
    mask[4][1] = 1;
    logprob[4][1] = -INFINITY;
    ck_assert_int_eq(mg_rollout_log_add(log, &bad, &err), MG_FAIL);
    ck_assert_ptr_nonnull(strstr(err.text, "question 1, rollout 4, call 8"));
    mg_rollout_log_abort(log);
}
END_TEST

/* ---- Damage ---- */

static void
put(const char *bytes, size_t len)
{
    FILE *f = fopen(file, "w");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, len, f), len);
    ck_assert_int_eq(fclose(f), 0);
    mg_err_clear(&err);
}

static enum mg_status
read_file(struct mg_logged **got, size_t *n)
{
    enum mg_status st = mg_rollout_log_read(file, got, n, &err);

    ck_assert_msg(st == MG_OK || (st == MG_INPUT && strstr(err.text, file) != NULL), "status %d, \"%s\"", st, err.text);
    return st;
}

START_TEST(a_file_cut_anywhere_is_refused)
{
    char *whole = NULL;
    size_t len = 0, n = 0;
    struct mg_logged *got = NULL;

    write_whole();
    ck_assert_int_eq(mg_file_read(file, MAX_BYTES, &whole, &len, &err), MG_OK);
    for (size_t cut = 0; cut < len; cut++) {
        put(whole, cut);
        ck_assert_msg(read_file(&got, &n) == MG_INPUT, "read a file cut at byte %zu of %zu", cut, len);
    }
    free(whole);
}
END_TEST

/* One wrong bit anywhere is told, or is one that means nothing. */
START_TEST(a_wrong_bit_changes_no_row)
{
    char *whole = NULL;
    size_t len = 0, n = 0, refused = 0;
    struct mg_logged *got = NULL;

    write_whole();
    ck_assert_int_eq(mg_file_read(file, MAX_BYTES, &whole, &len, &err), MG_OK);
    for (size_t i = 0; i < len; i++) {
        char name[64];

        whole[i] = (char)(whole[i] ^ (1 << i % 8));
        put(whole, len);
        whole[i] = (char)(whole[i] ^ (1 << i % 8));
        if (read_file(&got, &n) != MG_OK) {
            refused++;
            continue;
        }
        snprintf(name, sizeof name, "bit %zu of byte %zu", i % 8, i);
        same_rows(got, n, name);
        mg_logged_free(got, n);
    }
    ck_assert_uint_gt(refused, len - 16); /* time and system in the head of the file mean nothing */
    free(whole);
}
END_TEST

static void
put_compressed(const char *text)
{
    gzFile f = gzopen(file, "wb9");

    ck_assert_int_gt(gzputs(f, text), 0);
    ck_assert_int_eq(gzclose(f), Z_OK);
    mg_err_clear(&err);
}

#define KEY                      "{\"question\":1,\"rollout\":2,\"call\":0,"
#define NUMBER                   "\"weight\":1,\"reward\":0.5,\"advantage\":-1,"
#define TOKENS                   "\"kind\":\"value\",\"ids\":[5,6],\"mask\":[0,1],\"logprob\":[-2]}\n"
#define REST(ids, mask, logprob) "\"kind\":\"value\",\"ids\":" ids ",\"mask\":" mask ",\"logprob\":" logprob "}\n"

START_TEST(text_that_is_no_row_is_refused)
{
    static const char *const bad[] = {
        "\n",
        "7\n",
        "[]\n",
        "{}\n",
        "{\n",
        KEY NUMBER "\"kind\":\"value\",\"ids\":[5],\"mask\":[0],\"logprob\":[]}", /* no end of the line */
        NUMBER TOKENS,
        "{\"question\":-1,\"rollout\":2,\"call\":0," NUMBER TOKENS,
        "{\"question\":4294967296,\"rollout\":2,\"call\":0," NUMBER TOKENS,
        "{\"question\":1,\"rollout\":1e300,\"call\":0," NUMBER TOKENS,
        "{\"question\":1,\"rollout\":2,\"call\":\"0\"," NUMBER TOKENS,
        "{\"question\":1,\"rollout\":2," NUMBER TOKENS,
        KEY "\"weight\":1,\"reward\":0.5," TOKENS,
        KEY "\"weight\":1,\"reward\":null,\"advantage\":-1," TOKENS,
        KEY "\"weight\":\"1\",\"reward\":0.5,\"advantage\":-1," TOKENS,
        KEY "\"weight\":1,\"reward\":0.5,\"advantage\":1e39," TOKENS,
        KEY "\"weight\":1,\"reward\":0.5,\"advantage\":1e999," TOKENS,
        KEY NUMBER "\"ids\":[1],\"mask\":[1],\"logprob\":[0]}\n",
        KEY NUMBER "\"kind\":\"good\",\"ids\":[1],\"mask\":[1],\"logprob\":[0]}\n",
        KEY NUMBER "\"kind\":\"value\",\"mask\":[1],\"logprob\":[0]}\n",
        KEY NUMBER REST("[]", "[]", "[]"),
        KEY NUMBER REST("[1,2]", "[1]", "[0]"),
        KEY NUMBER REST("[-1]", "[1]", "[0]"),
        KEY NUMBER REST("[2147483647]", "[1]", "[0]"),
        KEY NUMBER REST("[1.5]", "[1]", "[0]"),
        KEY NUMBER REST("[1]", "[2]", "[0]"),
        KEY NUMBER REST("[1]", "[true]", "[0]"),
        KEY NUMBER REST("[1]", "[1]", "[]"),
        KEY NUMBER REST("[1]", "[0]", "[0]"),
        KEY NUMBER REST("[1]", "[1]", "[\"0\"]"),
        KEY NUMBER REST("[1]", "[1]", "[-1e39]"),
    };
    struct mg_logged *got = NULL;
    size_t n = 0;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put_compressed(bad[i]);
        ck_assert_msg(read_file(&got, &n) == MG_INPUT, "read: %s", bad[i]);
    }
    ck_assert_int_eq(mg_rollout_log_read("no-such-file", &got, &n, &err), MG_INPUT);
}
END_TEST

/* The good row that the bad ones above are made from, compressed by another hand; what else it says is passed over. */
START_TEST(a_row_of_other_making_is_read)
{
    struct mg_logged *got = NULL;
    size_t n = 0;

    put_compressed(KEY "\"more\":null," NUMBER TOKENS);
    ck_assert_msg(read_file(&got, &n) == MG_OK, "%s", err.text);
    ck_assert_uint_eq(n, 1);
    ck_assert(got->question == 1 && got->rollout == 2 && got->call == 0 && got->reward == 0.5 &&
              got->advantage == -1.0);
    ck_assert(got->len == 2 && got->ids[1] == 6 && got->mask[0] == 0 && got->mask[1] == 1);
    ck_assert(got->logprob[1] == -2.0f && strcmp(got->reward_kind, "value") == 0);
    mg_logged_free(got, n);
}
END_TEST

START_TEST(junk_is_refused)
{
    struct mg_logged *got = NULL;
    size_t n = 0;
    uint32_t x = 1;

    for (int i = 0; i < 200; i++) {
        char junk[200];

        for (size_t k = 0; k < sizeof junk; k++) {
            x = x * 1664525u + 1013904223u;
            junk[k] = (char)(i % 2 == 0 ? x >> 24 : 32 + (x >> 24) % 95);
        }
        memcpy(junk, "\x1f\x8b\x08", i % 4 == 0 ? 3 : 0);
        put(junk, sizeof junk);
        ck_assert_int_eq(read_file(&got, &n), MG_INPUT);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("rollout_log");
    TCase *tc = tcase_create("rollout_log");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, begin, end);
    tcase_set_timeout(tc, 120.0);
    tcase_add_test(tc, bits_round_trip);
    tcase_add_test(tc, the_same_rows_are_the_same_bytes);
    tcase_add_test(tc, a_log_without_rows);
    tcase_add_test(tc, a_phase_has_its_file_or_none);
    tcase_add_test(tc, an_abort_keeps_the_older_file);
    tcase_add_test(tc, what_cannot_be_written_is_told);
    tcase_add_test(tc, a_file_cut_anywhere_is_refused);
    tcase_add_test(tc, a_wrong_bit_changes_no_row);
    tcase_add_test(tc, text_that_is_no_row_is_refused);
    tcase_add_test(tc, a_row_of_other_making_is_read);
    tcase_add_test(tc, junk_is_refused);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
