/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialogue/roles.h"
#include "fake_policy.h"
#include "eval/play.h"
#include "small_world.h"
#include "scratch.h"
#include "suite.h"

enum { QUESTIONS = 12, K = 8 };

static char dir[64];
static struct mg_tokenizer *tok;
static struct mg_tools *tools;
static struct mg_policy *policy, *other[8];
static unsigned n_other;
static const struct mg_sampling sampled = {.temperature = 1.0f, .top_p = 1.0f}, greedy = {.temperature = 0.0f};
static const char *const agent_names[] = {"search"}, *const tool_names[] = {"search", "open"};
static const struct mg_rollout_part main_part = {"roles", true, agent_names, NULL, 1, 0};
static const struct mg_rollout_part search_part = {"roles", false, NULL, tool_names, 0, 2};
static const struct mg_rollout_part single_part = {"roles", true, NULL, tool_names, 0, 2};
static const struct mg_rollout_limits main_limits = {5, 24, 200, 16}, search_limits = {4, 20, 700, 16};

/* One small world for all tests: no test writes to it. */
static void
make_world(void)
{
    scratch_make(dir);
    ck_assert_msg(mg_small_world(dir, &err) == MG_OK, "%s", err.text);
}

static void
remove_world(void)
{
    scratch_remove(dir);
}

static void
setup(void)
{
    struct mg_policy_limits limits = {.slots = 64, .context = 1024, .max_tokens = 4096, .train = true};
    char path[96];
    const struct mg_tool_spec spec[] = {{.name = "search", .kind = "corpus-search", .corpus = path},
                                        {.name = "open", .kind = "corpus-open", .corpus = path}};

    mg_err_clear(&err);
    snprintf(path, sizeof path, "%s/corpus.db", dir);
    mg_ok(mg_fake_tokenizer(&tok, &err));
    ck_assert_int_eq(mg_tools_open(spec, 2, NULL, &tools, &err), MG_OK);
    ck_assert_int_eq(mg_policy_open(dir, &limits, &policy, &err), MG_OK);
}

static void
teardown(void)
{
    mg_policy_close(policy);
    while (n_other > 0)
        mg_policy_close(other[--n_other]);
    mg_tools_close(tools);
    mg_tokenizer_free(tok);
}

/* All dialogues of the root, and of the agent that it calls if it calls one, played to their ends. */
static struct mg_play *
play(const struct mg_rollout_part *part, struct mg_rollout_limits main, struct mg_rollout_limits search, uint32_t slots,
     const struct mg_sampling *how)
{
    struct mg_policy_limits limits = {.slots = slots, .context = 1024, .max_tokens = 4096};
    struct mg_play_config c = {
        .n_agents = 1, .name = {"main", "search"}, .policy = {policy}, .tok = tok, .tools = tools, .seed = 11};
    struct mg_play *p;

    main.slots = search.slots = slots;
    c.part[0] = *part;
    c.part[1] = search_part;
    c.limits[0] = main;
    c.limits[1] = search;
    if (part->n_agents > 0) {
        mg_ok(mg_policy_open(dir, &limits, &other[n_other], &err));
        c.policy[c.n_agents++] = other[n_other++];
    }
    mg_ok(mg_play_create(&c, &p, &err));
    mg_play_begin(p, how);
    for (uint32_t i = 0; i < QUESTIONS * K; i++) {
        struct mg_key key = {.phase = 2, .question = i / K, .rollout = i % K};
        char text[64];

        snprintf(text, sizeof text, "What is the capital of country %u, please?", i / K);
        mg_ok(mg_play_add(p, &key, text, NULL, &err));
    }
    mg_ok(mg_play_run(p, &err));
    ck_assert_uint_eq(mg_rollouts_done(mg_play_rollouts(p, 0)), QUESTIONS * K);
    return p;
}

static void
expect_same_text(const char *a, const char *b)
{
    ck_assert((a == NULL) == (b == NULL));
    if (a != NULL)
        ck_assert_str_eq(a, b);
}

static void
expect_same(struct mg_rollouts *a, struct mg_rollouts *b)
{
    ck_assert_uint_eq(mg_rollouts_count(a), mg_rollouts_count(b));
    for (size_t i = 0; i < mg_rollouts_count(a); i++) {
        struct mg_rollout *x = mg_rollouts_get(a, i), *y = mg_rollouts_get(b, i);

        ck_assert_mem_eq(&x->t.key, &y->t.key, sizeof x->t.key);
        ck_assert_uint_eq(x->t.len, y->t.len);
        ck_assert_mem_eq(x->t.ids, y->t.ids, x->t.len * sizeof *x->t.ids);
        ck_assert_mem_eq(x->t.logprob, y->t.logprob, x->t.len * sizeof *x->t.logprob);
        ck_assert_mem_eq(x->t.mask, y->t.mask, x->t.len);
        ck_assert_int_eq(x->fault, y->fault);
        expect_same_text(x->answer, y->answer);
    }
}

START_TEST(dialogues_do_not_depend_on_the_batch)
{
    struct mg_play *wide = play(&main_part, main_limits, search_limits, 64, &sampled);

    ck_assert_uint_gt(mg_rollouts_count(mg_play_rollouts(wide, 1)), QUESTIONS);
    for (uint32_t slots = 1; slots < 20; slots += 6) {
        struct mg_play *narrow = play(&main_part, main_limits, search_limits, slots, &sampled);

        expect_same(mg_play_rollouts(wide, 0), mg_play_rollouts(narrow, 0));
        expect_same(mg_play_rollouts(wide, 1), mg_play_rollouts(narrow, 1));
        mg_play_destroy(narrow);
    }
    mg_play_destroy(wide);
}
END_TEST

START_TEST(greedy_rollouts_of_a_question_are_one)
{
    struct mg_play *p = play(&main_part, main_limits, search_limits, 64, &greedy);
    struct mg_rollouts *m = mg_play_rollouts(p, 0);
    size_t tokens = 0;

    for (size_t i = 0; i < mg_rollouts_count(m); i++) {
        struct mg_rollout *r = mg_rollouts_get(m, i), *first = mg_rollouts_get(m, i / K * K);

        ck_assert_uint_eq(r->t.len, first->t.len);
        ck_assert_mem_eq(r->t.ids, first->t.ids, r->t.len * sizeof *r->t.ids);
        tokens += i % K == 0 ? r->t.len : 0;
    }
    ck_assert_uint_le(mg_fake_policy_fed(policy), tokens);
    mg_play_destroy(p);
}
END_TEST

START_TEST(sampled_rollouts_differ_and_what_they_share_is_fed_once)
{
    struct mg_play *p = play(&main_part, main_limits, search_limits, 64, &sampled);
    struct mg_rollouts *m = mg_play_rollouts(p, 0);
    size_t tokens = 0, distinct = 0, different = 0;

    for (size_t i = 0; i < mg_rollouts_count(m); i++) {
        const struct mg_trajectory *d = &mg_rollouts_get(m, i)->t;
        uint32_t shared = 0;

        for (size_t j = i / K * K; j < i; j++) {
            const struct mg_trajectory *e = &mg_rollouts_get(m, j)->t;
            uint32_t n = 0;

            while (n < d->len && n < e->len && d->ids[n] == e->ids[n])
                n++;
            shared = n > shared ? n : shared;
        }
        tokens += d->len;
        distinct += d->len - shared;
        different += i % K > 0 && shared < d->len;
    }
    ck_assert_uint_gt(different, QUESTIONS);
    /* a few that a dialogue would rather feed than copy; those that were fed before another caught up with them */
    ck_assert_uint_lt(distinct, tokens * 3 / 4);
    ck_assert_uint_lt(mg_fake_policy_fed(policy), distinct + tokens / 10);
    mg_play_destroy(p);
}
END_TEST

/* Counts again, from the ids alone, what a rollout says of itself. */
static void
audit(const struct mg_rollout *r, const struct mg_rollout_limits *l, unsigned faults[MG_FAULT_TURNS + 1])
{
    struct mg_specials sp;
    uint32_t turns = 0, own = 0, longest = 0, calls = 0;

    ck_assert_int_eq(mg_specials_find(tok, &sp, &err), MG_OK);
    ck_assert_int_eq(r->state, MG_ROLLOUT_DONE);
    faults[r->fault]++;
    ck_assert_uint_le(r->t.len, l->context);
    ck_assert_int_eq(r->answer != NULL, r->fault == MG_FAULT_NONE);
    for (uint32_t i = 0; i < r->t.len; i++) {
        bool last = r->t.mask[i] && (i + 1 == r->t.len || !r->t.mask[i + 1]);

        own = r->t.mask[i] ? own + 1 : 0;
        longest = own > longest ? own : longest;
        turns += last && r->t.ids[i] == sp.end;
        if (own == 1)
            calls += r->t.ids[i] == sp.role[MG_ROLE_SUB];
        if (!r->t.mask[i])
            ck_assert_float_eq(r->t.logprob[i], 0.0f);
    }
    ck_assert_uint_eq(turns, r->turns);
    ck_assert_uint_le(turns, l->turns);
    ck_assert_uint_le(longest, l->new_max);
    if (r->callee != NULL && r->fault == MG_FAULT_NONE)
        ck_assert_uint_eq(calls, r->calls);
    if (r->fault == MG_FAULT_LENGTH)
        ck_assert_uint_eq(own, l->new_max);
    if (r->fault == MG_FAULT_TURNS)
        ck_assert_uint_eq(turns, l->turns);
}

START_TEST(every_limit_is_kept)
{
    struct mg_rollout_limits limits[2] = {main_limits, search_limits};
    unsigned faults[2][MG_FAULT_TURNS + 1] = {{0}};

    limits[0].new_max = 10;
    limits[1].new_max = 12;
    for (int tight = 0; tight < 2; tight++) {
        struct mg_play *p;

        limits[0].turns = tight ? 3 : 2;
        limits[0].context = tight ? 66 : 200;
        limits[1].turns = tight ? 4 : 2;
        limits[1].context = tight ? 180 : 700;
        p = play(&main_part, limits[0], limits[1], 32, &sampled);
        for (uint32_t i = 0; i < 2; i++) {
            struct mg_rollouts *all = mg_play_rollouts(p, i);

            for (size_t j = 0; j < mg_rollouts_count(all); j++)
                audit(mg_rollouts_get(all, j), &limits[i], faults[i]);
        }
        mg_play_destroy(p);
    }
    for (int i = 0; i < 2; i++)
        for (int f = 0; f <= MG_FAULT_TURNS; f++)
            ck_assert_msg(faults[i][f] > 0, "no %s dialogue ended with %s", i == 0 ? "root" : "called",
                          mg_fault_name((enum mg_fault)f));
}
END_TEST

/* Whether a dialogue has read this result somewhere. */
static bool
has_read(const struct mg_trajectory *t, const char *result)
{
    struct mg_trajectory fed = {0};
    struct mg_specials sp;
    bool there = false;

    mg_ok(mg_specials_find(tok, &sp, &err));
    mg_ok(mg_roles_turn(&fed, tok, &sp, MG_ROLE_RESULT, result, strlen(result), false, &err));
    for (uint32_t i = 0; i + fed.len <= t->len; i++)
        there |= memcmp(t->ids + i, fed.ids, fed.len * sizeof *fed.ids) == 0;
    mg_trajectory_free(&fed);
    return there;
}

/* The dialogue that gave a subtask, by the key of the subtask's. */
static const struct mg_rollout *
asker_of(struct mg_play *p, const struct mg_rollout *called)
{
    struct mg_key key = called->t.key;
    const struct mg_rollout *asker;

    key.call = 0;
    asker = mg_rollouts_find(mg_play_rollouts(p, 0), &key);
    ck_assert_ptr_nonnull(asker);
    ck_assert_uint_lt(called->t.key.call, asker->calls);
    return asker;
}

START_TEST(results_reach_the_dialogue_that_asked)
{
    struct mg_play *p = play(&main_part, main_limits, search_limits, 64, &sampled);
    size_t n = mg_rollouts_count(mg_play_rollouts(p, 1));
    unsigned found = 0;

    for (size_t i = 0; i < n; i++) {
        const struct mg_rollout *from = mg_rollouts_get(mg_play_rollouts(p, 1), i), *to = asker_of(p, from);
        bool there = has_read(&to->t, from->answer != NULL ? from->answer : "none");

        ck_assert(there || to->fault == MG_FAULT_CONTEXT);
        found += there;
    }
    ck_assert_uint_gt(found, QUESTIONS);
    mg_play_destroy(p);
}
END_TEST

START_TEST(a_single_agent_uses_the_tools)
{
    struct mg_rollout_limits single = {5, 20, 900, 16};
    struct mg_play *p = play(&single_part, single, search_limits, 16, &sampled);
    struct mg_rollouts *m = mg_play_rollouts(p, 0);
    uint32_t calls = 0;
    unsigned faults[MG_FAULT_TURNS + 1] = {0};

    for (size_t i = 0; i < mg_rollouts_count(m); i++) {
        audit(mg_rollouts_get(m, i), &single, faults);
        calls += mg_rollouts_get(m, i)->calls;
    }
    ck_assert_uint_gt(calls, 0);
    mg_play_destroy(p);
}
END_TEST

int
main(void)
{
    TCase *t = suite_case("rollout", setup, teardown, 60);

    tcase_add_unchecked_fixture(t, make_world, remove_world);
    suite_tests(t, dialogues_do_not_depend_on_the_batch, greedy_rollouts_of_a_question_are_one,
                sampled_rollouts_differ_and_what_they_share_is_fed_once, every_limit_is_kept,
                results_reach_the_dialogue_that_asked, a_single_agent_uses_the_tools);
    return suite_main();
}
