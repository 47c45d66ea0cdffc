/* SPDX-License-Identifier: Apache-2.0 */
/* Dialogues whose tools are programs: slow ones, hostile ones, ones that refuse; none changes another dialogue. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/keeper.h"
#include "dialogue/roles.h"
#include "eval/play.h"
#include "fake_policy.h"
#include "suite.h"

enum { QUESTIONS = 9, K = 4, N = QUESTIONS * K };

static char dir[64];
static struct mg_tokenizer *tok;
static struct mg_specials sp;
static struct mg_processes *processes;
static struct mg_tools *tools;
static struct mg_policy *policy[2];
static const struct mg_sampling sampled = {.temperature = 1.0f, .top_p = 1.0f};
static const struct mg_rollout_limits limits = {5, 24, 400, 16};
static const char *const agent_names[] = {"search"}, *const calc[] = {"calc"}, *const search[] = {"search"};
static const struct mg_rollout_part asker = {"roles", true, agent_names, NULL, 1, 0};
static const struct mg_rollout_part counter = {"roles", true, NULL, calc, 0, 1};
static const struct mg_rollout_part searcher = {"roles", false, NULL, search, 0, 1};

static void
setup(void)
{
    struct mg_policy_limits l = {.slots = 64, .context = 1024, .max_tokens = 4096};

    mg_err_clear(&err);
    strcpy(dir, "/tmp/check_rollout_tools.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    mg_ok(mg_fake_tokenizer(&tok, &err));
    mg_ok(mg_specials_find(tok, &sp, &err));
    mg_ok(mg_processes_create(4, &processes, &err));
    for (int i = 0; i < 2; i++)
        mg_ok(mg_policy_open(dir, &l, &policy[i], &err));
}

static void
teardown(void)
{
    char command[128];

    mg_processes_destroy(processes);
    mg_tools_close(tools);
    for (int i = 0; i < 2; i++)
        mg_policy_close(policy[i]);
    mg_tokenizer_free(tok);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    ck_assert_int_eq(system(command), 0);
}

/* The tool `name` runs a script of the shell. */
static void
use(const char *name, const char *script)
{
    const char *command[] = {"/bin/sh", "-c", script, NULL};
    struct mg_tool_spec spec = {
        .name = name,
        .kind = "exec",
        .command = command,
        .folder = dir,
        .limits = {.seconds = 1.0, .memory = 512, .files = 32, .processes = 16, .file_size = 1, .output = 48}};

    mg_tools_close(tools);
    mg_ok(mg_tools_open(&spec, 1, processes, &tools, &err));
}

static enum mg_status
count_end(void *arg, struct mg_rollout *r, struct mg_err *e)
{
    (void)e;
    *(unsigned *)arg += r->state == MG_ROLLOUT_DONE;
    return MG_OK;
}

static struct mg_rollouts *
new_rollouts(uint32_t slots, unsigned *ended)
{
    struct mg_rollouts_config c = {.policy = policy[0],
                                   .tok = tok,
                                   .part = counter,
                                   .tools = tools,
                                   .limits = limits,
                                   .seed = 5,
                                   .event = count_end,
                                   .arg = ended};
    struct mg_rollouts *b = NULL;

    c.limits.slots = slots;
    mg_ok(mg_rollouts_create(&c, &b, &err));
    return b;
}

static void
add_all(struct mg_rollouts *b)
{
    mg_rollouts_begin(b, &sampled);
    for (uint32_t i = 0; i < N; i++) {
        struct mg_key key = {.phase = 1, .question = i / K, .rollout = i % K};
        char text[64];

        snprintf(text, sizeof text, "What is %u plus %u and so on?", i / K, 7 * (i / K));
        mg_ok(mg_rollouts_add(b, &key, text, &err));
    }
}

static void
run(struct mg_rollouts *b)
{
    bool busy = true;

    add_all(b);
    while (busy)
        mg_ok(mg_rollouts_tick(b, &busy, &err));
    ck_assert_uint_eq(mg_rollouts_done(b), N);
}

/* ---- Time ---- */

static void
expect_same(struct mg_rollouts *a, struct mg_rollouts *b)
{
    for (size_t i = 0; i < N; i++) {
        const struct mg_rollout *x = mg_rollouts_get(a, i), *y = mg_rollouts_get(b, i);

        ck_assert_mem_eq(&x->t.key, &y->t.key, sizeof x->t.key);
        ck_assert_uint_eq(x->t.len, y->t.len);
        ck_assert_mem_eq(x->t.ids, y->t.ids, x->t.len * sizeof *x->t.ids);
        ck_assert_mem_eq(x->t.mask, y->t.mask, x->t.len);
        ck_assert_mem_eq(x->t.logprob, y->t.logprob, x->t.len * sizeof *x->t.logprob);
        ck_assert_int_eq(x->fault, y->fault);
        ck_assert_uint_eq(x->calls, y->calls);
    }
}

/* The same results, now some late, now the others, now one dialogue at a time. */
START_TEST(results_in_another_order_change_no_bit)
{
    static const struct {
        const char *late;
        uint32_t slots;
    } ways[] = {{"none", 16}, {"*[13579]*", 16}, {"*[02468]*", 16}, {"none", 1}};
    struct mg_rollouts *first = NULL;
    unsigned ended = 0, calls = 0;

    use("calc", "x=$(tr -d '\"{}'); case $x in $(cat late)) sleep 0.15;; esac; echo \"said $x\"");
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct mg_rollouts *b = new_rollouts(ways[i].slots, &ended);
        char path[96];

        snprintf(path, sizeof path, "%s/late", dir);
        mg_ok(mg_file_write_atomic(path, ways[i].late, strlen(ways[i].late), &err));
        run(b);
        if (first != NULL) {
            expect_same(first, b);
            mg_rollouts_destroy(b);
        } else {
            first = b;
        }
    }
    for (size_t i = 0; i < N; i++)
        calls += mg_rollouts_get(first, i)->calls;
    ck_assert_uint_gt(calls, QUESTIONS);
    ck_assert_uint_eq(ended, N * sizeof ways / sizeof ways[0]);
    mg_rollouts_destroy(first);
}
END_TEST

START_TEST(slow_tools_hold_nobody_up)
{
    unsigned ended = 0;
    struct mg_rollouts *b;
    bool busy = true, overtaken = false;

    use("calc", "sleep 0.2; echo 7");
    b = new_rollouts(16, &ended);
    add_all(b);
    while (busy) {
        bool called = false, answered = false;

        mg_ok(mg_rollouts_tick(b, &busy, &err));
        for (size_t i = 0; i < N; i++) {
            const struct mg_rollout *r = mg_rollouts_get(b, i);

            called |= r->state == MG_ROLLOUT_CALLING && r->calls == 0;
            answered |= r->answer != NULL;
        }
        overtaken |= called && answered;
    }
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

    use("calc", "sleep 0.2; echo 7");
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
        "kill -9 $$", "exit 1", "sleep 1000", "printf '\\377'", "b() { b & b & wait; }; b",
    };
    struct mg_rollouts *good;
    unsigned ended = 0, without = 0;

    use("calc", "echo 7");
    good = new_rollouts(16, &ended);
    run(good);
    for (size_t s = 0; s < sizeof scripts / sizeof scripts[0]; s++) {
        struct mg_rollouts *b;
        unsigned failed = 0;
        double start = mg_clock();

        use("calc", scripts[s]);
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

        use("calc", cases[c].script);
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
        struct mg_play_config c = {.n_agents = 2,
                                   .name = {"main", "search"},
                                   .policy = {policy[0], policy[1]},
                                   .part = {asker, searcher},
                                   .limits = {limits, limits},
                                   .tok = tok};
        struct mg_rollouts *s;
        struct mg_play *p;

        use("search", exits[i]);
        c.tools = tools;
        mg_ok(mg_play_create(&c, &p, &err));
        mg_play_begin(p, &sampled);
        for (uint32_t q = 0; q < N; q++)
            mg_ok(mg_play_add(p, &(struct mg_key){.question = q}, "What is the capital of Peru?", NULL, &err));
        mg_ok(mg_play_run(p, &err));
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
    struct mg_play_config c = {.n_agents = 2,
                               .name = {"main", "search"},
                               .policy = {policy[0], policy[1]},
                               .part = {asker, searcher},
                               .limits = {limits, limits},
                               .tok = tok};
    struct mg_play *p;
    struct mg_rollouts *s;
    unsigned failed = 0;

    use("search", "exit 1");
    c.tools = tools;
    mg_ok(mg_play_create(&c, &p, &err));
    mg_play_begin(p, &sampled);
    for (uint32_t q = 0; q < N; q++)
        mg_ok(mg_play_add(p, &(struct mg_key){.question = q}, "What is the capital of Peru?", NULL, &err));
    mg_ok(mg_play_run(p, &err));
    s = mg_play_rollouts(p, 1);
    for (size_t i = 0; i < mg_rollouts_count(s); i++) {
        const struct mg_rollout *from = mg_rollouts_get(s, i), *to;

        to = mg_rollouts_get(mg_play_rollouts(p, 0), from->t.key.question);
        if (from->unavailable != NULL)
            ck_assert_str_eq(to->unavailable, from->unavailable);
        failed += from->unavailable != NULL;
    }
    ck_assert_uint_gt(failed, 0);
    mg_play_destroy(p);
}
END_TEST

int
main(int argc, char **argv)
{
    Suite *suite = suite_create("rollout_tools");
    TCase *tc = tcase_create("rollout_tools");

    mg_keeper_enter(argc, argv);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 240);
    tcase_add_test(tc, results_in_another_order_change_no_bit);
    tcase_add_test(tc, slow_tools_hold_nobody_up);
    tcase_add_test(tc, calls_end_with_their_dialogues);
    tcase_add_test(tc, failed_tools_are_nobodys_fault);
    tcase_add_test(tc, refusals_and_cuts_are_read);
    tcase_add_test(tc, a_role_of_its_own_has_no_refusals);
    tcase_add_test(tc, a_failure_reaches_the_caller);
    suite_add_tcase(suite, tc);
    return suite_main(suite);
}
