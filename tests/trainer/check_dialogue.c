/* SPDX-License-Identifier: Apache-2.0 */
/* Trajectories, and the format "roles": what is written and read, who is called by what, which turns are malformed. */
#include <stdlib.h>
#include <string.h>

#include "dialogue/format.h"
#include "dialogue/roles.h"
#include "fake_policy.h"
#include "suite.h"

#define ONE(type) "{\"properties\": {\"it\": {\"type\": \"" type "\"}}}"

static const struct mg_callable planner[] = {{.name = "search"}},
                                searcher[] = {{"search", NULL, ONE("string")}, {"open", NULL, ONE("integer")}};
static const struct mg_callable many[] = {{"search", NULL, ONE("string")},
                                          {.name = "open"},
                                          {"calc", NULL, "{\"properties\": {\"a\": {}, \"b\": {}}}"},
                                          {"sum", NULL, ONE("number")}};

static struct mg_tokenizer *tok;
static struct mg_specials sp;
static struct mg_format *format;
static struct mg_trajectory t;
static struct mg_turn turn;

/* A format for an agent that may call these n, and a dialogue that was opened. */
static void
use(const struct mg_callable *callable, size_t n, bool root)
{
    struct mg_format_spec spec = {.name = "roles", .root = root, .callable = callable, .n = n};

    mg_format_destroy(format);
    mg_trajectory_free(&t);
    mg_ok(mg_format_create(&spec, tok, &format, &err));
    mg_ok(mg_format_open(format, &t, "Hi", SIZE_MAX, &err));
}

static void
setup(void)
{
    mg_err_clear(&err);
    mg_ok(mg_fake_tokenizer(&tok, &err));
    mg_ok(mg_specials_find(tok, &sp, &err));
    use(planner, 1, true);
}

static void
teardown(void)
{
    free(turn.text);
    mg_format_destroy(format);
    mg_trajectory_free(&t);
    mg_tokenizer_free(tok);
}

/* Samples the bytes of a turn; returns what the last token did. */
static enum mg_turn_state
sample(int32_t first, const char *text, size_t len, bool end)
{
    mg_ok(mg_trajectory_write(&t, first, -0.5f, &err));
    for (size_t i = 0; i < len; i++)
        mg_ok(mg_trajectory_write(&t, MG_FAKE_BYTE + (unsigned char)text[i], -0.25f, &err));
    if (end)
        mg_ok(mg_trajectory_write(&t, sp.end, -0.125f, &err));
    return mg_format_sampled(format, &t);
}

/* A turn that begins with a role and ends with <end>, parsed; the dialogue is then as it was. */
static void
parse(enum mg_role role, const char *text)
{
    uint32_t before = t.len;

    sample(sp.role[role], text, strlen(text), true);
    free(turn.text);
    mg_ok(mg_format_parse(format, &t, &turn, &err));
    mg_trajectory_cut(&t, before);
}

static void
expect_call(enum mg_role role, const char *text, size_t callable, const char *arguments)
{
    parse(role, text);
    ck_assert_int_eq(turn.kind, MG_TURN_CALL);
    ck_assert_uint_eq(turn.callable, callable);
    ck_assert_str_eq(turn.text, arguments);
}

static void
expect_malformed(enum mg_role role, const char *text)
{
    parse(role, text);
    ck_assert_int_eq(turn.kind, MG_TURN_NONE);
    ck_assert_ptr_null(turn.text);
    ck_assert_ptr_nonnull(turn.why);
}

/* ---- Words ---- */

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
    struct mg_format *none = NULL;

    while ((at = strstr(json, "<hits>")) != NULL)
        memcpy(at, "<hitz>", 6);
    mg_ok(mg_tokenizer_parse(json, strlen(json), "fake", &other, &err));
    mg_fails(mg_format_create(&(struct mg_format_spec){.name = "roles"}, other, &none, &err), MG_INPUT, "<hits>");
    ck_assert_ptr_null(none);
    mg_tokenizer_free(other);
    free(json);
}
END_TEST

START_TEST(formats_that_cannot_be)
{
    struct mg_callable blank = {.name = "two words"};
    struct mg_format *none = NULL;

    ck_assert_int_eq(mg_format_create(&(struct mg_format_spec){.name = "roman"}, tok, &none, &err), MG_INPUT);
    suite_says(err.text, "\"roman\"", "roles");
    mg_err_clear(&err);
    ck_assert_int_eq(
        mg_format_create(&(struct mg_format_spec){.name = "roles", .callable = &blank, .n = 1}, tok, &none, &err),
        MG_INPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "two words"));
    ck_assert_ptr_null(none);
}
END_TEST

/* ---- What is read ---- */

START_TEST(what_is_read_has_mask_0)
{
    use(planner, 1, true);
    mg_ok(mg_format_observe(format, &t, 0, "Hi <end>", SIZE_MAX, &err));
    /* <bos> <user> 2 bytes <end> <result> 8 bytes <end>: the text that spells a special token is text */
    ck_assert_uint_eq(t.len, 15);
    ck_assert_uint_eq(t.turn_start, 15);
    ck_assert_int_eq(t.ids[0], sp.bos);
    ck_assert_int_eq(t.ids[1], sp.role[MG_ROLE_USER]);
    ck_assert_int_eq(t.ids[4], sp.end);
    ck_assert_int_eq(t.ids[5], sp.role[MG_ROLE_RESULT]);
    ck_assert_int_eq(t.ids[9], MG_FAKE_BYTE + '<');
    ck_assert_int_eq(t.ids[14], sp.end);
    for (uint32_t i = 0; i < t.len; i++)
        ck_assert_uint_eq(t.mask[i], 0);
    ck_assert_uint_eq(mg_trajectory_written(&t), 0);
}
END_TEST

START_TEST(who_is_asked_reads_another_role)
{
    use(searcher, 2, false);
    ck_assert_int_eq(t.ids[1], sp.role[MG_ROLE_TASK]);
    mg_ok(mg_format_observe(format, &t, 0, "x", SIZE_MAX, &err));
    ck_assert_int_eq(t.ids[5], sp.role[MG_ROLE_HITS]);
    mg_ok(mg_format_observe(format, &t, 1, "x", SIZE_MAX, &err));
    ck_assert_int_eq(t.ids[8], sp.role[MG_ROLE_PAGE]);
    use(planner, 1, true);
    mg_ok(mg_format_observe(format, &t, 0, NULL, SIZE_MAX, &err));
    ck_assert_uint_eq(t.len, 11);
    ck_assert_int_eq(t.ids[6], MG_FAKE_BYTE + 'n'); /* "none" */
}
END_TEST

/* ---- What is written ---- */

START_TEST(a_sampled_turn_comes_back)
{
    sample(sp.role[MG_ROLE_SUB], " \tcapital of Per\xc3\xba \n", 19, true);
    mg_ok(mg_format_parse(format, &t, &turn, &err));
    ck_assert_int_eq(turn.kind, MG_TURN_CALL);
    ck_assert_str_eq(turn.text, "capital of Per\xc3\xba");
    ck_assert_uint_eq(t.mask[4], 0);
    for (uint32_t i = 5; i < t.len; i++)
        ck_assert_uint_eq(t.mask[i], 1);
    ck_assert_uint_eq(mg_trajectory_written(&t), t.len - 5);
    ck_assert_float_eq(t.logprob[5], -0.5f);
    ck_assert_float_eq(t.logprob[t.len - 1], -0.125f);
}
END_TEST

/* Each agent begins a turn with an answer or with what it may call, and with nothing else. */
START_TEST(first_tokens)
{
    static const struct {
        const struct mg_callable *callable;
        size_t n;
        const char *may;
    } agents[] = {{planner, 1, "sub answer"},
                  {searcher, 2, "search open answer"},
                  {many, 4, "sub search answer"},
                  {NULL, 0, "answer"}};

    for (size_t a = 0; a < sizeof agents / sizeof agents[0]; a++) {
        use(agents[a].callable, agents[a].n, true);
        for (int32_t id = 0; id < MG_FAKE_BYTE + 1; id++) {
            bool role = id >= MG_FAKE_ROLE && id < MG_FAKE_BYTE;
            bool may = role && strstr(agents[a].may, mg_role_name((enum mg_role)(id - MG_FAKE_ROLE))) != NULL;

            ck_assert_int_eq(sample(id, "", 0, false), may ? MG_TURN_OPEN : MG_TURN_MALFORMED);
            mg_trajectory_cut(&t, 5);
        }
    }
}
END_TEST

START_TEST(turns_end_or_break)
{
    ck_assert_int_eq(sample(sp.role[MG_ROLE_SUB], "ab", 2, false), MG_TURN_OPEN);
    ck_assert_int_eq(sample(sp.end, "", 0, false), MG_TURN_ENDED);
    mg_trajectory_cut(&t, 5);
    sample(sp.role[MG_ROLE_SUB], "ab", 2, false);
    ck_assert_int_eq(sample(sp.role[MG_ROLE_SUB], "", 0, false), MG_TURN_MALFORMED);
    mg_trajectory_cut(&t, 5);
    sample(sp.role[MG_ROLE_SUB], "ab", 2, false);
    ck_assert_int_eq(sample(sp.pad, "", 0, false), MG_TURN_MALFORMED);
}
END_TEST

START_TEST(calls_by_a_role_of_their_own)
{
    use(searcher, 2, false);
    expect_call(MG_ROLE_SEARCH, "currency \"Peru\"", 0, "{\"it\": \"currency \\\"Peru\\\"\"}");
    expect_call(MG_ROLE_SEARCH, "12", 0, "{\"it\": \"12\"}");
    expect_call(MG_ROLE_OPEN, "2", 1, "{\"it\": 2}");
    expect_call(MG_ROLE_OPEN, "02", 1, "{\"it\": \"02\"}"); /* no JSON number: the schema will refuse it */
    expect_malformed(MG_ROLE_SUB, "a task");
    ck_assert(!mg_format_tells(format, 0));
    ck_assert(!mg_format_tells(format, 1));
}
END_TEST

START_TEST(calls_by_name)
{
    use(many, 4, true);
    expect_call(MG_ROLE_SEARCH, "open x", 0, "{\"it\": \"open x\"}");
    expect_call(MG_ROLE_SUB, "open  the door ", 1, "the door");
    expect_call(MG_ROLE_SUB, "calc {\"a\": 1.5, \"b\": [2]}", 2, "{\"a\": 1.5, \"b\": [2]}");
    expect_call(MG_ROLE_SUB, "calc 1 + 1", 2, "1 + 1");
    expect_call(MG_ROLE_SUB, "sum\n1.10", 3, "{\"it\": 1.10}");
    expect_malformed(MG_ROLE_SUB, "search x"); /* has a role of its own */
    expect_malformed(MG_ROLE_SUB, "nobody x");
    expect_malformed(MG_ROLE_SUB, "sum");
    expect_malformed(MG_ROLE_SUB, "opener x");
    expect_malformed(MG_ROLE_OPEN, "1"); /* an agent of that name is called by <sub> */
    ck_assert(mg_format_tells(format, 2));
}
END_TEST

START_TEST(answers)
{
    parse(MG_ROLE_ANSWER, " Lima ");
    ck_assert_int_eq(turn.kind, MG_TURN_ANSWER);
    ck_assert_str_eq(turn.text, "Lima");
    expect_malformed(MG_ROLE_ANSWER, "  ");
    expect_malformed(MG_ROLE_ANSWER, "");
}
END_TEST

START_TEST(malformed_turns)
{
    static const struct {
        int32_t first;
        const char *text;
        size_t len;
        bool end;
    } bad[] = {
        {MG_FAKE_BYTE + 'x', "abc", 3, true},                         /* no role */
        {MG_FAKE_BOS, "abc", 3, true},                                /* a special that is no role */
        {MG_FAKE_ROLE + MG_ROLE_USER, "abc", 3, true},                /* a role that is read */
        {MG_FAKE_ROLE + MG_ROLE_SUB, "abc", 3, false},                /* no end */
        {MG_FAKE_ROLE + MG_ROLE_SUB, "", 0, false},                   /* a role alone */
        {MG_FAKE_ROLE + MG_ROLE_SUB, "a\0b", 3, true},                /* a NUL */
        {MG_FAKE_ROLE + MG_ROLE_SUB, "a\xff", 2, true},               /* no UTF-8 */
        {MG_FAKE_ROLE + MG_ROLE_SUB, "\xc3", 1, true},                /* half a character */
        {MG_FAKE_ROLE + MG_ROLE_SUB, "\xc0\xaf", 2, true},            /* too long a form */
        {MG_FAKE_ROLE + MG_ROLE_ANSWER, "\xed\xa0\x80", 3, true},     /* a surrogate */
        {MG_FAKE_ROLE + MG_ROLE_ANSWER, "\xf4\x90\x80\x80", 4, true}, /* above U+10FFFF */
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sample(bad[i].first, bad[i].text, bad[i].len, bad[i].end);
        mg_ok(mg_format_parse(format, &t, &turn, &err));
        ck_assert_msg(turn.kind == MG_TURN_NONE && turn.text == NULL, "turn %zu was read", i);
        mg_trajectory_cut(&t, 5);
    }
}
END_TEST

START_TEST(ids_that_the_tokenizer_does_not_know)
{
    sample(sp.role[MG_ROLE_SUB], "ab", 2, false);
    sample(MG_FAKE_VOCAB, "", 0, true);
    mg_ok(mg_format_parse(format, &t, &turn, &err));
    ck_assert_int_eq(turn.kind, MG_TURN_NONE);
}
END_TEST

START_TEST(a_turn_has_a_longest_text)
{
    static char text[MG_TURN_TEXT_MAX + 2];

    memset(text, 'a', MG_TURN_TEXT_MAX);
    parse(MG_ROLE_SUB, text);
    ck_assert_uint_eq(strlen(turn.text), MG_TURN_TEXT_MAX);
    text[MG_TURN_TEXT_MAX] = 'a';
    expect_malformed(MG_ROLE_SUB, text);
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("dialogue", setup, teardown, 0), roles_have_names, specials_are_looked_up,
                a_missing_special_is_named, formats_that_cannot_be, what_is_read_has_mask_0,
                who_is_asked_reads_another_role, a_sampled_turn_comes_back, first_tokens, turns_end_or_break,
                calls_by_a_role_of_their_own, calls_by_name, answers, malformed_turns,
                ids_that_the_tokenizer_does_not_know, a_turn_has_a_longest_text);
    return suite_main();
}
