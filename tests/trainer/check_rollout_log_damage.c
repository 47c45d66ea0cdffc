/* SPDX-License-Identifier: Apache-2.0 */
/* Rollout logs that are cut, changed or no logs at all are told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/file.h"
#include "log_case.h"
#include "scratch.h"

static void
put(const char *bytes, size_t len)
{
    scratch_write(file, bytes, len);
    mg_err_clear(&err);
}

static enum mg_status
read_file(struct mg_trajectory **got, size_t *n)
{
    enum mg_status st = mg_rollout_log_read(file, got, n, &err);

    ck_assert_msg(st == MG_OK || (st == MG_INPUT && strstr(err.text, file) != NULL), "status %d, \"%s\"", st, err.text);
    return st;
}

START_TEST(a_file_cut_anywhere_is_refused)
{
    char *whole = NULL;
    size_t len = 0, n = 0;
    struct mg_trajectory *got = NULL;

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
    struct mg_trajectory *got = NULL;

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
        mg_rollout_log_free(got, n);
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

#define VERDICT(v)               "{\"question\":1,\"rollout\":2,\"call\":0,\"version\":3,\"verdict\":" v ","
#define KEY                      VERDICT("1.0")
#define NUMBER                   "\"weight\":1,\"reward\":0.5,\"advantage\":-1,"
#define TOKENS                   "\"kind\":\"value\",\"ids\":[5,6],\"mask\":[0,1],\"logprob\":[-2]}\n"
#define REST(ids, mask, logprob) "\"kind\":\"value\",\"ids\":" ids ",\"mask\":" mask ",\"logprob\":" logprob "}\n"

START_TEST(text_that_is_no_row_is_refused)
{
    static const char *const bad[] = {
        "7\n",
        "[]\n",
        "{}\n",
        "{\n",
        KEY NUMBER "\"kind\":\"value\",\"ids\":[5],\"mask\":[0],\"logprob\":[]}", /* no end of the line */
        NUMBER TOKENS,
        "{\"question\":-1,\"rollout\":2,\"call\":0,\"version\":3,\"verdict\":1," NUMBER TOKENS,
        "{\"question\":4294967296,\"rollout\":2,\"call\":0,\"version\":3,\"verdict\":1," NUMBER TOKENS,
        "{\"question\":1,\"rollout\":1e300,\"call\":0,\"version\":3,\"verdict\":1," NUMBER TOKENS,
        "{\"question\":1,\"rollout\":2,\"call\":\"0\",\"version\":3,\"verdict\":1," NUMBER TOKENS,
        "{\"question\":1,\"rollout\":2,\"version\":3,\"verdict\":1," NUMBER TOKENS,
        "{\"question\":1,\"rollout\":2,\"call\":0,\"verdict\":1," NUMBER TOKENS,
        KEY "\"weight\":1,\"reward\":0.5," TOKENS,
        KEY "\"weight\":1,\"reward\":null,\"advantage\":-1," TOKENS,
        KEY "\"weight\":\"1\",\"reward\":0.5,\"advantage\":-1," TOKENS,
        KEY "\"weight\":1,\"reward\":0.5,\"advantage\":1e39," TOKENS,
        KEY "\"weight\":1,\"reward\":0.5,\"advantage\":1e999," TOKENS,
        VERDICT("1.5") NUMBER TOKENS,
        VERDICT("-0.5") NUMBER TOKENS,
        VERDICT("true") NUMBER TOKENS,
        VERDICT("\"unknown\"") NUMBER TOKENS,
        "{\"question\":1,\"rollout\":2,\"call\":0,\"version\":3," NUMBER TOKENS,
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
    struct mg_trajectory *got = NULL;
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
    struct mg_trajectory *got = NULL;
    size_t n = 0;

    put_compressed(KEY "\"more\":null," NUMBER TOKENS);
    ck_assert_msg(read_file(&got, &n) == MG_OK, "%s", err.text);
    ck_assert_uint_eq(n, 1);
    ck_assert(got->key.question == 1 && got->key.rollout == 2 && got->key.call == 0 && got->version == 3 &&
              got->reward == 0.5f && got->advantage == -1.0f);
    ck_assert(got->len == 2 && got->ids[1] == 6 && got->mask[0] == 0 && got->mask[1] == 1);
    ck_assert(got->logprob[1] == -2.0f && got->kind == MG_REWARD_VALUE);
    mg_rollout_log_free(got, n);
}
END_TEST

START_TEST(junk_is_refused)
{
    struct mg_trajectory *got = NULL;
    size_t n = 0;

    for (unsigned i = 0; i < 200; i++) {
        char junk[200];

        suite_junk(junk, sizeof junk, i);
        memcpy(junk, "\x1f\x8b\x08", i % 4 == 0 ? 3 : 0);
        put(junk, sizeof junk);
        ck_assert_int_eq(read_file(&got, &n), MG_INPUT);
    }
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("rollout log damage", begin, end, 120), a_file_cut_anywhere_is_refused,
                a_wrong_bit_changes_no_row, text_that_is_no_row_is_refused, a_row_of_other_making_is_read,
                junk_is_refused);
    return suite_main();
}
