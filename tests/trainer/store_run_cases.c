/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine must do with phases, notes and the run as a whole. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_case.h"

/* ---- Phases ---- */

START_TEST(a_phase_is_closed_for_good)
{
    struct mg_subtasks none = {0};
    struct mg_phase_end end;
    struct mg_rollout_rows rows = {0};
    bool closed;
    int64_t cursor = 0;

    ck_assert_int_eq(ask(7, 5, "x"), MG_OK);
    ck_assert_int_eq(ask_for("calc", 8, 5, "y"), MG_OK);
    ck_assert_int_eq(mg_store_serve(b, 3, 5, NULL, 0, &cursor, &none, &end, &err), MG_OK);
    ck_assert(!end.closed);
    ck_assert_int_eq(mg_store_rollouts(b, 3, &closed, &rows, &err), MG_OK);
    ck_assert(!closed && rows.n == 0);
    mg_fails(mg_store_hand_in(a, 3, NULL, 0, 1, &err), MG_FAIL, "phase 3 ends with 1 subtasks, 2 were asked");
    mg_err_clear(&err);
    ck_assert_int_eq(mg_store_hand_in(a, 3, NULL, 0, 2, &err), MG_OK);
    ck_assert_int_eq(mg_store_hand_in(a, 3, NULL, 0, 2, &err), MG_OK);
    ck_assert_int_eq(mg_store_serve(b, 3, 5, NULL, 0, &cursor, &none, &end, &err), MG_OK);
    ck_assert(end.closed);
    ck_assert_uint_eq(end.subtasks, 1);
    ck_assert_int_eq(mg_store_rollouts(b, 3, &closed, &rows, &err), MG_OK);
    ck_assert_uint_eq(rows.n, 0);
    mg_fails(mg_store_hand_in(a, 3, &(struct mg_rollout_row){.key = {3, 0, 0, 0}}, 1, 2, &err), MG_FAIL,
             "the end of phase 3 diverged: 0 rollouts and 2 subtasks, now 1 and 2");
    mg_subtasks_free(&none);
}
END_TEST

START_TEST(rollouts_keep_their_bits_and_their_order)
{
    static const double value[] = {0.1 + 0.9 / 3, 5e-324, 1.0, 0.30000000000000004, 2.0 / 3, 1.0 / 49, 0.0};
    enum { N = sizeof value / sizeof value[0] };
    struct mg_rollout_row r[N], other;
    struct mg_rollout_rows got = {0};
    bool closed;

    for (uint32_t i = 0; i < N; i++)
        r[i] =
            (struct mg_rollout_row){{3, i / 3, i % 3, 0},      i,     i % 2 == 1, {MG_VERDICT_VALUE, value[i]}, i % 3,
                                    value[(i + 1) % N] * 1e23, "Lima"};
    r[2].answer = NULL;
    r[1].verdict = (struct mg_verdict){MG_VERDICT_UNKNOWN, 0.0};
    r[2].verdict = (struct mg_verdict){MG_VERDICT_UNAVAILABLE, 0.0};
    r[3].answer = "";
    ck_assert_int_eq(mg_store_hand_in(a, 3, r, N, 0, &err), MG_OK);
    ck_assert_int_eq(mg_store_hand_in(a, 3, r, N, 0, &err), MG_OK);
    ck_assert_int_eq(mg_store_rollouts(b, 3, &closed, &got, &err), MG_OK);
    ck_assert_uint_eq(got.n, N);
    for (uint32_t i = 0; i < N; i++) {
        ck_assert_mem_eq(&got.row[i].key, &r[i].key, sizeof r[i].key);
        ck_assert_int_eq(got.row[i].verdict.kind, r[i].verdict.kind);
        ck_assert_mem_eq(&got.row[i].verdict.value, &r[i].verdict.value, sizeof(double));
        ck_assert_mem_eq(&got.row[i].reward, &r[i].reward, sizeof(double));
        ck_assert_int_eq(got.row[i].kind, r[i].kind);
        ck_assert_uint_eq(got.row[i].calls, r[i].calls);
        ck_assert_int_eq(got.row[i].format, r[i].format);
        ck_assert_pstr_eq(got.row[i].answer, r[i].answer);
    }
    mg_rollout_rows_free(&got);
    for (int i = 0; i < 5; i++) {
        other = r[5];
        other.reward = i == 0 ? nextafter(other.reward, 1.0) : other.reward;
        other.verdict.value = i == 1 ? 0.5 : other.verdict.value;
        other.answer = i == 2 ? NULL : other.answer;
        other.format ^= i == 3;
        other.calls += i == 4;
        r[5] = other;
        mg_fails(mg_store_hand_in(a, 3, r, N, 0, &err), MG_FAIL,
                 "the rollout of phase 3, question 1, rollout 2, call 0 diverged: Lima");
    }
}
END_TEST

START_TEST(rollouts_out_of_order_are_refused)
{
    struct mg_rollout_row r[2] = {{.key = {3, 1, 0, 0}}, {.key = {3, 0, 0, 0}}};

    ck_assert_int_eq(mg_store_hand_in(a, 3, r, 2, 0, &err), MG_FAIL);
    mg_err_clear(&err);
    r[1].key.question = 1;
    ck_assert_int_eq(mg_store_hand_in(a, 3, r, 2, 0, &err), MG_FAIL);
    mg_err_clear(&err);
    r[1].key.phase = 4;
    ck_assert_int_eq(mg_store_hand_in(a, 3, r, 2, 0, &err), MG_INPUT);
}
END_TEST

enum { MANY = 2 * MG_STORE_BATCH + 452 };

START_TEST(many_rows_are_several_acts)
{
    struct mg_subtask *t = calloc(MANY, sizeof *t);
    struct mg_result *r = calloc(MANY, sizeof *r);
    struct mg_rollout_row *row = calloc(MANY, sizeof *row);
    struct mg_subtasks claimed = {0};
    struct mg_results back = {0};
    struct mg_rollout_rows rows = {0};
    bool closed;
    struct mg_phase_end end;
    int64_t there = 0, here = 0;

    for (uint32_t i = 0; i < MANY; i++) {
        t[i] = (struct mg_subtask){{3, MANY - i, 1, 2}, 5, "search", "x"};
        r[i] = (struct mg_result){.key = t[i].key, .text = "y"};
        row[i] = (struct mg_rollout_row){.key = {3, i, 0, 0}, .calls = 1, .answer = "z"};
    }
    for (int twice = 0; twice < 2; twice++) {
        ck_assert_int_eq(mg_store_ask(a, 3, t, MANY, &here, &back, &err), MG_OK);
        ck_assert_uint_eq(back.n, twice ? MANY : 0);
        ck_assert_int_eq(mg_store_serve(b, 3, 5, r, MANY, &there, &claimed, &end, &err), MG_OK);
        ck_assert_uint_eq(claimed.n, MANY);
        ck_assert_uint_eq(end.subtasks, MANY);
        ck_assert_int_eq(mg_store_hand_in(a, 3, row, MANY, MANY, &err), MG_OK);
    }
    ck_assert_int_eq(mg_store_rollouts(b, 3, &closed, &rows, &err), MG_OK);
    ck_assert_uint_eq(rows.n, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        ck_assert_uint_eq(claimed.row[i].key.question, MANY - i);
        ck_assert_uint_eq(back.row[i].key.question, MANY - i);
        ck_assert_uint_eq(rows.row[i].key.question, i);
    }
    mg_subtasks_free(&claimed);
    mg_results_free(&back);
    mg_rollout_rows_free(&rows);
    /* cut short behind its first act */
    for (uint32_t i = 0; i < MANY; i++)
        row[i].key.phase = 4;
    ck_assert_int_eq(mg_store_hand_in(a, 4, row, MG_STORE_BATCH + 1, 1, &err), MG_FAIL);
    mg_err_clear(&err);
    ck_assert_int_eq(mg_store_rollouts(a, 4, &closed, &rows, &err), MG_OK);
    ck_assert(!closed && rows.n == MG_STORE_BATCH);
    mg_rollout_rows_free(&rows);
    free(t);
    free(r);
    free(row);
}
END_TEST

/* ---- Changes, notes, and what a run has in common ---- */

static bool
changed(struct mg_store *s)
{
    bool is = false;

    mg_err_clear(&err);
    /* an engine over a network may hear of a change a moment after it was made */
    for (int i = 0; i < 200 && !is; i++) {
        ck_assert_msg(mg_store_changed(s, &is, &err) == MG_OK, "%s", err.text);
        if (!is)
            usleep(500);
    }
    return is;
}

START_TEST(changes_of_others_are_seen)
{
    const struct mg_result r = {.key = {3, 7, 1, 2}};

    ck_assert(changed(a));
    ck_assert(changed(b));
    ck_assert(!changed(b));
    ck_assert_int_eq(ask(7, 5, "one"), MG_OK);
    ck_assert(changed(b));
    ck_assert(!changed(b));
    ck_assert_int_eq(ask(8, 5, "two"), MG_OK);
    ck_assert_int_eq(ask(9, 5, "three"), MG_OK);
    ck_assert(changed(b));
    changed(b); /* two acts may be heard of one by one */
    ck_assert(!changed(b));
    ck_assert(!changed(a));
    ck_assert_int_eq(answer(&r), MG_OK);
    ck_assert(changed(a));
    ck_assert(!changed(b));
    ck_assert_int_eq(mg_store_hand_in(a, 3, NULL, 0, 3, &err), MG_OK);
    ck_assert(changed(b));
}
END_TEST

START_TEST(notes_come_back)
{
    struct mg_agent_note n = {.phase = 4,
                              .version = 2,
                              .done = 3,
                              .total = 9,
                              .training = true,
                              .tokens = 1e9,
                              .reward = (double)NAN,
                              .held_out = 1.0 / 3},
                         got;
    bool found = true;

    ck_assert_int_eq(mg_store_note(b, "main", &got, &found, &err), MG_OK);
    ck_assert(!found);
    ck_assert_int_eq(mg_store_put_note(a, &n, &err), MG_OK);
    n.done = 5;
    ck_assert_int_eq(mg_store_put_note(a, &n, &err), MG_OK);
    ck_assert_int_eq(mg_store_note(b, "main", &got, &found, &err), MG_OK);
    ck_assert(found && got.training);
    ck_assert_uint_eq(got.phase, 4);
    ck_assert_uint_eq(got.version, 2);
    ck_assert_uint_eq(got.done, 5);
    ck_assert_uint_eq(got.total, 9);
    ck_assert(isnan(got.reward));
    ck_assert(got.held_out == 1.0 / 3 && got.tokens == 1e9);
    ck_assert_int_eq(mg_store_note(b, "search", &got, &found, &err), MG_OK);
    ck_assert(!found);
}
END_TEST

START_TEST(the_first_to_come_says_what_a_run_has_in_common)
{
    char *other = NULL, *big = malloc(MG_STORE_VALUE_MAX + 2);

    ck_assert_int_eq(mg_store_agree(a, "corpus", "abc", &other, &err), MG_OK);
    ck_assert_ptr_null(other);
    ck_assert_int_eq(mg_store_agree(b, "corpus", "abc", &other, &err), MG_OK);
    ck_assert_ptr_null(other);
    ck_assert_int_eq(mg_store_agree(b, "corpus", "abd", &other, &err), MG_OK);
    ck_assert_str_eq(other, "abc");
    free(other);
    memset(big, 'v', MG_STORE_VALUE_MAX + 1);
    big[MG_STORE_VALUE_MAX + 1] = '\0';
    ck_assert_int_eq(mg_store_agree(a, "questions", big, &other, &err), MG_INPUT);
    mg_err_clear(&err);
    big[MG_STORE_VALUE_MAX] = '\0';
    ck_assert_int_eq(mg_store_agree(a, "questions", big, &other, &err), MG_OK);
    ck_assert_int_eq(mg_store_agree(b, "questions", "", &other, &err), MG_OK);
    ck_assert_str_eq(other, big);
    free(other);
    free(big);
}
END_TEST

START_TEST(who_holds_no_agent_writes_nothing)
{
    struct mg_store *s = open_store();
    struct mg_subtasks none = {0};
    struct mg_phase_end end;
    int64_t cursor = 0;
    bool first;

    ck_assert_int_eq(mg_store_serve(s, 3, 5, NULL, 0, &cursor, &none, &end, &err), MG_FAIL);
    mg_err_clear(&err);
    ck_assert_int_eq(mg_store_hand_in(s, 3, NULL, 0, 0, &err), MG_FAIL);
    mg_err_clear(&err);
    ck_assert_int_eq(mg_store_hold(s, "", &first, &err), MG_INPUT);
    mg_store_close(s);
}
END_TEST

/* ---- Restarts, and two processes at once ---- */

START_TEST(a_restart_finds_everything)
{
    const struct mg_result r = {.key = {3, 7, 1, 2}, .text = "Lima"};
    int64_t cursor = 0;

    ck_assert_int_eq(ask(7, 5, "capital of Peru"), MG_OK);
    ck_assert_int_eq(ask(8, 5, "area of Peru"), MG_OK);
    ck_assert_int_eq(answer(&r), MG_OK);
    ck_assert_int_eq(mg_store_durable(a, &err), MG_OK);
    mg_store_close(a);
    mg_store_close(b);
    a = open_store();
    b = open_store();
    take(b, "search");
    take(a, "main");
    ck_assert_str_eq(claim(b, 5, &cursor), "7 capital of Peru;8 area of Peru;");
    ck_assert_int_eq(ask(7, 5, "capital of Peru"), MG_OK);
    cursor = 0;
    ck_assert_str_eq(results(&cursor), "7 Lima;");
}
END_TEST

enum { ROUNDS = 300 };

/* The search agent in a process of its own: answers what it is asked, until the phase is closed. */
static int
serve_all(void)
{
    struct mg_store *s = open_store();
    struct mg_subtasks t = {0};
    struct mg_result r[ROUNDS];
    struct mg_phase_end end = {0};
    int64_t cursor = 0;
    size_t answered = 0;

    take(s, "search");
    while (!end.closed || answered < end.subtasks) {
        size_t n = t.n - answered;

        for (size_t i = 0; i < n; i++)
            r[i] = (struct mg_result){.key = t.row[answered + i].key, .text = t.row[answered + i].text};
        if (mg_store_serve(s, 3, 5, r, n, &cursor, &t, &end, &err) != MG_OK)
            return 2;
        answered += n;
    }
    mg_store_close(s);
    return answered == ROUNDS ? 0 : 3;
}

START_TEST(two_processes_at_once)
{
    struct mg_results back = {0};
    int64_t cursor = 0;
    char text[16];
    int wstatus;
    pid_t pid;

    mg_store_close(a);
    mg_store_close(b);
    a = b = NULL;
    pid = fork();
    if (pid == 0)
        _exit(serve_all());
    a = open_store();
    take(a, "main");
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct mg_subtask t = {{3, i, 0, 0}, 5, "search", text};

        snprintf(text, sizeof text, "text %u", i);
        ck_assert_int_eq(mg_store_ask(a, 3, &t, 1, &cursor, &back, &err), MG_OK);
        while (i % 3 == 0 && back.n <= i) /* some wait for their answer */
            ck_assert_int_eq(mg_store_ask(a, 3, NULL, 0, &cursor, &back, &err), MG_OK);
    }
    ck_assert_int_eq(mg_store_hand_in(a, 3, NULL, 0, ROUNDS, &err), MG_OK);
    ck_assert_int_eq(waitpid(pid, &wstatus, 0), pid);
    ck_assert_int_eq(wstatus, 0);
    ck_assert_int_eq(mg_store_ask(a, 3, NULL, 0, &cursor, &back, &err), MG_OK);
    ck_assert_uint_eq(back.n, ROUNDS);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        snprintf(text, sizeof text, "text %u", i);
        ck_assert_uint_eq(back.row[i].key.question, i);
        ck_assert_str_eq(back.row[i].text, text);
    }
    mg_results_free(&back);
}
END_TEST

const struct store_test store_run_tests[] = {
    {"a phase is closed for good", &a_phase_is_closed_for_good},
    {"rollouts keep their bits and order", &rollouts_keep_their_bits_and_their_order},
    {"rollouts out of order are refused", &rollouts_out_of_order_are_refused},
    {"many rows are several acts", &many_rows_are_several_acts},
    {"changes of others are seen", &changes_of_others_are_seen},
    {"notes come back", &notes_come_back},
    {"the first says what a run has in common", &the_first_to_come_says_what_a_run_has_in_common},
    {"without an agent nothing is written", &who_holds_no_agent_writes_nothing},
    {"a restart finds everything", &a_restart_finds_everything},
    {"two processes at once", &two_processes_at_once},
    {NULL, NULL},
};
