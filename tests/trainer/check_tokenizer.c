/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"
#include "tokenizer/tokenizer.h"

/* Ids against the vectors of tests/golden (scripts/make-tokenizer-golden), and what holds without a reference. */
static struct mg_token_list ids;
static struct mg_token_text text;

static struct mg_tokenizer *
load(const char *file)
{
    struct mg_tokenizer *tok = NULL;
    enum mg_status st = mg_tokenizer_load(suite_source(file).text, &tok, &err);

    ck_assert_msg(st == MG_OK, "%s", err.text);
    return tok;
}

static void
setup(void)
{
    mg_err_clear(&err);
}

static void
teardown(void)
{
    mg_token_list_free(&ids);
    mg_token_text_free(&text);
}

static void
encode(struct mg_tokenizer *tok, const char *bytes, size_t len, unsigned flags)
{
    ids.n = 0;
    ck_assert_msg(mg_tokenizer_encode(tok, bytes, len, flags, &ids, &err) == MG_OK, "%s", err.text);
}

/* The bytes come back from the ids. */
static void
expect_round_trip(struct mg_tokenizer *tok, const char *bytes, size_t len)
{
    text.n = 0;
    ck_assert_msg(mg_tokenizer_decode(tok, ids.id, ids.n, 0, &text, &err) == MG_OK, "%s", err.text);
    ck_assert_uint_eq(text.n, len);
    ck_assert_int_eq(memcmp(text.data, bytes, len), 0);
}

static void
expect_ids(const json_t *row, const char *key, int line)
{
    const json_t *want = json_object_get(row, key);

    ck_assert_msg(ids.n == json_array_size(want), "row %d, %s: %zu ids, want %zu", line, key, ids.n,
                  json_array_size(want));
    for (size_t i = 0; i < ids.n; i++)
        ck_assert_msg(ids.id[i] == json_integer_value(json_array_get(want, i)), "row %d, %s: id %zu is %d, want %lld",
                      line, key, i, (int)ids.id[i], (long long)json_integer_value(json_array_get(want, i)));
}

static void
expect_row(struct mg_tokenizer *tok, const json_t *row, int line, bool same_bytes)
{
    const json_t *sample = json_object_get(row, "text");
    const char *bytes = json_string_value(sample);
    size_t len = json_string_length(sample);

    for (int again = 0; again < 2; again++) { /* the second time from the cache of words */
        encode(tok, bytes, len, 0);
        expect_ids(row, "ids", line);
    }
    if (same_bytes)
        expect_round_trip(tok, bytes, len);
    encode(tok, bytes, len, MG_ENCODE_SPECIALS);
    expect_ids(row, "special_ids", line);
}

static int
expect_rows(const char *name, const char *file, bool same_bytes)
{
    struct mg_tokenizer *tok = load(file);
    FILE *rows = fopen(suite_source("tests/golden/tokenizer.jsonl").text, "r");
    int line = 0, n = 0;
    json_t *row;

    ck_assert_ptr_nonnull(rows);
    while ((row = json_loadf(rows, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL)) != NULL) {
        line++;
        if (strcmp(json_string_value(json_object_get(row, "tokenizer")), name) == 0) {
            expect_row(tok, row, line, same_bytes);
            n++;
        }
        json_decref(row);
    }
    fclose(rows);
    mg_tokenizer_free(tok);
    return n;
}

START_TEST(equals_reference_world)
{
    ck_assert_int_ge(expect_rows("world", "data/tokenizer.json", true), 250);
}
END_TEST

START_TEST(equals_reference_gpt2)
{
    /* a space before each word start: the bytes do not come back */
    ck_assert_int_ge(expect_rows("gpt2", "tests/golden/gpt2.json", false), 250);
}
END_TEST

START_TEST(equals_reference_llama3)
{
    ck_assert_int_ge(expect_rows("llama3", "tests/golden/llama3.json", true), 250);
}
END_TEST

/* The file with the row's normalizer, and an added token that is not composed. */
static struct mg_tokenizer *
load_normal(const json_t *row)
{
    struct mg_path path = mg_path_print("tests/golden/%s.json", json_string_value(json_object_get(row, "tokenizer")));
    json_t *root = json_load_file(suite_source(path.text).text, 0, NULL);
    struct mg_tokenizer *tok = NULL;
    char *json;

    ck_assert_ptr_nonnull(root);
    json_object_set(root, "normalizer", json_object_get(row, "normalizer"));
    json_object_set_new(json_array_get(json_object_get(root, "added_tokens"), 1), "content",
                        json_string("cafe\xcc\x81 x"));
    json = json_dumps(root, 0);
    ck_assert_msg(mg_tokenizer_parse(json, strlen(json), "normal", &tok, &err) == MG_OK, "%s", err.text);
    free(json);
    json_decref(root);
    return tok;
}

START_TEST(equals_reference_in_normal_forms)
{
    FILE *rows = fopen(suite_source("tests/golden/normal.jsonl").text, "r");
    struct mg_tokenizer *tok = NULL;
    json_t *row, *last = NULL;
    int line = 0;

    ck_assert_ptr_nonnull(rows);
    while ((row = json_loadf(rows, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
        if (last == NULL || !json_equal(json_object_get(row, "normalizer"), json_object_get(last, "normalizer"))) {
            mg_tokenizer_free(tok);
            tok = load_normal(row);
        }
        expect_row(tok, row, ++line, false);
        json_decref(last);
        last = row;
    }
    ck_assert_int_ge(line, 800);
    json_decref(last);
    mg_tokenizer_free(tok);
    fclose(rows);
}
END_TEST

START_TEST(names_and_pieces)
{
    static const char *const specials[] = {"<pad>",    "<bos>",  "<end>",    "<user>", "<sub>",  "<result>",
                                           "<answer>", "<task>", "<search>", "<hits>", "<open>", "<page>"};
    struct mg_tokenizer *tok = load("data/tokenizer.json");
    size_t len = 0;

    ck_assert_int_eq(mg_tokenizer_vocab_size(tok), 1024);
    for (int i = 0; i < 12; i++) {
        ck_assert_int_eq(mg_tokenizer_id_of(tok, specials[i]), i);
        ck_assert_str_eq(mg_tokenizer_piece(tok, i, &len), specials[i]);
        ck_assert_uint_eq(len, strlen(specials[i]));
    }
    ck_assert_str_eq(mg_tokenizer_piece(tok, mg_tokenizer_id_of(tok, "\u0120the"), &len), " the");
    ck_assert_int_eq(mg_tokenizer_id_of(tok, "<nobody>"), -1);
    ck_assert_ptr_null(mg_tokenizer_piece(tok, -1, &len));
    ck_assert_ptr_null(mg_tokenizer_piece(tok, 1024, &len));
    mg_tokenizer_free(tok);
}
END_TEST

START_TEST(decode_skips_specials)
{
    struct mg_tokenizer *tok = load("data/tokenizer.json");
    static const char dialogue[] = "<user>Who?<end><answer>Ada<end>";

    encode(tok, dialogue, sizeof dialogue - 1, MG_ENCODE_SPECIALS);
    ck_assert_int_eq(ids.id[0], 3);
    expect_round_trip(tok, dialogue, sizeof dialogue - 1);
    text.n = 0;
    ck_assert_int_eq(mg_tokenizer_decode(tok, ids.id, ids.n, MG_DECODE_SKIP_SPECIALS, &text, &err), MG_OK);
    ck_assert_str_eq(text.data, "Who?Ada");
    mg_tokenizer_free(tok);
}
END_TEST

START_TEST(decode_refuses_unknown_ids)
{
    struct mg_tokenizer *tok = load("data/tokenizer.json");
    const int32_t bad[][2] = {{40, -1}, {40, 1024}, {40, INT32_MIN}, {40, INT32_MAX}};

    ck_assert_int_eq(mg_tokenizer_decode(tok, &bad[0][0], 1, 0, &text, &err), MG_OK);
    for (int i = 0; i < 4; i++) {
        mg_err_clear(&err);
        ck_assert_int_eq(mg_tokenizer_decode(tok, bad[i], 2, 0, &text, &err), MG_INPUT);
        ck_assert_uint_eq(text.n, 1);
        ck_assert_ptr_nonnull(strstr(err.text, "token 1"));
    }
    mg_tokenizer_free(tok);
}
END_TEST

/* Every byte string comes back, and what is no UTF-8 is cut from what is. */
START_TEST(bytes_that_are_no_utf8)
{
    static const char *const bad[] = {"\xff",
                                      "abc\xc3",
                                      "\xe2\x82",
                                      "\xc0\x80",
                                      "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80",
                                      "ok \x80\x81 ok",
                                      "\xf0\x9f\x98",
                                      ("1\xfe"
                                       "2"),
                                      "\xe0\x80\x80"};
    static const char *const files[] = {"data/tokenizer.json", "tests/golden/llama3.json"};
    char all[256];

    for (int i = 0; i < 256; i++)
        all[i] = (char)(255 - i);
    for (int f = 0; f < 2; f++) {
        struct mg_tokenizer *tok = load(files[f]);

        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            encode(tok, bad[i], strlen(bad[i]), 0);
            expect_round_trip(tok, bad[i], strlen(bad[i]));
        }
        encode(tok, all, sizeof all, MG_ENCODE_SPECIALS);
        expect_round_trip(tok, all, sizeof all);
        mg_tokenizer_free(tok);
    }
}
END_TEST

/* A word of 1 MiB takes no longer than n log n: a quadratic merge would run for hours, and the test's limit is
 * seconds. */
START_TEST(long_words)
{
    static const char *const units[] = {"a", "the", "\xff", "ab ", " ", "\n", "0", "\xe4\xb8\x96"};
    struct mg_tokenizer *tok = load("tests/golden/llama3.json");
    size_t len = 1 << 20;
    char *bytes = malloc(len);

    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        size_t step = strlen(units[u]), n = len / step * step;

        for (size_t i = 0; i < n; i += step)
            memcpy(bytes + i, units[u], step);
        encode(tok, bytes, n, 0);
        expect_round_trip(tok, bytes, n);
    }
    free(bytes);
    mg_tokenizer_free(tok);
}
END_TEST

START_TEST(too_long_text)
{
    struct mg_tokenizer *tok = load("data/tokenizer.json");

    encode(tok, "abc", 3, 0);
    size_t before = ids.n;
    ck_assert_int_eq(mg_tokenizer_encode(tok, "abc", (size_t)MG_TOKENIZE_BYTES + 1, 0, &ids, &err), MG_INPUT);
    ck_assert_uint_eq(ids.n, before);
    ck_assert_ptr_nonnull(strstr(err.text, "268435457"));
    mg_tokenizer_free(tok);
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("tokenizer", setup, teardown, 60), equals_reference_world, equals_reference_gpt2,
                equals_reference_llama3, equals_reference_in_normal_forms, names_and_pieces, decode_skips_specials,
                decode_refuses_unknown_ids, bytes_that_are_no_utf8, long_words, too_long_text);
    return suite_main();
}
