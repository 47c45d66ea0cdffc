/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: the normalised form, and what counts as the same answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "question/scorer.h"
#include "suite.h"

static const struct {
    const char *text, *normal;
} forms[] = {
    {"Lima", "lima"},
    {"  the  Hague ", "hague"},
    {"The", "the"},
    {"An", "an"},
    {"a b", "b"},
    {"Theodore", "theodore"},
    {"1,234,567", "1234567"},
    {"Spanish, Quechua", "spanish quechua"},
    {"1211.5 K", "1211.5 k"},
    {"Washington, D.C.", "washington d c"},
    {".pe", "pe"},
    {"+51", "+51"},
    {"UTC-5:00", "utc-5:00"},
    {"UTC+5:00", "utc+5:00"},
    {"-5", "-5"},
    {"1914-1918", "1914 1918"},
    {"Port-au-Prince", "port au prince"},
    {"America/Port_of_Spain", "america port of spain"},
    {"N'Djamena", "ndjamena"},
    {"\xc3\x85land", "\xc3\xa5land"},
    {"?!", ""},
    {"", ""},
};

/* The caller frees it. */
static char *
normal(const char *text, size_t len)
{
    char *out = NULL;

    ck_assert_msg(mg_answer_normalise(text, len, &out, &err) == MG_OK, "%s", err.text);
    return out;
}

static bool
right(const char *given, const char *answer, const char *const *alias, size_t n)
{
    bool yes = false;

    ck_assert_msg(mg_answer_matches(given, strlen(given), answer, alias, n, &yes, &err) == MG_OK, "%s", err.text);
    return yes;
}

START_TEST(normal_form)
{
    char *out = normal(forms[_i].text, strlen(forms[_i].text));

    ck_assert_str_eq(out, forms[_i].normal);
    free(out);
}
END_TEST

START_TEST(normal_form_is_stable)
{
    char *once = normal(forms[_i].text, strlen(forms[_i].text)), *twice = normal(once, strlen(once));

    if (strcmp(once, "the") != 0 && strcmp(once, "an") != 0)
        ck_assert_str_eq(once, twice);
    free(once);
    free(twice);
}
END_TEST

/* The columns of answers.tsv: given, answer, 1 where that is right, and what the pair shows. */
static void
check_pair(char *line)
{
    char *given = strsep(&line, "\t"), *answer = strsep(&line, "\t"), *is_right = strsep(&line, "\t");

    ck_assert_ptr_nonnull(line);
    ck_assert(strcmp(is_right, "1") == 0 || strcmp(is_right, "0") == 0);
    ck_assert_msg(right(given, answer, NULL, 0) == (is_right[0] == '1'), "\"%s\" for \"%s\": %s", given, answer, line);
    ck_assert_msg(right(answer, given, NULL, 0) == (is_right[0] == '1'), "\"%s\" for \"%s\": %s", answer, given, line);
}

START_TEST(pairs_of_answers)
{
    FILE *f = fopen(suite_source("tests/trainer/answers.tsv").text, "r");
    char line[1024];
    int n = 0;

    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, f)); /* the names of the columns */
    for (; fgets(line, sizeof line, f) != NULL; n++)
        check_pair(line);
    fclose(f);
    ck_assert_int_ge(n, 60);
}
END_TEST

/* Nothing, and "none", are never right. */
START_TEST(matches)
{
    static const char *const alias[] = {"PEN", "51"};
    static const struct {
        const char *said, *answer;
        size_t n_aliases;
        bool right;
    } row[] = {
        {"the Peruvian sol.", "Peruvian Sol", 2, true},
        {"pen", "Peruvian Sol", 2, true},
        {"51", "+51", 2, true},
        {"51", "+51", 0, false},
        {"Peruvian", "Peruvian Sol", 2, false},
        {"UTC+5:00", "UTC-5:00", 0, false},
        {"1234.5", "12345", 0, false},
        {"", "", 0, false},
        {"?", "!", 0, false},
        {"none", "none", 0, false},
        {"None.", "None", 0, false},
    };

    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        ck_assert_msg(right(row[i].said, row[i].answer, alias, row[i].n_aliases) == row[i].right, "\"%s\" for \"%s\"",
                      row[i].said, row[i].answer);
}
END_TEST

START_TEST(long_and_binary_answers)
{
    static char text[100000];
    char *out;

    memset(text, 'x', sizeof text);
    out = normal(text, sizeof text);
    ck_assert_uint_eq(strlen(out), sizeof text);
    free(out);
    out = normal("\0a\0b\0", 5);
    ck_assert_str_eq(out, "b"); /* NUL is a space, and "a" an article */
    free(out);
    out = normal("\xffLima\xc3", 6);
    ck_assert_str_eq(out, "\xef\xbf\xbd lima \xef\xbf\xbd"); /* a byte that is not UTF-8 is a character of its own */
    free(out);
}
END_TEST

/* Any bytes have a plain form, which is UTF-8 without blanks at its ends or two in a row. */
START_TEST(any_bytes)
{
    char text[400], *out;

    for (unsigned round = 0; round < 2000; round++) {
        suite_junk(text, sizeof text, round);
        out = normal(text, round % sizeof text);
        ck_assert(mg_text_valid(out, strlen(out)));
        ck_assert_ptr_null(strstr(out, "  "));
        ck_assert(out[0] != ' ' && (out[0] == '\0' || out[strlen(out) - 1] != ' '));
        free(out);
    }
}
END_TEST

int
main(void)
{
    TCase *tc = suite_case("scorer", NULL, NULL, 0);

    suite_loops(tc, 0, sizeof forms / sizeof *forms, normal_form, normal_form_is_stable);
    suite_tests(tc, pairs_of_answers, matches, long_and_binary_answers, any_bytes);
    return suite_main();
}
