/* SPDX-License-Identifier: Apache-2.0 */
/* Dialogues whose tools are programs: slow ones, hostile ones, ones that refuse; none changes another dialogue. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/keeper.h"
#include "base/rng.h"
#include "eval/play.h"
#include "fake_policy.h"
#include "program_case.h"
#include "suite.h"

static const char *const agent_names[] = {"search"}, *const search[] = {"search"};
static const struct mg_rollout_part asker = {"roles", true, agent_names, NULL, 1, 0};
static const struct mg_rollout_part both = {"roles", true, agent_names, search, 1, 1};
static const struct mg_rollout_part searcher = {"roles", false, NULL, search, 0, 1};

/* ---- Time ---- */

enum { ROUNDS = 8 };

/* A tool whose result is a function of its arguments, and its delay one of them and the round. */
static void
use_delayed(const char *name, unsigned round)
{
    char path[96], text[16];

    snprintf(path, sizeof path, "%s/round", dir);
    snprintf(text, sizeof text, "%u", round);
    mg_ok(mg_file_write_atomic(path, text, strlen(text), &err));
    use(name,
        "x=$(tr -d '\"{}'); n=$(echo \"$x $(cat round)\" | cksum); n=${n%% *}; sleep 0.0$((n % 10));"
        " echo \"said $x\"",
        20.0);
}

/* From one dialogue at a time to all at once. */
static uint32_t
slots_of(unsigned round)
{
    return round == 0 ? 1 : 1 + (uint32_t)(mg_rng_mix(round) % N);
}

static unsigned
calls_of(struct mg_rollouts *b)
{
    unsigned calls = 0;

    for (size_t i = 0; i < mg_rollouts_count(b); i++)
        calls += mg_rollouts_get(b, i)->calls;
    return calls;
}

START_TEST(results_in_another_order_change_no_bit)
{
    struct mg_rollouts *first = NULL;
    unsigned ended = 0;

    for (unsigned round = 1; round < ROUNDS; round++) {
        struct mg_rollouts *b;

        use_delayed("calc", round);
        b = new_rollouts(slots_of(round), &ended);
        run(b);
        if (first != NULL) {
            expect_same(first, b);
            mg_rollouts_destroy(b);
        } else {
            first = b;
        }
    }
    ck_assert_uint_gt(calls_of(first), QUESTIONS);
    ck_assert_uint_eq(ended, N * (ROUNDS - 1));
    mg_rollouts_destroy(first);
}
END_TEST

/* N dialogues of a root and the agent that it calls, played to their ends. */
static struct mg_play *
play(struct mg_rollout_part root, uint32_t root_slots, uint32_t called_slots)
{
    struct mg_play_config c = {.n_agents = 2,
                               .name = {"main", "search"},
                               .policy = {policy[0], policy[1]},
                               .part = {root, searcher},
                               .limits = {limits, limits},
                               .tok = tok,
                               .tools = tools};
    struct mg_play *p;

    c.limits[0].slots = root_slots;
    c.limits[1].slots = called_slots;
    mg_ok(mg_play_create(&c, &p, &err));
    mg_play_begin(p, &sampled);
    for (uint32_t q = 0; q < N; q++)
        mg_ok(mg_play_add(p, &(struct mg_key){.question = q}, "What is the capital of Peru?", NULL, &err));
    mg_ok(mg_play_run(p, &err));
    return p;
}

/* The same with an agent that is called, and has the tool, too. */
START_TEST(results_at_two_levels_change_no_bit)
{
    struct mg_play *first = NULL;

    for (unsigned round = 0; round < ROUNDS; round++) {
        struct mg_play *p;

        use_delayed("search", round);
        p = play(both, slots_of(round), slots_of(round + ROUNDS));
        if (first == NULL) {
            first = p;
            continue;
        }
        for (uint32_t i = 0; i < 2; i++)
            expect_same(mg_play_rollouts(first, i), mg_play_rollouts(p, i));
        mg_play_destroy(p);
    }
    ck_assert_uint_gt(calls_of(mg_play_rollouts(first, 0)), mg_rollouts_count(mg_play_rollouts(first, 1)));
    ck_assert_uint_gt(calls_of(mg_play_rollouts(first, 1)), K);
    mg_play_destroy(first);
}
END_TEST

/* Every tick gives a token to each dialogue that writes, whatever tools are at work: those without a call end in the
 * tick of their last token. */
START_TEST(slow_tools_hold_nobody_up)
{
    unsigned ended = 0, ticks = 0, without = 0, over[N] = {0};
    struct mg_rollouts *b;
    bool busy = true, overtaken = false;

    use("calc", "sleep 0.5; echo 7", 20.0);
    b = new_rollouts(N, &ended);
    add_all(b);
    for (; busy; ticks++) {
        bool called = false, answered = false;

        mg_ok(mg_rollouts_tick(b, &busy, &err));
        for (size_t i = 0; i < N; i++) {
            const struct mg_rollout *r = mg_rollouts_get(b, i);

            if (r->state == MG_ROLLOUT_DONE && over[i] == 0)
                over[i] = ticks + 1;
            called |= r->state == MG_ROLLOUT_CALLING && r->calls == 0;
            answered |= r->answer != NULL;
        }
        overtaken |= called && answered;
    }
    for (size_t i = 0; i < N; i++) {
        const struct mg_rollout *r = mg_rollouts_get(b, i);

        ck_assert_uint_ge(over[i], mg_trajectory_written(&r->t));
        if (r->calls > 0)
            continue;
        ck_assert_uint_eq(over[i], mg_trajectory_written(&r->t));
        without++;
    }
    ck_assert_uint_gt(without, K);
    ck_assert(overtaken);
    mg_rollouts_destroy(b);
}
END_TEST

/* A phase that is given up with its calls running, and the next one. */
START_TEST(calls_end_with_their_dialogues)
{
    unsigned ended = 0;
    struct mg_rollouts *b;
    bool busy = true, calling = false;

    use("calc", "sleep 0.2; echo 7", 20.0);
    b = new_rollouts(16, &ended);
    add_all(b);
    while (!calling) {
        mg_ok(mg_rollouts_tick(b, &busy, &err));
        ck_assert(busy);
        for (size_t i = 0; i < N; i++)
            calling |= mg_rollouts_get(b, i)->state == MG_ROLLOUT_CALLING;
    }
    run(b);
    mg_rollouts_destroy(b);
}
END_TEST

/* ---- Hostile tools ---- */

/* Dialogues that called are unavailable, and no fault of the agent; the others are what they are without. */
START_TEST(failed_tools_are_nobodys_fault)
{
    static const char *const scripts[] = {
        "kill -9 $$",
        "exit 1",
        "sleep 1000",
        "printf '\\377'",
        "(i=0; while [ $i -lt 40 ]; do sleep 5 & i=$((i + 1)); done; wait); exit 1",
    };
    struct mg_rollouts *good;
    unsigned ended = 0, without = 0;

    use("calc", "echo 7", 20.0);
    good = new_rollouts(16, &ended);
    run(good);
    for (size_t s = 0; s < sizeof scripts / sizeof scripts[0]; s++) {
        struct mg_rollouts *b;
        unsigned failed = 0;
        double start = mg_clock();

        use("calc", scripts[s], 1.0);
        b = new_rollouts(16, &ended);
        run(b);
        for (size_t i = 0; i < N; i++) {
            const struct mg_rollout *r = mg_rollouts_get(b, i), *g = mg_rollouts_get(good, i);

            ck_assert_msg((r->unavailable != NULL) == (g->calls > 0), "%s: dialogue %zu", scripts[s], i);
            if (r->unavailable != NULL) {
                ck_assert_ptr_nonnull(strstr(r->unavailable, "the tool calc "));
                ck_assert_int_eq(r->fault, MG_FAULT_NONE);
                ck_assert_ptr_null(r->answer);
                failed++;
            } else {
                ck_assert_int_eq(r->fault, g->fault);
                ck_assert_uint_eq(r->t.len, g->t.len);
                without++;
            }
        }
        ck_assert_uint_gt(failed, K);
        ck_assert_double_lt(mg_clock() - start, 60.0);
        mg_rollouts_destroy(b);
    }
    ck_assert_uint_gt(without, 0);
    mg_rollouts_destroy(good);
}
END_TEST

static bool
has_text(const struct mg_rollout *r, const char *text)
{
    size_t n = strlen(text);

    for (uint32_t i = 0; i + n <= r->t.len; i++) {
        size_t j = 0;

        while (j < n && !r->t.mask[i + j] && r->t.ids[i + j] == MG_FAKE_BYTE + (unsigned char)text[j])
            j++;
        if (j == n)
            return true;
    }
    return false;
}

START_TEST(refusals_and_cuts_are_read)
{
    static const struct {
        const char *script, *read;
    } cases[] = {{"echo no such sum; exit 2", "error: no such sum"},
                 {"yes", "y\ny\ny\ny\ny\ny\ny\ny\ny\ny\ny\ny\ny\ny\ny\ny\ny\ny\ny\ny\ny\ny\ny\ny [cut]"},
                 {"exit 0", "none"}};

    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        unsigned ended = 0, calls = 0;
        struct mg_rollouts *b;

        use("calc", cases[c].script, 20.0);
        b = new_rollouts(16, &ended);
        run(b);
        for (size_t i = 0; i < N; i++) {
            const struct mg_rollout *r = mg_rollouts_get(b, i);

            ck_assert_ptr_null(r->unavailable);
            if (r->calls > 0 && r->fault != MG_FAULT_CONTEXT)
                ck_assert_msg(has_text(r, cases[c].read), "%s: dialogue %zu", cases[c].script, i);
            calls += r->calls;
        }
        ck_assert_uint_gt(calls, K);
        mg_rollouts_destroy(b);
    }
}
END_TEST

/* By a role of its own a tool cannot refuse: then the turn counts as malformed, as one that names no hit does. */
START_TEST(a_role_of_its_own_has_no_refusals)
{
    static const char *const exits[] = {"echo no; exit 2", "echo yes"};
    unsigned calls[2] = {0};

    for (int i = 0; i < 2; i++) {
        struct mg_rollouts *s;
        struct mg_play *p;

        use("search", exits[i], 20.0);
        p = play(asker, limits.slots, limits.slots);
        s = mg_play_rollouts(p, 1);
        for (size_t j = 0; j < mg_rollouts_count(s); j++)
            calls[i] += mg_rollouts_get(s, j)->calls;
        mg_play_destroy(p);
    }
    ck_assert_uint_eq(calls[0], 0);
    ck_assert_uint_gt(calls[1], 0);
}
END_TEST

/* What its tool does to a sub-agent's dialogue, it does to the one that waits for the result. */
START_TEST(a_failure_reaches_the_caller)
{
    struct mg_play *p;
    struct mg_rollouts *s;
    unsigned failed = 0;

    use("search", "exit 1", 20.0);
    p = play(asker, limits.slots, limits.slots);
    s = mg_play_rollouts(p, 1);
    for (size_t i = 0; i < mg_rollouts_count(s); i++) {
        const struct mg_rollout *from = mg_rollouts_get(s, i), *to;

        to = mg_rollouts_get(mg_play_rollouts(p, 0), from->t.key.question);
        if (from->unavailable != NULL)
            ck_assert_str_eq(to->unavailable, "the agent search could not end a dialogue");
        failed += from->unavailable != NULL;
    }
    ck_assert_uint_gt(failed, 0);
    mg_play_destroy(p);
}
END_TEST

int
main(int argc, char **argv)
{
    mg_keeper_enter(argc, argv);
    suite_tests(suite_case("rollout tools", setup, teardown, 240), results_in_another_order_change_no_bit,
                results_at_two_levels_change_no_bit, slow_tools_hold_nobody_up, calls_end_with_their_dialogues,
                failed_tools_are_nobodys_fault, refusals_and_cuts_are_read, a_role_of_its_own_has_no_refusals,
                a_failure_reaches_the_caller);
    return suite_main();
}
