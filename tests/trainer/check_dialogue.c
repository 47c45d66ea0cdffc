/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "dialogue/dialogue.h"
#include "fake_policy.h"
#include "suite.h"

static struct mg_tokenizer *tok;
static struct mg_specials sp;
static struct mg_dialogue d;

static void
setup(void)
{
    mg_err_clear(&err);
    mg_ok(mg_fake_tokenizer(&tok, &err));
    ck_assert_int_eq(mg_specials_find(tok, &sp, &err), MG_OK);
    d = (struct mg_dialogue){0};
    ck_assert_int_eq(mg_dialogue_begin(&d, &sp, &err), MG_OK);
}

static void
teardown(void)
{
    mg_dialogue_free(&d);
    mg_tokenizer_free(tok);
}

/* Samples the bytes of a turn. */
static void
sample(int32_t role, const char *text, size_t len, bool end)
{
    ck_assert_int_eq(mg_dialogue_sampled(&d, role, -0.5f, &err), MG_OK);
    for (size_t i = 0; i < len; i++)
        ck_assert_int_eq(mg_dialogue_sampled(&d, MG_FAKE_BYTE + (unsigned char)text[i], -0.25f, &err), MG_OK);
    if (end)
        ck_assert_int_eq(mg_dialogue_sampled(&d, sp.end, -0.125f, &err), MG_OK);
}

/* The text of the turn sampled last; free it. NULL: malformed. */
static char *
turn(enum mg_role *role)
{
    char *text;

    ck_assert_int_eq(mg_dialogue_turn(&d, tok, &sp, role, &text, &err), MG_OK);
    return text;
}

static void
expect_malformed(void)
{
    enum mg_role role;

    ck_assert_ptr_null(turn(&role));
}

START_TEST(roles_have_names)
{
    enum mg_role back;

    for (int r = 0; r < MG_N_ROLES; r++) {
        ck_assert(mg_role_parse(mg_role_name((enum mg_role)r), &back));
        ck_assert_int_eq(back, r);
    }
    ck_assert(!mg_role_parse("", &back));
    ck_assert(!mg_role_parse("userr", &back));
}
END_TEST

START_TEST(specials_are_looked_up)
{
    ck_assert_int_eq(sp.bos, MG_FAKE_BOS);
    ck_assert_int_eq(sp.role[MG_ROLE_ANSWER], MG_FAKE_ROLE + MG_ROLE_ANSWER);
    ck_assert(mg_specials_has(&sp, sp.pad));
    ck_assert(mg_specials_has(&sp, sp.role[MG_ROLE_PAGE]));
    ck_assert(!mg_specials_has(&sp, MG_FAKE_BYTE));
}
END_TEST

START_TEST(a_missing_special_is_named)
{
    char *json = mg_fake_tokenizer_json(), *at;
    struct mg_tokenizer *other = NULL;

    while ((at = strstr(json, "<hits>")) != NULL)
        memcpy(at, "<hitz>", 6);
    ck_assert_int_eq(mg_tokenizer_parse(json, strlen(json), "fake", &other, &err), MG_OK);
    ck_assert_int_eq(mg_specials_find(other, &sp, &err), MG_INPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "<hits>"));
    mg_tokenizer_free(other);
    free(json);
}
END_TEST

START_TEST(a_fed_turn_has_mask_0)
{
    ck_assert_int_eq(mg_dialogue_feed(&d, tok, &sp, MG_ROLE_USER, "Hi <end>", &err), MG_OK);
    /* <bos> <user> 8 bytes <end>: the text that spells a special token is text */
    ck_assert_uint_eq(d.len, 11);
    ck_assert_uint_eq(d.turn_start, 11);
    ck_assert_int_eq(d.ids[0], sp.bos);
    ck_assert_int_eq(d.ids[1], sp.role[MG_ROLE_USER]);
    ck_assert_int_eq(d.ids[5], MG_FAKE_BYTE + '<');
    ck_assert_int_eq(d.ids[10], sp.end);
    for (uint32_t i = 0; i < d.len; i++)
        ck_assert_uint_eq(d.mask[i], 0);
}
END_TEST

START_TEST(a_sampled_turn_comes_back)
{
    enum mg_role role;
    char *text;

    ck_assert_int_eq(mg_dialogue_feed(&d, tok, &sp, MG_ROLE_USER, "Hi", &err), MG_OK);
    sample(sp.role[MG_ROLE_SUB], " \tcapital of Per\xc3\xba \n", 19, true);
    text = turn(&role);
    ck_assert_str_eq(text, "capital of Per\xc3\xba");
    ck_assert_int_eq(role, MG_ROLE_SUB);
    free(text);
    ck_assert_uint_eq(d.mask[4], 0);
    for (uint32_t i = 5; i < d.len; i++)
        ck_assert_uint_eq(d.mask[i], 1);
    ck_assert_float_eq(d.logprob[5], -0.5f);
    ck_assert_float_eq(d.logprob[d.len - 1], -0.125f);
}
END_TEST

START_TEST(an_empty_turn_is_a_turn)
{
    enum mg_role role;
    char *text;

    sample(sp.role[MG_ROLE_ANSWER], "  ", 2, true);
    text = turn(&role);
    ck_assert_str_eq(text, "");
    free(text);
}
END_TEST

START_TEST(malformed_turns)
{
    static const struct {
        int32_t role;
        const char *text;
        size_t len;
        bool end;
    } bad[] = {
        {MG_FAKE_BYTE + 'x', "abc", 3, true},        /* no role */
        {MG_FAKE_BOS, "abc", 3, true},               /* a special that is no role */
        {MG_FAKE_ROLE, "abc", 3, false},             /* no end */
        {MG_FAKE_ROLE, "", 0, false},                /* a role alone */
        {MG_FAKE_ROLE, "a\0b", 3, true},             /* a NUL */
        {MG_FAKE_ROLE, "a\xff", 2, true},            /* no UTF-8 */
        {MG_FAKE_ROLE, "\xc3", 1, true},             /* half a character */
        {MG_FAKE_ROLE, "\xc0\xaf", 2, true},         /* too long a form */
        {MG_FAKE_ROLE, "\xed\xa0\x80", 3, true},     /* a surrogate */
        {MG_FAKE_ROLE, "\xf4\x90\x80\x80", 4, true}, /* above U+10FFFF */
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(mg_dialogue_begin(&d, &sp, &err), MG_OK);
        sample(bad[i].role, bad[i].text, bad[i].len, bad[i].end);
        expect_malformed();
    }
}
END_TEST

START_TEST(specials_inside_a_turn)
{
    sample(sp.role[MG_ROLE_SUB], "ab", 2, false);
    ck_assert_int_eq(mg_dialogue_sampled(&d, sp.role[MG_ROLE_SUB], 0.0f, &err), MG_OK);
    ck_assert_int_eq(mg_dialogue_sampled(&d, sp.end, 0.0f, &err), MG_OK);
    expect_malformed();
}
END_TEST

START_TEST(ids_that_the_tokenizer_does_not_know)
{
    sample(sp.role[MG_ROLE_SUB], "ab", 2, false);
    ck_assert_int_eq(mg_dialogue_sampled(&d, MG_FAKE_VOCAB, 0.0f, &err), MG_OK);
    ck_assert_int_eq(mg_dialogue_sampled(&d, sp.end, 0.0f, &err), MG_OK);
    expect_malformed();
}
END_TEST

START_TEST(a_turn_has_a_longest_text)
{
    static char text[MG_TURN_TEXT_MAX + 1];
    enum mg_role role;
    char *got;

    memset(text, 'a', sizeof text);
    sample(sp.role[MG_ROLE_SUB], text, MG_TURN_TEXT_MAX, true);
    got = turn(&role);
    ck_assert_ptr_nonnull(got);
    ck_assert_uint_eq(strlen(got), MG_TURN_TEXT_MAX);
    free(got);
    ck_assert_int_eq(mg_dialogue_begin(&d, &sp, &err), MG_OK);
    sample(sp.role[MG_ROLE_SUB], text, MG_TURN_TEXT_MAX + 1, true);
    expect_malformed();
}
END_TEST

START_TEST(utf8_of_all_lengths)
{
    ck_assert(mg_text_valid("", 0));
    ck_assert(mg_text_valid("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10));
    ck_assert(mg_text_valid("\xef\xbf\xbf", 3));
    ck_assert(!mg_text_valid("\xe0\x9f\xbf", 3));
    ck_assert(!mg_text_valid("\xf0\x8f\xbf\xbf", 4));
    ck_assert(!mg_text_valid("\xe2\x82", 2));
    ck_assert(!mg_text_valid("\x80", 1));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("dialogue");
    TCase *t = tcase_create("dialogue");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, roles_have_names);
    tcase_add_test(t, specials_are_looked_up);
    tcase_add_test(t, a_missing_special_is_named);
    tcase_add_test(t, a_fed_turn_has_mask_0);
    tcase_add_test(t, a_sampled_turn_comes_back);
    tcase_add_test(t, an_empty_turn_is_a_turn);
    tcase_add_test(t, malformed_turns);
    tcase_add_test(t, specials_inside_a_turn);
    tcase_add_test(t, ids_that_the_tokenizer_does_not_know);
    tcase_add_test(t, a_turn_has_a_longest_text);
    tcase_add_test(t, utf8_of_all_lengths);
    suite_add_tcase(suite, t);
    return suite_main(suite);
}
