/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: the normalised form, and what counts as the same answer. */
#include <string.h>

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
    {"\xc3\x85land", "\xc3\x85land"},
    {"?!", ""},
    {"", ""},
};

START_TEST(normal_form)
{
    char out[MG_ANSWER_MAX];
    size_t n = mg_answer_normalise(out, forms[_i].text, strlen(forms[_i].text));

    ck_assert_str_eq(out, forms[_i].normal);
    ck_assert_uint_eq(n, strlen(forms[_i].normal));
}
END_TEST

START_TEST(normal_form_is_stable)
{
    char once[MG_ANSWER_MAX], twice[MG_ANSWER_MAX];

    mg_answer_normalise(once, forms[_i].text, strlen(forms[_i].text));
    mg_answer_normalise(twice, once, strlen(once));
    if (strcmp(once, "the") != 0 && strcmp(once, "an") != 0)
        ck_assert_str_eq(once, twice);
}
END_TEST

START_TEST(matches)
{
    static const char *const alias[] = {"PEN", "51"};

    ck_assert(mg_answer_matches("the Peruvian sol.", 17, "Peruvian Sol", alias, 2));
    ck_assert(mg_answer_matches("pen", 3, "Peruvian Sol", alias, 2));
    ck_assert(mg_answer_matches("51", 2, "+51", alias, 2));
    ck_assert(!mg_answer_matches("51", 2, "+51", NULL, 0));
    ck_assert(!mg_answer_matches("Peruvian", 8, "Peruvian Sol", alias, 2));
    ck_assert(!mg_answer_matches("UTC+5:00", 8, "UTC-5:00", NULL, 0));
    ck_assert(!mg_answer_matches("1234.5", 6, "12345", NULL, 0));
}
END_TEST

START_TEST(nothing_is_never_right)
{
    ck_assert(!mg_answer_matches("", 0, "", NULL, 0));
    ck_assert(!mg_answer_matches("?", 1, "!", NULL, 0));
    ck_assert(!mg_answer_matches("none", 4, "none", NULL, 0));
    ck_assert(!mg_answer_matches("None.", 5, "None", NULL, 0));
}
END_TEST

START_TEST(long_and_binary_answers)
{
    char text[4000], out[MG_ANSWER_MAX];
    size_t n;

    memset(text, 'x', sizeof text);
    n = mg_answer_normalise(out, text, sizeof text);
    ck_assert_uint_lt(n, MG_ANSWER_MAX);
    ck_assert_uint_gt(n, MG_ANSWER_MAX / 2);
    ck_assert_uint_eq(strlen(out), n);
    memset(text, 0, sizeof text);
    text[1] = 'a';
    text[3] = 'b';
    mg_answer_normalise(out, text, sizeof text);
    ck_assert_str_eq(out, "b"); /* NUL is a space, and "a" an article */
}
END_TEST

int
main(void)
{
    TCase *tc = suite_case("scorer", NULL, NULL, 0);
    int n = sizeof forms / sizeof *forms;

    tcase_add_loop_test(tc, normal_form, 0, n);
    tcase_add_loop_test(tc, normal_form_is_stable, 0, n);
    suite_tests(tc, matches, nothing_is_never_right, long_and_binary_answers);
    return suite_main();
}
