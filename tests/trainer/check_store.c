/* SPDX-License-Identifier: Apache-2.0 */
/* The store: subtasks, results and rollouts pass from agent to agent once, whole and unchanged. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "store_case.h"

static enum mg_status
put_result(struct mg_store *s, void *arg, struct mg_err *e)
{
    return mg_store_put_result(s, arg, e);
}

static enum mg_status
put_rollout(struct mg_store *s, void *arg, struct mg_err *e)
{
    return mg_store_put_rollout(s, arg, e);
}

static unsigned
claim(struct mg_store *s, struct claimed *c)
{
    mg_err_clear(&err);
    ck_assert_int_eq(mg_store_transact(s, true, claim_body, c, &err), MG_OK);
    return c->n;
}

START_TEST(a_subtask_is_claimed_once_by_a_holder)
{
    struct claimed c = {.phase = 3, .version = 5};

    ck_assert_int_eq(ask(7, 5, "capital of Peru"), MG_OK);
    ck_assert_uint_eq(claim(b, &c), 1);
    ck_assert_str_eq(c.last, "3/7/1/2 capital of Peru");
    ck_assert_uint_eq(claim(b, &c), 0);
    ck_assert_int_eq(ask(8, 5, "area of Peru"), MG_OK);
    ck_assert_uint_eq(claim(b, &c), 1);
    ck_assert_str_eq(c.last, "3/8/1/2 area of Peru");
}
END_TEST

START_TEST(the_next_holder_claims_again)
{
    struct claimed c = {.phase = 3, .version = 5};
    struct mg_store *next = NULL;

    ck_assert_int_eq(ask(7, 5, "x"), MG_OK);
    ck_assert_uint_eq(claim(b, &c), 1);
    ck_assert_int_eq(mg_store_open(path, "run-1", &next, &err), MG_OK);
    ck_assert_int_eq(mg_store_hold(next, MG_SIDE_SEARCH, &err), MG_OK);
    ck_assert_uint_eq(claim(next, &c), 1);
    ck_assert_int_eq(mg_store_transact(b, true, claim_body, &c, &err), MG_FAIL);
    ck_assert_ptr_nonnull(strstr(err.text, "took over"));
    mg_store_close(next);
}
END_TEST

START_TEST(a_subtask_waits_for_its_version)
{
    struct claimed c = {.phase = 3, .version = 4};

    ck_assert_int_eq(ask(7, 5, "x"), MG_OK);
    ck_assert_uint_eq(claim(b, &c), 0);
    c.version = 6;
    ck_assert_uint_eq(claim(b, &c), 0);
    c.version = 5;
    ck_assert_uint_eq(claim(b, &c), 1);
}
END_TEST

START_TEST(what_is_written_again_must_be_the_same)
{
    ck_assert_int_eq(ask(7, 5, "one"), MG_OK);
    ck_assert_int_eq(ask(7, 5, "one"), MG_OK);
    ck_assert_int_eq(ask(7, 5, "two"), MG_FAIL);
    ck_assert_ptr_nonnull(strstr(err.text, "diverged: one, now two"));
    ck_assert_int_eq(ask(7, 6, "one"), MG_FAIL);
}
END_TEST

static enum mg_status
answer(struct mg_result r)
{
    mg_err_clear(&err);
    return mg_store_transact(b, true, put_result, &r, &err);
}

START_TEST(results_must_be_the_same_in_every_part)
{
    const struct mg_result r = {.key = {3, 7, 1, 2}, .format = true, .known = true, .expert = 0.5, .text = "Lima"};
    struct mg_result other;

    ck_assert_int_eq(answer(r), MG_OK);
    ck_assert_int_eq(answer(r), MG_OK);
    other = r;
    other.text = NULL;
    ck_assert_int_eq(answer(other), MG_FAIL);
    other = r;
    other.expert = 0.75;
    ck_assert_int_eq(answer(other), MG_FAIL);
    other = r;
    other.known = false;
    ck_assert_int_eq(answer(other), MG_FAIL);
    other = r;
    other.format = false;
    ck_assert_int_eq(answer(other), MG_FAIL);
}
END_TEST

struct read_results {
    int64_t cursor;
    unsigned n;
    struct mg_result last;
    char text[32];
};

static enum mg_status
take_result(void *arg, const struct mg_result *r, struct mg_err *e)
{
    struct read_results *x = arg;

    (void)e;
    x->n++;
    x->last = *r;
    snprintf(x->text, sizeof x->text, "%s", r->text != NULL ? r->text : "(none)");
    return MG_OK;
}

static enum mg_status
read_body(struct mg_store *s, void *arg, struct mg_err *e)
{
    struct read_results *x = arg;

    x->n = 0;
    return mg_store_results(s, 3, &x->cursor, take_result, x, e);
}

START_TEST(results_arrive_once)
{
    struct read_results x = {.cursor = 0};
    struct mg_result r = {.key = {3, 7, 1, 2}, .format = true, .known = true, .expert = 0.25, .text = "Lima"};

    ck_assert_int_eq(answer(r), MG_OK);
    ck_assert_int_eq(mg_store_transact(a, false, read_body, &x, &err), MG_OK);
    ck_assert_uint_eq(x.n, 1);
    ck_assert_str_eq(x.text, "Lima");
    ck_assert_uint_eq(x.last.key.question, 7);
    ck_assert_double_eq(x.last.expert, 0.25);
    r.key.phase = 4;
    ck_assert_int_eq(answer(r), MG_OK);
    r = (struct mg_result){.key = {3, 6, 0, 0}};
    ck_assert_int_eq(answer(r), MG_OK);
    ck_assert_int_eq(mg_store_transact(a, false, read_body, &x, &err), MG_OK);
    ck_assert_uint_eq(x.n, 1);
    ck_assert_str_eq(x.text, "(none)");
    ck_assert(!x.last.known && !x.last.format);
    ck_assert_int_eq(mg_store_transact(a, false, read_body, &x, &err), MG_OK);
    ck_assert_uint_eq(x.n, 0);
}
END_TEST

static enum mg_status
close_phase(struct mg_store *s, void *arg, struct mg_err *e)
{
    return mg_store_close_phase(s, 3, 16, *(uint32_t *)arg, e);
}

static enum mg_status
look_phase(struct mg_store *s, void *arg, struct mg_err *e)
{
    bool closed;

    return mg_store_phase_closed(s, 3, &closed, arg, e) || !closed;
}

START_TEST(a_phase_is_closed_for_good)
{
    uint32_t n = 9, seen = 0;

    ck_assert_int_ne(mg_store_transact(b, false, look_phase, &seen, &err), MG_OK);
    ck_assert_int_eq(mg_store_transact(a, true, close_phase, &n, &err), MG_OK);
    ck_assert_int_eq(mg_store_transact(b, false, look_phase, &seen, &err), MG_OK);
    ck_assert_uint_eq(seen, 9);
    ck_assert_int_eq(mg_store_transact(a, true, close_phase, &n, &err), MG_OK);
    n = 10;
    ck_assert_int_eq(mg_store_transact(a, true, close_phase, &n, &err), MG_FAIL);
}
END_TEST

struct rollouts {
    unsigned n;
    double reward;
};

static enum mg_status
take_rollout(void *arg, const struct mg_rollout_row *r, struct mg_err *e)
{
    struct rollouts *x = arg;

    (void)e;
    ck_assert_uint_eq(r->key.question, x->n);
    x->n++;
    x->reward = r->reward;
    return MG_OK;
}

static enum mg_status
read_rollouts(struct mg_store *s, void *arg, struct mg_err *e)
{
    struct rollouts *x = arg;

    x->n = 0;
    return mg_store_rollouts(s, 3, take_rollout, x, e);
}

START_TEST(rollouts_keep_their_bits_and_their_order)
{
    struct mg_rollout_row r = {
        .key = {3, 1, 0, 0}, .calls = 2, .format = true, .correct = 1.0, .reward = 0.1 + 0.9 / 3, .answer = "Lima"};
    struct rollouts x = {0};

    ck_assert_int_eq(mg_store_transact(a, true, put_rollout, &r, &err), MG_OK);
    r.key.question = 0;
    ck_assert_int_eq(mg_store_transact(a, true, put_rollout, &r, &err), MG_OK);
    ck_assert_int_eq(mg_store_transact(a, true, put_rollout, &r, &err), MG_OK);
    ck_assert_int_eq(mg_store_transact(b, false, read_rollouts, &x, &err), MG_OK);
    ck_assert_uint_eq(x.n, 2);
    ck_assert_double_eq(x.reward, 0.1 + 0.9 / 3);
    r.reward = nextafter(r.reward, 1.0);
    ck_assert_int_eq(mg_store_transact(a, true, put_rollout, &r, &err), MG_FAIL);
}
END_TEST

START_TEST(a_body_that_fails_leaves_nothing)
{
    uint32_t n = 9, seen = 0;

    n = 9;
    ck_assert_int_eq(mg_store_transact(a, true, close_phase, &n, &err), MG_OK);
    n = 10;
    ck_assert_int_eq(mg_store_transact(a, true, close_phase, &n, &err), MG_FAIL);
    mg_err_clear(&err);
    ck_assert_int_eq(mg_store_transact(a, false, look_phase, &seen, &err), MG_OK);
    ck_assert_uint_eq(seen, 9);
}
END_TEST

START_TEST(changes_of_others_are_seen)
{
    bool changed;

    ck_assert_int_eq(mg_store_changed(b, &changed, &err), MG_OK);
    ck_assert(changed);
    ck_assert_int_eq(mg_store_changed(b, &changed, &err), MG_OK);
    ck_assert(!changed);
    ck_assert_int_eq(ask(7, 5, "one"), MG_OK);
    ck_assert_int_eq(mg_store_changed(b, &changed, &err), MG_OK);
    ck_assert(changed);
}
END_TEST

static enum mg_status
put_note(struct mg_store *s, void *arg, struct mg_err *e)
{
    return mg_store_put_note(s, arg, e);
}

static enum mg_status
get_note(struct mg_store *s, void *arg, struct mg_err *e)
{
    bool found;
    enum mg_status st = mg_store_note(s, MG_SIDE_MAIN, arg, &found, e);

    ck_assert(found);
    return st;
}

START_TEST(notes_come_back)
{
    struct mg_agent_note n = {.phase = 4,
                              .version = 2,
                              .done = 3,
                              .total = 9,
                              .training = true,
                              .tokens = 1e9,
                              .reward = (double)NAN,
                              .held_out = 0.5},
                         got;

    ck_assert_int_eq(mg_store_transact(a, true, put_note, &n, &err), MG_OK);
    ck_assert_int_eq(mg_store_transact(b, false, get_note, &got, &err), MG_OK);
    ck_assert_uint_eq(got.phase, 4);
    ck_assert_uint_eq(got.total, 9);
    ck_assert(got.training);
    ck_assert(isnan(got.reward));
    ck_assert_double_eq(got.held_out, 0.5);
    ck_assert_double_eq(got.tokens, 1e9);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("store");
    TCase *t = tcase_create("store");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_subtask_is_claimed_once_by_a_holder);
    tcase_add_test(t, the_next_holder_claims_again);
    tcase_add_test(t, a_subtask_waits_for_its_version);
    tcase_add_test(t, what_is_written_again_must_be_the_same);
    tcase_add_test(t, results_must_be_the_same_in_every_part);
    tcase_add_test(t, results_arrive_once);
    tcase_add_test(t, a_phase_is_closed_for_good);
    tcase_add_test(t, rollouts_keep_their_bits_and_their_order);
    tcase_add_test(t, a_body_that_fails_leaves_nothing);
    tcase_add_test(t, changes_of_others_are_seen);
    tcase_add_test(t, notes_come_back);
    suite_add_tcase(suite, t);
    return suite_main(suite);
}
