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
        ck_assert_msg(mg_answer_matches(row[i].said, strlen(row[i].said), row[i].answer, alias, row[i].n_aliases) ==
                          row[i].right,
                      "\"%s\" for \"%s\"", row[i].said, row[i].answer);
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
    suite_tests(tc, matches, long_and_binary_answers);
    return suite_main();
}
