/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine must do with subtasks and results. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store_case.h"

/* ---- Subtasks ---- */

START_TEST(a_subtask_is_claimed_once_by_a_holder)
{
    int64_t cursor = 0;

    ck_assert_int_eq(ask(7, 5, "capital of Peru"), MG_OK);
    ck_assert_int_eq(ask_for("calc", 2, 5, "1 + 1"), MG_OK);
    ck_assert_str_eq(claim(b, 5, &cursor), "7 capital of Peru;");
    ck_assert_str_eq(claim(b, 5, &cursor), "");
    ck_assert_int_eq(ask(8, 5, "area of Peru"), MG_OK);
    ck_assert_int_eq(ask(1, 5, "area of Chile"), MG_OK);
    ck_assert_str_eq(claim(b, 5, &cursor), "8 area of Peru;1 area of Chile;");
}
END_TEST

START_TEST(a_claim_has_every_column)
{
    struct mg_subtasks t = {0};
    struct mg_phase_end end = {true, 9};
    int64_t cursor = 0;

    ck_assert_int_eq(ask(UINT32_MAX, UINT32_MAX, "x"), MG_OK);
    ck_assert_int_eq(mg_store_serve(b, 3, UINT32_MAX, NULL, 0, &cursor, &t, &end, &err), MG_OK);
    ck_assert_uint_eq(t.n, 1);
    ck_assert_uint_eq(t.row[0].key.phase, 3);
    ck_assert_uint_eq(t.row[0].key.question, UINT32_MAX);
    ck_assert_uint_eq(t.row[0].key.rollout, 1);
    ck_assert_uint_eq(t.row[0].key.call, 2);
    ck_assert_uint_eq(t.row[0].version, UINT32_MAX);
    ck_assert_str_eq(t.row[0].agent, "search");
    ck_assert(!end.closed);
    ck_assert_uint_eq(end.subtasks, 1);
    mg_subtasks_free(&t);
}
END_TEST

static enum mg_status
former_tries(int which)
{
    struct mg_result r = {.key = {3, 7, 1, 2}, .text = "late"};
    struct mg_agent_note note = {.phase = 1};
    struct mg_subtasks t = {0};
    struct mg_results none = {0};
    struct mg_rollout_rows rows = {0};
    struct mg_phase_end end;
    int64_t cursor = 0;
    bool is;

    mg_err_clear(&err);
    switch (which) {
    case 0:
        return mg_store_serve(b, 3, 5, NULL, 0, &cursor, &t, &end, &err);
    case 1:
        return mg_store_serve(b, 3, 5, &r, 1, &cursor, &t, &end, &err);
    case 2:
        return mg_store_put_note(b, &note, &err);
    case 3:
        return mg_store_hand_in(b, 3, NULL, 0, 1, &err);
    case 4:
        return mg_store_ask(b, 3, NULL, 0, &cursor, &none, &err);
    case 5:
        return mg_store_rollouts(b, 3, &is, &rows, &err);
    case 6:
        return mg_store_note(b, "search", &note, &is, &err);
    }
    return mg_store_durable(b, &err);
}

START_TEST(the_next_holder_claims_again_and_fences_the_former)
{
    struct mg_store *next = open_store();
    int64_t cursor = 0;

    ck_assert_int_eq(ask(7, 5, "x"), MG_OK);
    ck_assert_str_eq(claim(b, 5, &cursor), "7 x;");
    take(next, "search");
    cursor = 0;
    ck_assert_str_eq(claim(next, 5, &cursor), "7 x;");
    for (int i = 0; i < 8; i++) {
        mg_fails(former_tries(i), MG_FAIL, "another search agent took over (epoch 2, this one has 1)");
    }
    cursor = 0;
    ck_assert_str_eq(results(&cursor), "");
    mg_store_close(next);
}
END_TEST

START_TEST(a_subtask_waits_for_its_version_and_those_behind_it_too)
{
    int64_t cursor = 0;

    ck_assert_int_eq(ask(6, 4, "w"), MG_OK);
    ck_assert_int_eq(ask(7, 5, "x"), MG_OK);
    ck_assert_int_eq(ask(8, 4, "y"), MG_OK);
    ck_assert_str_eq(claim(b, 6, &cursor), "");
    ck_assert_str_eq(claim(b, 4, &cursor), "6 w;");
    ck_assert_str_eq(claim(b, 4, &cursor), "");
    ck_assert_str_eq(claim(b, 5, &cursor), "7 x;");
    ck_assert_str_eq(claim(b, 4, &cursor), "8 y;");
}
END_TEST

START_TEST(a_subtask_written_again_must_be_the_same)
{
    ck_assert_int_eq(ask(7, 5, "one"), MG_OK);
    ck_assert_int_eq(ask(7, 5, "one"), MG_OK);
    ck_assert_int_eq(ask(7, 5, "two"), MG_FAIL);
    ck_assert_ptr_nonnull(
        strstr(err.text, "the subtask of phase 3, question 7, rollout 1, call 2 diverged: one, now two"));
    mg_fails(ask(7, 6, "one"), MG_FAIL, "diverged");
    mg_fails(ask_for("calc", 7, 5, "one"), MG_FAIL, "diverged");
}
END_TEST

START_TEST(an_act_that_fails_leaves_nothing)
{
    struct mg_subtask t[3] = {{{3, 1, 0, 0}, 5, "search", "one"}, {{3, 2, 0, 0}, 5, "search", "two"}};
    struct mg_results none = {0};
    int64_t cursor = 0;

    ck_assert_int_eq(ask(7, 5, "there"), MG_OK);
    t[2] = (struct mg_subtask){{3, 7, 1, 2}, 5, "search", "something else"};
    ck_assert_int_eq(mg_store_ask(a, 3, t, 3, &cursor, &none, &err), MG_FAIL);
    cursor = 0;
    ck_assert_str_eq(claim(b, 5, &cursor), "7 there;");
    ck_assert_int_eq(mg_store_ask(a, 3, t, 2, &cursor, &none, &err), MG_OK);
    ck_assert_str_eq(claim(b, 5, &cursor), "1 one;2 two;");
}
END_TEST

/* ---- Results ---- */

START_TEST(results_must_be_the_same_in_every_part)
{
    const struct mg_result r = {
        .key = {3, 7, 1, 2}, .format = true, .verdict = {MG_VERDICT_VALUE, 0.5}, .text = "Lima"};
    struct mg_result other[4] = {r, r, r, r};

    ck_assert_int_eq(ask(7, 5, "capital of Peru"), MG_OK);
    ck_assert_int_eq(answer(&r), MG_OK);
    ck_assert_int_eq(answer(&r), MG_OK);
    other[0].text = NULL;
    other[1].verdict.value = nextafter(0.5, 1.0);
    other[2].verdict = (struct mg_verdict){MG_VERDICT_UNKNOWN, 0.0};
    other[3].format = false;
    for (int i = 0; i < 4; i++) {
        mg_fails(answer(&other[i]), MG_FAIL, "the result of phase 3, question 7, rollout 1, call 2 diverged: Lima");
    }
}
END_TEST

START_TEST(results_arrive_once_in_the_order_of_their_writing)
{
    struct mg_result r = {.key = {3, 7, 1, 2}, .format = true, .verdict = {MG_VERDICT_VALUE, 1.0 / 3}, .text = "Lima"};
    struct mg_results read = {0};
    int64_t cursor = 0;

    ck_assert_int_eq(answer(&r), MG_OK);
    ck_assert_int_eq(mg_store_ask(a, 3, NULL, 0, &cursor, &read, &err), MG_OK);
    ck_assert_uint_eq(read.n, 1);
    ck_assert_str_eq(read.row[0].text, "Lima");
    ck_assert_uint_eq(read.row[0].key.question, 7);
    ck_assert_uint_eq(read.row[0].key.call, 2);
    ck_assert(read.row[0].verdict.kind == MG_VERDICT_VALUE && read.row[0].format);
    ck_assert(read.row[0].verdict.value == 1.0 / 3);
    r.key.phase = 4;
    ck_assert_int_eq(answer(&r), MG_OK);
    ck_assert_int_eq(answer(&(struct mg_result){.key = {3, 9, 0, 0}, .text = "nine"}), MG_OK);
    ck_assert_int_eq(answer(&(struct mg_result){.key = {3, 6, 0, 0}, .verdict = {MG_VERDICT_UNAVAILABLE, 0.0}}), MG_OK);
    ck_assert_int_eq(mg_store_ask(a, 3, NULL, 0, &cursor, &read, &err), MG_OK);
    ck_assert_uint_eq(read.n, 3);
    ck_assert_str_eq(read.row[1].text, "nine");
    ck_assert_ptr_null(read.row[2].text);
    ck_assert(read.row[2].verdict.kind == MG_VERDICT_UNAVAILABLE && !read.row[2].format);
    ck_assert_str_eq(results(&cursor), "");
    cursor = 0;
    ck_assert_str_eq(results(&cursor), "7 Lima;9 nine;6 (none);");
    mg_results_free(&read);
}
END_TEST

/* ---- Texts and numbers of rows ---- */

static void
pass_through(uint32_t question, const char *text)
{
    const struct mg_result r = {.key = {3, question, 1, 2}, .text = text};
    struct mg_subtasks t = {0};
    struct mg_results back = {0};
    struct mg_phase_end end;
    int64_t there = 0, here = 0;

    ck_assert_msg(ask(question, 5, text) == MG_OK, "%s", err.text);
    ck_assert_int_eq(ask(question, 5, text), MG_OK);
    ck_assert_int_eq(mg_store_serve(b, 3, 5, &r, 1, &there, &t, &end, &err), MG_OK);
    ck_assert_str_eq(t.row[t.n - 1].text, text);
    ck_assert_int_eq(mg_store_serve(b, 3, 5, &r, 1, &there, &t, &end, &err), MG_OK);
    ck_assert_int_eq(mg_store_ask(a, 3, NULL, 0, &here, &back, &err), MG_OK);
    ck_assert_pstr_eq(back.row[back.n - 1].text, text);
    mg_subtasks_free(&t);
    mg_results_free(&back);
}

START_TEST(texts_pass_unchanged)
{
    static const char *const text[] = {
        "",
        " ",
        "Peru's \"capital\"; DROP TABLE subtask; --",
        "zwei\nZeilen\r\n\ttab \x01\x1f\x7f",
        "\x1e|,:'\\%s%n{}[]$*-1\r\n",
        "東京 Москва القاهرة \xf0\x9f\x97\xba",
        "\xef\xbb\xbf\xc2\xa0",
        "nil",
    };
    char long_text[MG_STORE_TEXT_MAX + 2];

    for (uint32_t i = 0; i < sizeof text / sizeof text[0]; i++)
        pass_through(i, text[i]);
    memset(long_text, 'x', sizeof long_text);
    long_text[MG_STORE_TEXT_MAX] = '\0';
    pass_through(90, long_text);
    memcpy(long_text + MG_STORE_TEXT_MAX, "x", 2);
    mg_fails(ask(91, 5, long_text), MG_INPUT, "4097 bytes");
    ck_assert_int_eq(ask(91, 5, "\xff"), MG_INPUT);
    ck_assert_int_eq(ask(91, 5, "\xed\xa0\x80"), MG_INPUT);
    ck_assert_int_eq(ask_for("", 91, 5, "x"), MG_INPUT);
    ck_assert_int_eq(ask_for("no such:name", 91, 5, "x"), MG_INPUT);
}
END_TEST

const struct store_test store_queue_tests[] = {
    {"a subtask is claimed once by a holder", &a_subtask_is_claimed_once_by_a_holder},
    {"a claim has every column", &a_claim_has_every_column},
    {"the next holder claims again, the former is fenced", &the_next_holder_claims_again_and_fences_the_former},
    {"a subtask waits for its version", &a_subtask_waits_for_its_version_and_those_behind_it_too},
    {"a subtask written again must be the same", &a_subtask_written_again_must_be_the_same},
    {"an act that fails leaves nothing", &an_act_that_fails_leaves_nothing},
    {"results must be the same in every part", &results_must_be_the_same_in_every_part},
    {"results arrive once, in order", &results_arrive_once_in_the_order_of_their_writing},
    {"texts pass unchanged", &texts_pass_unchanged},
    {NULL, NULL},
};
