/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"
#include "tokenizer/tokenizer.h"

/* What a tokenizer.json may hold and what is refused, each with one change to a small file that is read. */

static void
setup(void)
{
    mg_err_clear(&err);
}

/* The vocabulary of tests/golden/gpt2.json: all bytes, and merges. */
static json_t *
good_file(void)
{
    json_t *root = json_load_file(suite_source("tests/golden/gpt2.json").text, 0, NULL);

    ck_assert_ptr_nonnull(root);
    return root;
}

/* Sets the member at `path`, such as model.dropout or added_tokens.0.lstrip; a NULL value deletes it. */
static void
set_at(json_t *root, const char *path, const char *value)
{
    char key[64];
    size_t n = strcspn(path, ".");
    bool is_array = json_is_array(root);

    memcpy(key, path, n);
    key[n] = '\0';
    if (path[n] == '.')
        set_at(is_array ? json_array_get(root, strtoul(key, NULL, 10)) : json_object_get(root, key), path + n + 1,
               value);
    else if (value == NULL)
        ck_assert_int_eq(json_object_del(root, key), 0);
    else if (is_array)
        json_array_set_new(root, strtoul(key, NULL, 10), json_loads(value, JSON_DECODE_ANY, NULL));
    else
        ck_assert_int_eq(json_object_set_new(root, key, json_loads(value, JSON_DECODE_ANY, NULL)), 0);
}

static enum mg_status
parse(const json_t *root, struct mg_tokenizer **tok)
{
    char *json = json_dumps(root, 0);
    enum mg_status st = mg_tokenizer_parse(json, strlen(json), "file.json", tok, &err);

    free(json);
    return st;
}

static const struct {
    const char *path, *value, *sentence;
} refused[] = {
    {"normalizer", "{\"type\": \"Lowercase\"}", "normalizer (Lowercase)"},
    {"normalizer", "{\"type\": \"NFD\"}", "normalizer (NFD)"},
    {"normalizer", "{\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"NFC\"}, {\"type\": \"Strip\"}]}",
     "(Strip)"},
    {"normalizer", "{\"type\": \"Sequence\"}", "not an array"},
    {"normalizer", "{\"type\": \"Sequence\", \"normalizers\": [7]}", "no type"},
    {"normalizer", "\"NFC\"", "no type"},
    {"normalizer", "[]", "no type"},
    {"truncation", "{\"max_length\": 4}", "truncation"},
    {"padding", "{\"direction\": \"Left\"}", "padding"},
    {"decoder", "{\"type\": \"WordPiece\"}", "WordPiece"},
    {"decoder", "null", "decoder"},
    {"model", "null", "vocab"},
    {"model", "[]", "vocab"},
    {"model.type", "\"Unigram\"", "Unigram"},
    {"model.type", "3", "BPE"},
    {"model.dropout", "0.1", "0.1"},
    {"model.byte_fallback", "true", "byte_fallback"},
    {"model.byte_fallback", "1", "byte_fallback"},
    {"model.ignore_merges", "\"yes\"", "ignore_merges"},
    {"model.continuing_subword_prefix", "\"##\"", "continuing_subword_prefix"},
    {"model.end_of_word_suffix", "\"</w>\"", "end_of_word_suffix"},
    {"model.vocab", "{}", "lacks"},
    {"model.vocab", "[]", "vocab"},
    {"model.vocab.a", "-1", "-1"},
    {"model.vocab.a", "1048576", "1048576"},
    {"model.vocab.a", "9223372036854775807", "9223372036854775807"},
    {"model.vocab.a", "1.5", "whole number"},
    {"model.vocab.a", "\"7\"", "whole number"},
    {"model.vocab.a", "1", "share id 1"},
    {"model.vocab.", "600", "0 bytes"},
    {"model.vocab.a", NULL, "lacks"},
    {"model.merges", "null", "merges"},
    {"model.merges", "{}", "merges"},
    {"model.merges.0", "3", "merge 0"},
    {"model.merges.0", "\"ab\"", "merge 0"},
    {"model.merges.0", "\"a b c\"", "merge 0"},
    {"model.merges.0", "\"a \"", "merge 0"},
    {"model.merges.0", "[\"\", \"a\"]", "merge 0"},
    {"model.merges.0", "[\"a\"]", "merge 0"},
    {"model.merges.0", "[\"a\", \"b\", \"c\"]", "merge 0"},
    {"model.merges.0", "[\"a\", 1]", "merge 0"},
    {"model.merges.0", "\"z \xc3\xbf\"", "lacks the result"},
    {"model.merges.0", "\"zqzq z\"", "lacks the left"},
    {"model.merges.0", "\"z zqzq\"", "lacks the right"},
    {"added_tokens", "{}", "added_tokens"},
    {"added_tokens.0.id", "-5", "-5"},
    {"added_tokens.0.id", "4294967296", "4294967296"},
    {"added_tokens.0.id", NULL, "whole number"},
    {"added_tokens.0.id", "7", "<|end|>"},
    {"added_tokens.1.id", "9", "share id 9"},
    {"added_tokens.0.content", NULL, "content"},
    {"added_tokens.1.content", "\"\"", "0 bytes"},
    {"added_tokens.0.lstrip", "true", "lstrip"},
    {"added_tokens.0.rstrip", "true", "rstrip"},
    {"added_tokens.0.single_word", "true", "single_word"},
    {"added_tokens.0.special", "1", "special"},
    {"added_tokens.1", "{\"id\": 0, \"content\": \"<|end|>\", \"special\": true}", "twice"},
    {"pre_tokenizer", "null", "pre_tokenizer"},
    {"pre_tokenizer", "{\"type\": \"Whitespace\"}", "Whitespace"},
    {"pre_tokenizer.pretokenizers", "[]", "0 steps"},
    {"pre_tokenizer.pretokenizers", "[1, 2, 3, 4, 5, 6, 7, 8, 9]", "9 steps"},
    {"pre_tokenizer.pretokenizers", "7", "array"},
    {"pre_tokenizer.pretokenizers.0", "{\"type\": \"Punctuation\"}", "Punctuation"},
    {"pre_tokenizer.pretokenizers.0", "{\"type\": \"ByteLevel\", \"add_prefix_space\": false}", "last"},
    {"pre_tokenizer.pretokenizers.0", "{}", "type"},
    {"pre_tokenizer.pretokenizers.1", "{\"type\": \"Digits\"}", "last"},
    {"pre_tokenizer.pretokenizers.1.add_prefix_space", NULL, "add_prefix_space"},
    {"pre_tokenizer.pretokenizers.1.use_regex", "3", "use_regex"},
};

START_TEST(refuses)
{
    json_t *root = good_file();
    struct mg_tokenizer *tok = NULL;

    set_at(root, refused[_i].path, refused[_i].value);
    ck_assert_msg(parse(root, &tok) == MG_INPUT, "%s = %s is read", refused[_i].path, refused[_i].value);
    ck_assert_ptr_null(tok);
    ck_assert_msg(strstr(err.text, refused[_i].sentence) != NULL, "%s = %s: %s", refused[_i].path, refused[_i].value,
                  err.text);
    json_decref(root);
}
END_TEST

static const struct {
    const char *regex;
    bool read;
} patterns[] = {
    {"\\\\p{L}+|\\\\s+(?!\\\\S)|\\\\s+", true},
    {"(?i:'s|'t)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?+\\\\p{L}++|\\\\p{N}{1,3}", true},
    {"(?<=a)b|(?<!a)c|(?>d)|(e)", true},
    {"\\\\w+", false},      /* marks and connectors are in one library's class only */
    {"\\\\bx", false},      /* depends on \w */
    {"\\\\h+", false},      /* hexadecimal digits in one, blanks in the other */
    {"\\\\p{Han}+", false}, /* script or script extensions */
    {"\\\\p{^L}", false},
    {"\\\\pL", false},
    {"[a&&b]", false}, /* intersection in one */
    {"[a[b]]", false},
    {"[[:alpha:]]", false},
    {"[]a]", false},
    {"a.b", false},
    {"^a", false},
    {"a$", false},
    {"\\\\p{N}{1,3}+", false}, /* possessive in one, repeated in the other */
    {"a{,3}", false},
    {"(?s:a)", false},
    {"(*UTF)a", false},
    {"(?R)a", false},
    {"(?#note)a", false},
    {"a\\\\", false},
    {"(a", false},
    {"a*", false}, /* would match nothing */
    {"a|", false},
    {"", false},
};

START_TEST(regular_expressions)
{
    json_t *root = good_file();
    struct mg_tokenizer *tok = NULL;
    char step[256];

    snprintf(step, sizeof step, "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"%s\"}, \"behavior\": \"Isolated\"}",
             patterns[_i].regex);
    set_at(root, "pre_tokenizer.pretokenizers.0", step);
    ck_assert_msg(parse(root, &tok) == (patterns[_i].read ? MG_OK : MG_INPUT), "%s: %s", patterns[_i].regex, err.text);
    mg_tokenizer_free(tok);
    json_decref(root);
}
END_TEST

static const char *const split_members[] = {
    "{\"type\": \"Split\", \"pattern\": {\"String\": \"a\"}, \"behavior\": \"Isolated\"}",
    "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"a\"}, \"behavior\": \"Removed\"}",
    "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"a\"}}",
    "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"a\"}, \"behavior\": \"Isolated\", \"invert\": true}",
};

START_TEST(refuses_other_splits)
{
    json_t *root = good_file();
    struct mg_tokenizer *tok = NULL;

    set_at(root, "pre_tokenizer.pretokenizers.0", split_members[_i]);
    mg_fails(parse(root, &tok), MG_INPUT, "Split");
    json_decref(root);
}
END_TEST

static const char *const not_json[] = {"",
                                       "{",
                                       "[]",
                                       "null",
                                       "{\"model\": {\"vocab\": {\"a\": 1, \"a\": 2}}}",
                                       "{\"a\": \"\\u0000\"}",
                                       "{\"a\": \"\xff\"}"};

START_TEST(refuses_what_is_no_json_object)
{
    struct mg_tokenizer *tok = NULL;

    mg_fails(mg_tokenizer_parse(not_json[_i], strlen(not_json[_i]), "file.json", &tok, &err), MG_INPUT, "file.json");
}
END_TEST

START_TEST(refuses_deep_json)
{
    size_t n = 1 << 20;
    char *deep = malloc(n);
    struct mg_tokenizer *tok = NULL;

    memset(deep, '[', n);
    ck_assert_int_eq(mg_tokenizer_parse(deep, n, "file.json", &tok, &err), MG_INPUT);
    free(deep);
}
END_TEST

/* A byte without a piece: unk_token stands for it, and without one the text is refused and nothing is appended. */
START_TEST(missing_bytes)
{
    json_t *root = good_file();
    struct mg_tokenizer *tok = NULL;
    struct mg_token_list ids = {0};

    json_object_set_new(json_object_get(root, "model"), "merges", json_array());
    set_at(root, "model.vocab.z", NULL);
    ck_assert_int_eq(parse(root, &tok), MG_OK);
    ck_assert_int_eq(mg_tokenizer_encode(tok, " a", 2, 0, &ids, &err), MG_OK);
    ck_assert_uint_eq(ids.n, 2);
    mg_fails(mg_tokenizer_encode(tok, " az", 3, 0, &ids, &err), MG_INPUT, "0x7a");
    ck_assert_uint_eq(ids.n, 2);
    mg_tokenizer_free(tok);
    mg_err_clear(&err);
    set_at(root, "model.unk_token", "\"<|end|>\"");
    ck_assert_int_eq(parse(root, &tok), MG_OK);
    ck_assert_int_eq(mg_tokenizer_encode(tok, " zz", 3, 0, &ids, &err), MG_OK);
    ck_assert_uint_eq(ids.n, 5);
    ck_assert_int_eq(ids.id[3], 0);
    ck_assert_int_eq(ids.id[4], 0);
    mg_tokenizer_free(tok);
    set_at(root, "model.fuse_unk", "true");
    mg_fails(parse(root, &tok), MG_INPUT, "fuse_unk");
    mg_token_list_free(&ids);
    json_decref(root);
}
END_TEST

/* The same pair twice: the later rank counts, so that "a b" loses to "b c". */
START_TEST(repeated_merges)
{
    json_t *root = good_file();
    struct mg_tokenizer *tok = NULL;
    struct mg_token_list ids = {0};

    json_object_set_new(json_object_get(root, "model"), "merges", json_pack("[s, s, s]", "Q Z", "Z J", "Q Z"));
    set_at(root, "model.vocab.QZ", "600");
    set_at(root, "model.vocab.ZJ", "601");
    ck_assert_int_eq(parse(root, &tok), MG_OK);
    ck_assert_int_eq(mg_tokenizer_encode(tok, " QZJ", 4, 0, &ids, &err), MG_OK);
    ck_assert_uint_eq(ids.n, 3);
    ck_assert_int_eq(ids.id[2], 601);
    mg_token_list_free(&ids);
    mg_tokenizer_free(tok);
    json_decref(root);
}
END_TEST

START_TEST(missing_file)
{
    struct mg_tokenizer *tok = NULL;

    mg_fails(mg_tokenizer_load("no-such-folder/tokenizer.json", &tok, &err), MG_INPUT, "no-such-folder/tokenizer.json");
}
END_TEST

/* What changes nothing is read as null. */
static const struct {
    const char *path, *value;
} empty[] = {
    {"normalizer", "{\"type\": \"Sequence\", \"normalizers\": []}"},
    {"normalizer", "{\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"Sequence\", \"normalizers\": []}]}"},
    {"normalizer", NULL},
    {"added_tokens", "null"},
    {"model.byte_fallback", "null"},
    {"model.ignore_merges", "null"},
    {"added_tokens.0.lstrip", "null"},
    {"pre_tokenizer.pretokenizers.1.use_regex", "null"},
};

START_TEST(reads_what_changes_nothing)
{
    json_t *root = good_file();
    struct mg_tokenizer *tok = NULL;

    set_at(root, empty[_i].path, empty[_i].value);
    ck_assert_msg(parse(root, &tok) == MG_OK, "%s: %s", empty[_i].path, err.text);
    ck_assert_ptr_null(mg_tokenizer_unicode(tok));
    mg_tokenizer_free(tok);
    json_decref(root);
}
END_TEST

/* Where ids depend on the version of Unicode, a sentence says which it is. */
START_TEST(says_which_unicode_it_is)
{
    json_t *root = good_file();
    struct mg_tokenizer *tok = NULL;

    set_at(root, "normalizer", "{\"type\": \"NFC\"}");
    ck_assert_int_eq(parse(root, &tok), MG_OK);
    ck_assert_ptr_nonnull(mg_tokenizer_unicode(tok));
    suite_says(mg_tokenizer_unicode(tok), "file.json", "Unicode", "PCRE2 10.", "normal forms");
    mg_tokenizer_free(tok);
    set_at(root, "normalizer", "null");
    set_at(root, "pre_tokenizer.pretokenizers.0",
           "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"\\\\p{S}+\"}, \"behavior\": \"Isolated\"}");
    ck_assert_int_eq(parse(root, &tok), MG_OK);
    ck_assert_ptr_nonnull(mg_tokenizer_unicode(tok));
    suite_says_not(mg_tokenizer_unicode(tok), "normal forms");
    mg_tokenizer_free(tok);
    json_decref(root);
}
END_TEST

/* A stretch that is not UTF-8 stays as it is between normalised ones. */
START_TEST(normal_forms_of_any_bytes)
{
    json_t *root = good_file();
    struct mg_tokenizer *tok = NULL;
    struct mg_token_list ids = {0};
    struct mg_token_text text = {0};
    char junk[200];

    set_at(root, "normalizer", "{\"type\": \"NFKC\"}");
    ck_assert_int_eq(parse(root, &tok), MG_OK);
    ck_assert_int_eq(mg_tokenizer_encode(tok, " e\xcc\x81\xff\xef\xac\x81\xcc", 9, 0, &ids, &err), MG_OK);
    ck_assert_int_eq(mg_tokenizer_decode(tok, ids.id, ids.n, 0, &text, &err), MG_OK);
    ck_assert_str_eq(text.data, " \xc3\xa9\xff fi\xcc"); /* a space before each word start */
    ;
    for (unsigned round = 0; round < 500; round++) {
        suite_junk(junk, sizeof junk, round);
        ck_assert_int_eq(mg_tokenizer_encode(tok, junk, round % sizeof junk, 0, &ids, &err), MG_OK);
    }
    mg_token_list_free(&ids);
    mg_token_text_free(&text);
    mg_tokenizer_free(tok);
    json_decref(root);
}
END_TEST

#define N(table) (int)(sizeof(table) / sizeof *(table))

int
main(void)
{
    TCase *tc = suite_case("tokenizer files", setup, NULL, 0);

    tcase_add_loop_test(tc, refuses, 0, N(refused));
    tcase_add_loop_test(tc, regular_expressions, 0, N(patterns));
    tcase_add_loop_test(tc, refuses_other_splits, 0, N(split_members));
    tcase_add_loop_test(tc, refuses_what_is_no_json_object, 0, N(not_json));
    tcase_add_loop_test(tc, reads_what_changes_nothing, 0, N(empty));
    suite_tests(tc, refuses_deep_json, missing_bytes, repeated_merges, missing_file, says_which_unicode_it_is,
                normal_forms_of_any_bytes);
    return suite_main();
}
