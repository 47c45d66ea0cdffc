/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of an agent that stand alone: the list of phases, the questions, the tools. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/phase.h"
#include "question/question_file.h"
#include "small_world.h"
#include "scratch.h"
#include "suite.h"

static char dir[64];
static struct mg_question_file file;

static void
make_world(void)
{
    scratch_make(dir);
    ck_assert_msg(mg_small_world(dir, &err) == MG_OK, "%s", err.text);
}

static void
remove_dir(void)
{
    scratch_remove(dir);
}

/* ---- Phases ---- */

static void
list(const struct mg_plan *plan, char out[512])
{
    out[0] = '\0';
    for (uint32_t i = 0; i < mg_plan_length(plan); i++) {
        struct mg_phase phase = mg_plan_phase(plan, i);

        ck_assert_uint_eq(phase.number, i);
        ck_assert_int_eq(phase.kind == MG_PHASE_TRAIN, strcmp(mg_phase_name(plan, &phase), "train") == 0);
        sprintf(out + strlen(out), "%s%s@%u", i > 0 ? " " : "", mg_phase_name(plan, &phase), phase.step);
    }
}

START_TEST(the_phases_of_a_run)
{
    static const struct {
        struct mg_plan plan;
        const char *list;
    } expected[] = {
        {{.steps = 3, .evals = true}, "before@0 before-greedy@0 train@0 train@1 train@2 after@3 after-greedy@3"},
        {{.steps = 5, .eval_every = 2, .evals = true},
         "before@0 before-greedy@0 train@0 train@1 during@2 train@2 train@3 during@4 train@4 after@5 after-greedy@5"},
        {{.steps = 4, .eval_every = 2, .evals = true},
         "before@0 before-greedy@0 train@0 train@1 during@2 train@2 train@3 after@4 after-greedy@4"},
        {{.steps = 3, .eval_every = 1}, "train@0 train@1 train@2"},
        {{.steps = 1, .eval_every = 1, .evals = true}, "before@0 before-greedy@0 train@0 after@1 after-greedy@1"},
        {{.evals = true}, "before@0 before-greedy@0 after@0 after-greedy@0"},
        {{.steps = 4, .end = {2}, .n_ends = 1}, "train@0 train@1 train@2 train@3"},
        {{.steps = 4, .evals = true, .end = {2, 3}, .n_ends = 2},
         "before@0 before-greedy@0 train@0 train@1 after@2 after-greedy@2 train@2 after@3 after-greedy@3 train@3 "
         "after@4 after-greedy@4"},
        {{.steps = 5, .eval_every = 2, .evals = true, .end = {3}, .n_ends = 1},
         "before@0 before-greedy@0 train@0 train@1 during@2 train@2 after@3 after-greedy@3 train@3 during@4 train@4 "
         "after@5 after-greedy@5"},
        {{.steps = 5, .eval_every = 2, .evals = true, .end = {2}, .n_ends = 1},
         "before@0 before-greedy@0 train@0 train@1 after@2 after-greedy@2 train@2 train@3 during@4 train@4 after@5 "
         "after-greedy@5"},
    };
    char got[512];

    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        list(&expected[i].plan, got);
        ck_assert_str_eq(got, expected[i].list);
    }
}
END_TEST

/* A phase that a run of as many steps from the start has too is drawn as there: the same number without the extra
 * ones. */
START_TEST(an_extended_run_draws_as_a_longer_one)
{
    const struct mg_plan longer = {.steps = 12, .eval_every = (uint32_t)_i, .evals = _i < 6};
    struct mg_plan plan = longer;
    uint32_t seen = 0;

    plan.end[plan.n_ends++] = 3;
    plan.end[plan.n_ends++] = 4;
    plan.end[plan.n_ends++] = 10;
    for (uint32_t i = 0; i < mg_plan_length(&plan); i++) {
        struct mg_phase here = mg_plan_phase(&plan, i), there = mg_plan_phase(&longer, i - here.extra);

        if (here.kind != MG_PHASE_TRAIN)
            continue;
        ck_assert_int_eq(there.kind, MG_PHASE_TRAIN);
        ck_assert_uint_eq(there.step, here.step);
        ck_assert_uint_eq(here.step, seen);
        seen++;
    }
    ck_assert_uint_eq(seen, 12);
}
END_TEST

/* ---- Questions ---- */

static void
load(void)
{
    char path[96];

    snprintf(path, sizeof path, "%s/questions.jsonl", dir);
    mg_err_clear(&err);
    ck_assert_msg(mg_question_file_load(path, &file, &err) == MG_OK, "%s", err.text);
}

static void
unload(void)
{
    mg_question_file_free(&file);
}

START_TEST(answers_of_questions_and_steps)
{
    bool known, right;
    double expert;

    for (uint32_t i = 0; i < file.n; i += 37) {
        const struct mg_asked *q = &file.q[i];

        ck_assert_int_eq(mg_asked_correct(q, q->answer.text, &right, &err), MG_OK);
        ck_assert(right);
        ck_assert_int_eq(mg_asked_correct(q, "no such answer", &right, &err), MG_OK);
        ck_assert(!right);
        ck_assert_int_eq(mg_asked_correct(q, NULL, &right, &err), MG_OK);
        ck_assert(!right);
        for (uint32_t j = 0; j < q->n_steps; j++) {
            ck_assert_int_eq(mg_expert_verdict(&file, q->step[j].ask, q->step[j].answer.text, &known, &expert, &err),
                             MG_OK);
            ck_assert(known);
            ck_assert_double_eq(expert, 1.0);
            ck_assert_int_eq(mg_expert_verdict(&file, q->step[j].ask, "no such answer", &known, &expert, &err), MG_OK);
            ck_assert(known);
            ck_assert_double_eq(expert, 0.0);
        }
    }
    ck_assert_int_eq(mg_expert_verdict(&file, "what is the meaning of it all", "42", &known, &expert, &err), MG_OK);
    ck_assert(!known);
    ck_assert_double_eq(expert, 0.0);
}
END_TEST

static enum mg_status
draw(const struct mg_question_file *f, enum mg_split split, uint64_t seed, uint32_t stream, bool once, uint32_t *index,
     uint32_t n)
{
    const struct mg_draw how = {.split = split, .seed = seed, .stream = stream, .once = once};

    return mg_question_draw(f, &how, index, n, &err);
}

START_TEST(a_draw_of_few_hops_has_no_others)
{
    struct mg_draw how = {.split = MG_SPLIT_TRAIN, .max_hops = 1, .seed = 5, .stream = 3};
    uint32_t few[64], any[64], more[80], n_long = 0;

    mg_ok(mg_question_draw(&file, &how, few, 64, &err));
    how.max_hops = 0;
    mg_ok(mg_question_draw(&file, &how, any, 64, &err));
    mg_ok(mg_question_draw(&file, &how, more, 80, &err));
    for (int i = 0; i < 64; i++) {
        ck_assert_uint_le(file.q[few[i]].hops, 1);
        n_long += file.q[any[i]].hops > 1;
    }
    ck_assert_uint_gt(n_long, 10);
    ck_assert_mem_eq(any, more, sizeof any); /* the first of more are those of fewer */
}
END_TEST

START_TEST(draws_are_functions_of_their_key)
{
    uint32_t a[64], b[64], c[64];

    ck_assert_int_eq(draw(&file, MG_SPLIT_TRAIN, 5, 3, false, a, 64), MG_OK);
    ck_assert_int_eq(draw(&file, MG_SPLIT_TRAIN, 5, 3, false, b, 64), MG_OK);
    ck_assert_mem_eq(a, b, sizeof a);
    ck_assert_int_eq(draw(&file, MG_SPLIT_TRAIN, 5, 4, false, c, 64), MG_OK);
    ck_assert_mem_ne(a, c, sizeof a);
    ck_assert_int_eq(draw(&file, MG_SPLIT_TRAIN, 6, 3, false, c, 64), MG_OK);
    ck_assert_mem_ne(a, c, sizeof a);
    for (int i = 0; i < 64; i++)
        ck_assert_int_eq(file.q[a[i]].split, MG_SPLIT_TRAIN);
}
END_TEST

/* No question twice before all of its template have come, and every template about as often as any other. */
START_TEST(draws_are_distinct_and_balanced)
{
    uint32_t index[300], *seen = calloc(file.n, sizeof *seen), *kind = calloc(file.n_templates, sizeof *kind);
    uint32_t templates = 0, most = 0, *room = calloc(file.n_templates, sizeof *room);

    for (uint32_t i = 0; i < file.n; i++)
        if (file.q[i].split == MG_SPLIT_TRAIN)
            templates += room[file.q[i].kind]++ == 0;
    ck_assert_int_eq(draw(&file, MG_SPLIT_TRAIN, 1, 0, false, index, 300), MG_OK);
    for (int i = 0; i < 300; i++) {
        uint32_t k = file.q[index[i]].kind;

        kind[k]++;
        most = kind[k] > most ? kind[k] : most;
        ck_assert_uint_le(++seen[index[i]], (kind[k] + room[k] - 1) / room[k]);
    }
    /* five standard deviations of a multinomial count above its mean */
    ck_assert_uint_le((most - 300 / templates) * (most - 300 / templates), 25 * (300 / templates + 1));
    free(seen);
    free(kind);
    free(room);
}
END_TEST

/* Each question of a split at most once, however few its template has: all of them, if so many are asked for. The draws
 * are the same as with repetition up to the first question that would come twice. */
START_TEST(an_evaluation_asks_each_question_once)
{
    uint32_t n = mg_question_count(&file, MG_SPLIT_TEST), same = 0;
    uint32_t *once = calloc(n, sizeof *once), *again = calloc(n, sizeof *again), *seen = calloc(file.n, sizeof *seen);

    ck_assert_uint_gt(n, 300);
    ck_assert_uint_eq(mg_question_most(&file, MG_SPLIT_TEST, 300), 300);
    ck_assert_uint_eq(mg_question_most(&file, MG_SPLIT_TEST, 1000000), n);
    mg_ok(draw(&file, MG_SPLIT_TEST, 1, 0, true, once, n));
    mg_ok(draw(&file, MG_SPLIT_TEST, 1, 0, false, again, n));
    for (uint32_t i = 0; i < n; i++) {
        ck_assert_uint_eq(++seen[once[i]], 1);
        ck_assert_int_eq(file.q[once[i]].split, MG_SPLIT_TEST);
    }
    memset(seen, 0, file.n * sizeof *seen);
    while (same < n && ++seen[again[same]] == 1)
        same++;
    ck_assert_uint_lt(same, n);
    ck_assert_mem_eq(once, again, same * sizeof *once);
    ck_assert_int_eq(draw(&file, MG_SPLIT_TEST, 1, 0, true, once, n + 1), MG_INPUT);
    suite_says(err.text, "each once");
    free(once);
    free(again);
    free(seen);
}
END_TEST

static void
expect_refused(const char *text, const char *part)
{
    struct mg_question_file f = {0};
    char path[96];
    FILE *out;

    snprintf(path, sizeof path, "%s/bad.jsonl", dir);
    out = fopen(path, "w");
    fputs(text, out);
    fclose(out);
    mg_err_clear(&err);
    ck_assert_int_eq(mg_question_file_load(path, &f, &err), MG_INPUT);
    ck_assert_msg(strstr(err.text, part) != NULL, "%s", err.text);
    ck_assert_ptr_null(f.q);
}

START_TEST(bad_question_files)
{
    expect_refused("", "holds no questions");
    expect_refused("{", "bad.jsonl:1: ");
    expect_refused("[]\n", "not a JSON object");
    expect_refused("{\"split\":\"train\",\"id\":\"a\",\"question\":\"b\",\"answer\":7}\n", "\"answer\"");
    expect_refused("{\"split\":\"train\",\"id\":\"a\",\"question\":\"b\\u0000c\",\"answer\":\"d\"}\n", "u0000");
    expect_refused("{\"split\":\"exam\",\"id\":\"a\",\"question\":\"b\",\"answer\":\"c\"}\n", "\"split\" is exam");
    expect_refused("{\"split\":\"test\",\"id\":\"a\",\"question\":\"b\",\"answer\":\"c\",\"aliases\":{}}\n", "aliases");
    expect_refused("{\"split\":\"test\",\"id\":\"a\",\"question\":\"b\",\"answer\":\"c\",\"steps\":[{}]}\n", "\"ask\"");
}
END_TEST

#define QUESTION(id, hops, answer, more)                                                                               \
    "{\"split\":\"train\",\"id\":\"" id "\",\"hops\":" hops ",\"question\":\"b\",\"answer\":\"" answer "\"" more "}\n"
#define STEP(answer) ",\"steps\":[{\"ask\":\"Where is it?\",\"answer\":\"" answer "\"}]"

/* Each line is well formed; nothing could be learnt from them, or nobody could say which one is meant. */
START_TEST(questions_that_cannot_be_answered_are_refused)
{
    expect_refused(QUESTION("x", "1", "", ""), "bad.jsonl:1: the answer \"\" can never be right");
    expect_refused(QUESTION("x", "1", "c", "") QUESTION("y", "1", "?!", ""),
                   ":2: the answer \"?!\" can never be right");
    expect_refused(QUESTION("x", "1", "None", ""), "can never be right");
    expect_refused(QUESTION("x", "1", "c", STEP("none")), ":1: step 1: the answer \"none\" can never be right");
    expect_refused(QUESTION("x", "0", "c", ""), "\"hops\"");
    expect_refused(QUESTION("x", "17", "c", ""), "\"hops\"");
    expect_refused(QUESTION("x", "\"2\"", "c", ""), "\"hops\"");
    expect_refused(QUESTION("x", "1", "c", "") QUESTION("y", "1", "c", "") QUESTION("x", "1", "c", ""),
                   ":3: the id x is that of line 1");
    expect_refused(QUESTION("x", "1", "c", STEP("Rome")) QUESTION("y", "1", "c", STEP("Paris")),
                   ":2: the step \"Where is it?\" has the answer \"Paris\", and before it \"Rome\"");
}
END_TEST

/* An alias can be right where the answer cannot; two answers to a step may have an alias in common. */
START_TEST(aliases_count_as_answers)
{
    struct mg_question_file f;
    char path[96];

    snprintf(path, sizeof path, "%s/good.jsonl", dir);
    scratch_put(dir, "good.jsonl",
                QUESTION("x", "16", "...", ",\"aliases\":[\"dots\"]")
                    QUESTION("y", "1", "c", ",\"steps\":[{\"ask\":\"Who?\",\"answer\":\"UK\"}]") QUESTION(
                        "z", "1", "c", ",\"steps\":[{\"ask\":\"who\",\"answer\":\"Britain\",\"aliases\":[\"UK\"]}]"));
    mg_ok(mg_question_file_load(path, &f, &err));
    ck_assert_uint_eq(f.n, 3);
    mg_question_file_free(&f);
}
END_TEST

START_TEST(a_split_without_questions)
{
    struct mg_question_file one = {0};
    uint32_t index;
    char path[96];
    FILE *out;

    snprintf(path, sizeof path, "%s/one.jsonl", dir);
    out = fopen(path, "w");
    fputs("{\"split\":\"dev\",\"id\":\"a\",\"question\":\"b\",\"answer\":\"c\"}\n", out);
    fclose(out);
    ck_assert_int_eq(mg_question_file_load(path, &one, &err), MG_OK);
    ck_assert_int_eq(draw(&one, MG_SPLIT_DEV, 1, 1, false, &index, 1), MG_OK);
    ck_assert_int_eq(draw(&one, MG_SPLIT_TEST, 1, 1, false, &index, 1), MG_INPUT);
    mg_question_file_free(&one);
}
END_TEST

int
main(void)
{
    TCase *phases = suite_case("agent phases", NULL, NULL, 0), *questions = suite_case("questions", load, unload, 60);

    suite_tests(phases, the_phases_of_a_run);
    tcase_add_loop_test(phases, an_extended_run_draws_as_a_longer_one, 0, 8);
    tcase_add_unchecked_fixture(questions, make_world, remove_dir);
    suite_tests(questions, answers_of_questions_and_steps, a_draw_of_few_hops_has_no_others,
                draws_are_functions_of_their_key, draws_are_distinct_and_balanced,
                an_evaluation_asks_each_question_once, bad_question_files,
                questions_that_cannot_be_answered_are_refused, aliases_count_as_answers, a_split_without_questions);
    return suite_main();
}
