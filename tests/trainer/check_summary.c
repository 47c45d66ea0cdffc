/* SPDX-License-Identifier: Apache-2.0 */
/* The summary of a run: which lines it counts, and what it says where there are none. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "run/metrics.h"
#include "scratch.h"
#include "suite.h"
#include "report/summary.h"

static char folder[64];
static struct mg_agent_config agents[] = {
    {.name = (char *)"main"}, {.name = (char *)"search"}, {.name = (char *)"calc"}};
static const struct mg_config config = {.agent = agents, .n_agents = 3};

static void
put(const char *name, const char *lines)
{
    scratch_put(folder, name, lines);
}

static void
begin(void)
{
    char path[256];

    scratch_make(folder);
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, agents[i].name);
        ck_assert_int_eq(mg_dir_make(path, &err), MG_OK);
    }
}

static void
end(void)
{
    static const char *const names[] = {"main/metrics.jsonl",
                                        "main/timing.jsonl",
                                        "search/metrics.jsonl",
                                        "calc/metrics.jsonl",
                                        "summary.json",
                                        "main",
                                        "search",
                                        "calc",
                                        ""};
    char path[256];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    ck_assert_msg(access(folder, F_OK) != 0, "%s is not empty", folder);
}

#define BEFORE                                                                                                         \
    "{\"phase\":0,\"name\":\"before\",\"trajectories\":40,\"success\":0.25,\"lo\":0.14,\"hi\":0.40,\"calls\":1.5,"     \
    "\"tokens_generated\":100}\n"
#define GREEDY                                                                                                         \
    "{\"phase\":1,\"name\":\"before-greedy\",\"trajectories\":40,\"success\":0.5,\"lo\":0.35,\"hi\":0.65,\"calls\":2," \
    "\"tokens_generated\":10}\n"
#define TRAIN                                                                                                          \
    "{\"phase\":2,\"name\":\"train\",\"trajectories\":128,\"success\":0.9,\"calls\":3,\"tokens_generated\":1000,"      \
    "\"tokens_forward\":5000}\n"
#define DURING                                                                                                         \
    "{\"phase\":3,\"name\":\"during\",\"trajectories\":40,\"success\":0.7,\"calls\":9,\"tokens_generated\":1}\n"
#define AFTER                                                                                                          \
    "{\"phase\":4,\"name\":\"after\",\"trajectories\":40,\"success\":0.75,\"lo\":0.60,\"hi\":0.86,\"calls\":2.5,"      \
    "\"tokens_generated\":200}\n"
#define TIMES                                                                                                          \
    "{\"phase\":0,\"name\":\"before\",\"rollout\":1.5,\"wait\":0.5,\"learn\":0.25}\n"                                  \
    "{\"phase\":2,\"name\":\"train\",\"rollout\":4,\"wait\":1,\"learn\":2}\n"

static struct mg_summary
read_all(void)
{
    struct mg_summary s;

    ck_assert_msg(mg_summary_read(folder, &config, &s, &err) == MG_OK, "%s", err.text);
    return s;
}

START_TEST(a_whole_run)
{
    struct mg_summary s;

    put("main/metrics.jsonl", BEFORE GREEDY TRAIN DURING TRAIN AFTER);
    put("main/timing.jsonl", TIMES);
    put("search/metrics.jsonl",
        "{\"phase\":0,\"name\":\"before\",\"expert\":0.4,\"verdicts\":20,\"tokens_generated\":7}\n"
        "{\"phase\":1,\"name\":\"before-greedy\",\"expert\":0,\"verdicts\":0}\n"
        "{\"phase\":2,\"name\":\"train\",\"expert\":1,\"verdicts\":20,\"tokens_forward\":70}\n"
        "{\"phase\":4,\"name\":\"after\",\"expert\":0.8,\"verdicts\":20,\"lo\":0.5,\"hi\":0.95}\n");
    put("calc/metrics.jsonl",
        "{\"phase\":0,\"name\":\"before\",\"expert\":0.9,\"verdicts\":5,\"tokens_generated\":3}\n");
    s = read_all();
    ck_assert_double_eq(s.steps, 2.0);
    ck_assert_double_eq(s.seconds, 7.75);
    ck_assert_double_eq(s.tokens, 100.0 + 10.0 + 2.0 * 6000.0 + 1.0 + 200.0 + 77.0 + 3.0);
    ck_assert(s.sampled[0].there && s.sampled[0].n == 40.0 && s.sampled[0].success == 0.25);
    ck_assert(s.sampled[0].lo == 0.14 && s.sampled[0].hi == 0.40 && s.sampled[0].calls == 1.5);
    ck_assert(s.sampled[1].there && s.sampled[1].success == 0.75 && s.sampled[1].calls == 2.5);
    ck_assert_double_eq_tol(s.sampled[0].expert[1].mean, 0.4, 1e-15);
    ck_assert_double_eq_tol(s.sampled[0].expert[1].hi, mg_wilson(8.0, 20.0).hi, 1e-15);
    ck_assert_double_eq_tol(s.sampled[1].expert[1].mean, 0.8, 1e-15);
    ck_assert(s.sampled[1].expert[1].lo == 0.5 && s.sampled[1].expert[1].hi == 0.95);
    ck_assert(s.greedy[0].there && s.greedy[0].success == 0.5 && !s.greedy[1].there);
    ck_assert(s.sampled[0].expert[2].n == 5.0 && isnan(s.sampled[1].expert[2].mean));
    ck_assert(isnan(s.greedy[0].expert[1].mean) && isnan(s.greedy[1].expert[1].mean));
}
END_TEST

START_TEST(a_run_that_has_just_begun)
{
    struct mg_summary s;

    put("main/metrics.jsonl", "");
    put("main/timing.jsonl", "");
    s = read_all();
    ck_assert(s.steps == 0.0 && s.tokens == 0.0 && s.seconds == 0.0 && !s.sampled[0].there && !s.greedy[0].there);
}
END_TEST

static double
at(const json_t *root, const char *a, const char *b, const char *c)
{
    const json_t *x = json_object_get(json_object_get(root, a), b);

    x = json_object_get(x, c);
    ck_assert_msg(json_is_number(x), "no %s.%s.%s", a, b, c);
    return json_number_value(x);
}

START_TEST(the_file_says_the_same)
{
    struct mg_summary s;
    char path[256];
    json_t *root, *greedy, *after;

    put("main/metrics.jsonl", BEFORE TRAIN AFTER);
    put("main/timing.jsonl", TIMES);
    s = read_all();
    ck_assert_msg(mg_summary_write(folder, &s, &err) == MG_OK, "%s", err.text);
    snprintf(path, sizeof path, "%s/summary.json", folder);
    root = json_load_file(path, 0, NULL);
    ck_assert_double_eq(json_number_value(json_object_get(root, "seconds")), 7.75);
    ck_assert_int_eq(json_integer_value(json_object_get(root, "steps")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(root, "tokens")), 6300);
    ck_assert_double_eq(at(root, "held_out", "before", "n"), 40.0);
    ck_assert_double_eq_tol(at(root, "held_out", "before", "success"), 0.25, 1e-6);
    ck_assert_double_eq_tol(at(root, "held_out", "after", "lo"), 0.60, 1e-6);
    ck_assert_double_eq_tol(at(root, "held_out", "after", "hi"), 0.86, 1e-6);
    ck_assert_double_eq_tol(at(root, "held_out", "after", "calls"), 2.5, 1e-6);
    after = json_object_get(json_object_get(root, "held_out"), "after");
    ck_assert(json_is_null(json_object_get(json_object_get(after, "expert"), "calc")));
    greedy = json_object_get(json_object_get(root, "greedy"), "held_out");
    ck_assert(json_is_null(json_object_get(greedy, "before")) && json_is_null(json_object_get(greedy, "after")));
    json_decref(root);
}
END_TEST

/* A number without a JSON form is null in the file, not a file without its number. */
START_TEST(a_missing_number_is_null)
{
    struct mg_summary s;
    char path[256];
    json_t *root, *before;

    put("main/metrics.jsonl", "{\"phase\":0,\"name\":\"before\",\"trajectories\":3,\"success\":null}\n");
    put("main/timing.jsonl", "");
    s = read_all();
    ck_assert(isnan(s.sampled[0].success) && isnan(s.sampled[0].lo));
    ck_assert_msg(mg_summary_write(folder, &s, &err) == MG_OK, "%s", err.text);
    snprintf(path, sizeof path, "%s/summary.json", folder);
    root = json_load_file(path, 0, NULL);
    before = json_object_get(json_object_get(root, "held_out"), "before");
    ck_assert(json_integer_value(json_object_get(before, "n")) == 3 &&
              json_is_null(json_object_get(before, "success")));
    json_decref(root);
}
END_TEST

/* The table as printed, malloc'ed. */
static char *
table_of(const struct mg_summary *s)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    mg_summary_print(to, s);
    fclose(to);
    return text;
}

START_TEST(the_table_has_a_row_for_each)
{
    struct mg_summary s;
    char *text;

    put("main/metrics.jsonl", BEFORE GREEDY TRAIN);
    put("main/timing.jsonl", TIMES);
    put("search/metrics.jsonl", "{\"phase\":0,\"name\":\"before\",\"expert\":0.4,\"verdicts\":20}\n");
    s = read_all();
    text = table_of(&s);
    suite_says(text, "search right             calc right   calls\n", "before, as sampled",
               "40   0.250 [0.140, 0.400]   0.400 [0.219, 0.613]                      -    1.50\n", "before, greedy");
    ck_assert_ptr_null(strstr(text, "after"));
    ck_assert_ptr_nonnull(strstr(text, "1 train steps"));
    free(text);
}
END_TEST

/* Lines of another making: no name, counts that are none or more than can be added up. */
START_TEST(strange_lines_are_no_danger)
{
    struct mg_summary s;

    put("main/metrics.jsonl", "{}\n{\"name\":3}\n{\"name\":\"before\",\"trajectories\":1e300,\"success\":\"x\"}\n"
                              "{\"tokens_forward\":9223372036854775807,\"tokens_generated\":9223372036854775807}\n"
                              "{\"tokens_forward\":-5}\n");
    put("main/timing.jsonl", "{}\n{\"rollout\":\"1\"}\n");
    s = read_all();
    ck_assert(s.sampled[0].there && s.sampled[0].n == 0.0 && isnan(s.sampled[0].success));
    ck_assert(s.steps == 0.0 && s.seconds == 0.0 && s.tokens == 0x1p64);
    ck_assert_msg(mg_summary_write(folder, &s, &err) == MG_OK, "%s", err.text);
}
END_TEST

START_TEST(damaged_metrics_are_told)
{
    struct mg_summary s;

    mg_fails(mg_summary_read(folder, &config, &s, &err), MG_INPUT, "main/metrics.jsonl");
    mg_err_clear(&err);
    put("main/metrics.jsonl", BEFORE "[]\n");
    put("main/timing.jsonl", TIMES);
    mg_fails(mg_summary_read(folder, &config, &s, &err), MG_INPUT, "main/metrics.jsonl");
}
END_TEST

#define TAUGHT                                                                                                         \
    "{\"phase\":2,\"name\":\"train\",\"trajectories\":128,\"groups\":16,\"no_signal\":0.75,\"cut_length\":5,"          \
    "\"cut_context\":2,\"tokens_trained\":300}\n"
#define IDLE                                                                                                           \
    "{\"phase\":3,\"name\":\"train\",\"trajectories\":128,\"groups\":16,\"no_signal\":1.0,\"cut_length\":128,"         \
    "\"cut_context\":0,\"texts_cut\":7,\"tokens_trained\":0}\n"

/* How much there was to learn from, and whose metrics are not there. */
START_TEST(what_taught_is_told)
{
    struct mg_summary s;
    char *text;

    put("main/metrics.jsonl", BEFORE TAUGHT IDLE);
    put("search/metrics.jsonl", IDLE "{\"phase\":4,\"name\":\"train\",\"groups\":-3,\"no_signal\":\"x\"}\n");
    put("main/timing.jsonl", TIMES);
    s = read_all();
    ck_assert_double_eq(s.signal[0].equal, 28.0);
    ck_assert_double_eq(s.signal[1].steps, 2.0);
    text = table_of(&s);
    suite_says(
        text,
        "main: 300 tokens taught, in 1 of 2 train steps: 88% of 32 groups without signal; of 256 trajectories 133 "
        "cut by length, 2 by context; 7 results and subtasks were cut to fit the context\n",
        "search: none of 2 train steps taught anything: 100% of 16 groups", "calc: its metrics are not here");
    suite_says_not(text, "search: its metrics");
    free(text);
    mg_ok(mg_summary_write(folder, &s, &err));
}
END_TEST

/* The time that passed, with what is neither rollouts nor learning; lines of an older version have no more than
 * those. */
START_TEST(seconds_are_those_that_passed)
{
    put("main/metrics.jsonl", BEFORE);
    put("main/timing.jsonl",
        TIMES "{\"phase\":3,\"name\":\"train\",\"elapsed\":10.5,\"rollout\":4,\"wait\":1,\"learn\":2}\n");
    ck_assert_double_eq(read_all().seconds, 7.75 + 10.5);
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("summary", begin, end, 0), a_whole_run, a_run_that_has_just_begun, the_file_says_the_same,
                a_missing_number_is_null, the_table_has_a_row_for_each, strange_lines_are_no_danger,
                damaged_metrics_are_told, what_taught_is_told, seconds_are_those_that_passed);
    return suite_main();
}
