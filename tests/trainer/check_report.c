/* SPDX-License-Identifier: Apache-2.0 */
/* The page of a run: one well-formed file without outside parts, dialogues of both agents. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_run.h"
#include "base/file.h"
#include "html_form.h"
#include "report/report.h"
#include "run/run_path.h"
#include "scratch.h"
#include "suite.h"

enum { MAX_PAGE = 1 << 20 };

static char folder[64], run[96];

static void
begin(void)
{
    scratch_make(folder);
    snprintf(run, sizeof run, "%s/run", folder);
    fake_run_write(folder);
}

static void
end(void)
{
    fake_run_remove(folder);
}

/* ---- The page ---- */

static char *
page_of_run(void)
{
    struct mg_report r;
    char *text = NULL;
    size_t len = 0;

    ck_assert_msg(mg_report_load(run, &r, &err) == MG_OK, "%s", err.text);
    ck_assert_msg(mg_report_write(&r, mg_run_path(run, MG_RUN_REPORT).text, &err) == MG_OK, "%s", err.text);
    mg_report_free(&r);
    ck_assert_int_eq(mg_file_read(mg_run_path(run, MG_RUN_REPORT).text, MAX_PAGE, &text, &len, &err), MG_OK);
    ck_assert_uint_eq(strlen(text), len);
    return text;
}

static size_t
count(const char *text, const char *part)
{
    size_t n = 0;

    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        n++;
    return n;
}

START_TEST(the_page_is_one_well_formed_file)
{
    char *text = page_of_run();

    ck_assert_int_eq(strncmp(text, "<!DOCTYPE html>", 15), 0);
    html_is_well_formed(text);
    suite_says_not(text, "http:", "https:", "<script", "<link", "<iframe", "<img", "src=", "url(", "@import");
    suite_says(text, "lang=\"en\"", "prefers-color-scheme:dark", "<title>");
    free(text);
}
END_TEST

START_TEST(the_page_says_what_became_of_the_run)
{
    char *text = page_of_run();

    suite_says(text, "0.250 [0.125, 0.375]", "0.750 [0.625, 0.875]", "5 train steps", "step_questions");
    suite_says(text, "before, as sampled", "step 5, as sampled (best)");
    free(text);
}
END_TEST

START_TEST(every_chart_has_a_name_for_those_who_do_not_see_it)
{
    char *text = page_of_run();

    ck_assert_uint_ge(count(text, "<svg"), 8);
    ck_assert_uint_eq(count(text, "role=\"img\""), count(text, "<svg"));
    ck_assert_uint_eq(count(text, "aria-label=\""), count(text, "<svg"));
    free(text);
}
END_TEST

/* What a model or a user wrote stays text. */
START_TEST(texts_are_escaped)
{
    char *text = page_of_run();

    suite_says(text, "Who &lt;b&gt;won&lt;/b&gt; &amp; &quot;why&quot;?", "a&lt;b&gt;&amp;model");
    suite_says_not(text, "<b>won", "a<b>");
    free(text);
}
END_TEST

START_TEST(the_same_run_is_the_same_page)
{
    char *a = page_of_run(), *b = page_of_run();

    ck_assert_str_eq(a, b);
    free(a);
    free(b);
}
END_TEST

/* ---- Dialogues ---- */

static char *
dialogues(unsigned n)
{
    struct mg_report r;
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    ck_assert_msg(mg_report_load(run, &r, &err) == MG_OK, "%s", err.text);
    ck_assert_msg(mg_report_dialogues(to, &r, n, false, &err) == MG_OK, "%s", err.text);
    fclose(to);
    mg_report_free(&r);
    return text;
}

START_TEST(what_was_learnt_comes_first)
{
    char *one = dialogues(1), *both = dialogues(9);

    ck_assert_ptr_nonnull(strstr(one, "a guess"));
    ck_assert_ptr_null(strstr(one, "Known?"));
    ck_assert_ptr_nonnull(strstr(both, "Known?"));
    ck_assert(strstr(both, "a guess") < strstr(both, "Known?"));
    ck_assert_uint_eq(count(both, "Known?"), 2);
    ck_assert_uint_eq(count(both, "yes" MG_NO_TEXT), 2);
    free(one);
    free(both);
}
END_TEST

/* The sub-agent's dialogue stands between the subtask and its result, one control sign is a blank. */
START_TEST(subtasks_are_told_where_they_were_asked)
{
    char *text = dialogues(1);
    const char *at = text;
    static const char *const order[] = {"before, reward 0.1",
                                        "answer",
                                        "a guess",
                                        "after, reward 1.0",
                                        "sub",
                                        "Look it up",
                                        "task",
                                        "search",
                                        "who won",
                                        "page",
                                        "Ada won",
                                        "answer",
                                        "result",
                                        "answer"};

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        at = strstr(at, order[i]);
        ck_assert_msg(at != NULL, "\"%s\" (%zu) is not where it belongs in\n%s", order[i], i, text);
        at += strlen(order[i]);
    }
    free(text);
}
END_TEST

/* ---- Runs that are not whole ---- */

static void
put(const char *side, const char *name, const char *lines)
{
    char path[256];
    FILE *f;

    fake_run_path(path, sizeof path, folder, side, name);
    f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(lines, f);
    ck_assert_int_eq(fclose(f), 0);
}

START_TEST(a_run_that_has_just_begun_is_drawn)
{
    char *text;

    for (int s = 0; s < 2; s++) {
        put(s == 0 ? "main" : "search", "metrics.jsonl", "{\"phase\":0,\"name\":\"bef");
        put(s == 0 ? "main" : "search", "timing.jsonl", "");
    }
    text = page_of_run();
    html_is_well_formed(text);
    ck_assert_ptr_nonnull(strstr(text, "0 train steps"));
    ck_assert_uint_eq(count(text, "<section"), 0);
    suite_says(text, "This run has not ended: step 0 of 80.");
    free(text);
}
END_TEST

/* A run that was cut in the middle says where, lists and draws what was evaluated, and shows the newest evaluation. */
START_TEST(a_run_cut_in_the_middle_says_so)
{
    static const char lines[] =
        "{\"phase\":0,\"name\":\"before\",\"step\":0,\"trajectories\":40,\"success\":0.25,\"lo\":0.14,\"hi\":0.4,"
        "\"calls\":1.5}\n"
        "{\"phase\":1,\"name\":\"before-greedy\",\"step\":0,\"trajectories\":40,\"success\":0.5,\"lo\":0.35,\"hi\":0."
        "65}\n"
        "{\"phase\":2,\"name\":\"train\",\"step\":0,\"trajectories\":128,\"reward\":0.5,\"calls_of\":[3,1],"
        "\"reward_format\":0.1,\"reward_correct\":0.4,\"fault_turn\":2,\"length\":31.5,\"longest\":77}\n"
        "{\"phase\":6,\"name\":\"during\",\"step\":4,\"trajectories\":40,\"success\":0.625,\"lo\":0.47,\"hi\":0.75,"
        "\"calls\":2}\n"
        "{\"phase\":7,\"name\":\"train\",\"step\":4,\"trajectories\":128,\"reward\":0.75,\"calls_of\":[0,2,6],"
        "\"reward_format\":0.1,\"reward_correct\":0.65,\"fault_turn\":0,\"length\":30,\"longest\":70}\n";
    char *text;

    put("main", "metrics.jsonl", lines);
    put("search", "metrics.jsonl",
        "{\"phase\":6,\"name\":\"during\",\"expert\":0.5,\"verdicts\":20,\"lo\":0.2,\"hi\":0.8}\n");
    text = page_of_run();
    html_is_well_formed(text);
    suite_says(text, "This run has not ended: step 2 of 80.", "before, as sampled</td>", "before, greedy</td>",
               "step 4, as sampled (best)</td>", "0.625 [0.470, 0.750]", "0.500 [0.200, 0.800]");
    suite_says(text, "Held-out questions right", "Held-out results right", "Parts of the reward, main",
               "Dialogues by fault, main", "Length of a dialogue, main", "Rollouts by their subtasks");
    suite_says(text, "at step 4, reward", "which is no random sample");
    ck_assert_uint_eq(count(text, "<rect class=\"bar"), 6);
    free(text);
}
END_TEST

/* Numbers that are none, lists that are too long, and keys of other types than they should be are drawn as what is
 * missing. */
START_TEST(odd_metrics_are_drawn)
{
    char *text, many[8192];
    size_t n;

    snprintf(many, sizeof many,
             "{\"phase\":\"x\",\"name\":\"during\",\"step\":[],\"success\":\"1\",\"lo\":{},\"hi\":2}\n"
             "{\"phase\":1,\"name\":\"during\",\"step\":5,\"success\":1e300,\"lo\":-1e300,\"hi\":null}\n"
             "{\"phase\":2,\"name\":\"train\",\"step\":1,\"calls_of\":[\"x\",-3,1e300]}\n"
             "{\"phase\":3,\"name\":\"train\",\"step\":2,\"reward\":-1e300,\"calls_of\":[");
    n = strlen(many);
    for (int i = 0; i < 1000; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, "%d,", i % 7);
    snprintf(many + n, sizeof many - n, "1]}\n{\"name\":7}\n{}\n");
    put("main", "metrics.jsonl", many);
    put("search", "metrics.jsonl", "{\"phase\":1,\"name\":\"during\",\"expert\":[],\"verdicts\":-4,\"lo\":\"0\"}\n");
    text = page_of_run();
    html_is_well_formed(text);
    suite_says_not(text, ">nan<", ">inf<", ",nan", ",inf", "-nan", "=\"inf", "=\"nan");
    free(text);
}
END_TEST

/* ---- Where it comes from ---- */

START_TEST(starts_are_told)
{
    char *text, path[256];
    struct mg_path commands = mg_run_path(run, MG_RUN_STARTS);
    FILE *f = fopen(commands.text, "w");

    fputs("{\"date\":\"2026-01-02T03:04:05Z\",\"command\":[\"train\",\"--run\",\"a<b\",7]}\n", f);
    fclose(f);
    put("search", "starts.jsonl",
        "{\"date\":\"2026-01-02T03:04:06Z\",\"mgrpo\":\"0.1\",\"clgrpo\":\"0.1\",\"device\":\"old\"}\n"
        "{\"date\":\"2026-01-03T00:00:00Z\",\"mgrpo\":\"0.2\",\"clgrpo\":\"0.3\",\"device\":\"<new>\",\"driver\":5}\n");
    text = page_of_run();
    html_is_well_formed(text);
    suite_says(text, "2026-01-02T03:04:05Z  mgrpo train --run a&lt;b ?\n",
               "<td>search</td><td>-</td><td>&lt;new&gt;</td><td>-</td><td>0.2</td><td>0.3</td>"
               "<td>2026-01-02T03:04:06Z</td><td>2026-01-03T00:00:00Z</td><td>2</td>");
    free(text);
    unlink(commands.text);
    fake_run_path(path, sizeof path, folder, "search", "starts.jsonl");
    unlink(path);
}
END_TEST

/* ---- Comma-separated values ---- */

START_TEST(metrics_are_rows)
{
    static const char want[] = "agent,phase,name,step,success,odd,elapsed\r\n"
                               "main,0,before,0,0.25,,\r\n"
                               "main,2,train,1,,\"a,\"\"b\"\"\n\",1.5\r\n"
                               "search,2,train,1,,true,\r\n";
    struct mg_path file = mg_run_path(run, MG_RUN_SUMMARY);
    struct mg_file_new *f = NULL;
    struct mg_report r;
    char *text = NULL;
    size_t len = 0;

    put("main", "metrics.jsonl",
        "{\"phase\":0,\"name\":\"before\",\"step\":0,\"success\":0.25,\"hops\":{\"2\":1}}\n"
        "{\"phase\":2,\"name\":\"train\",\"step\":1,\"success\":null,\"odd\":\"a,\\\"b\\\"\\n\",\"calls_of\":[1]}\n");
    put("main", "timing.jsonl", "{\"phase\":1,\"elapsed\":9}\n{\"phase\":2,\"elapsed\":1.5}\n");
    put("search", "metrics.jsonl", "{\"phase\":2,\"name\":\"train\",\"step\":1,\"odd\":true}\n");
    put("search", "timing.jsonl", "");
    mg_ok(mg_report_load(run, &r, &err));
    mg_ok(mg_file_new_open(file.text, &f, &err));
    mg_ok(mg_report_csv(&r, f, &err));
    mg_ok(mg_file_new_commit(&f, &err));
    mg_report_free(&r);
    mg_ok(mg_file_read(file.text, MAX_PAGE, &text, &len, &err));
    ck_assert_str_eq(text, want);
    free(text);
    unlink(file.text);
}
END_TEST

START_TEST(damage_is_told_and_leaves_no_page)
{
    struct mg_report r;

    put("main", "rollouts/000000.jsonl.gz", "damage");
    ck_assert_msg(mg_report_load(run, &r, &err) == MG_OK, "%s", err.text);
    mg_fails(mg_report_write(&r, mg_run_path(run, MG_RUN_REPORT).text, &err), MG_INPUT,
             "main/rollouts/000000.jsonl.gz");
    ck_assert_int_ne(access(mg_run_path(run, MG_RUN_REPORT).text, F_OK), 0);
    mg_report_free(&r);
    put("search", "timing.jsonl", "[]\n");
    mg_fails(mg_report_load(run, &r, &err), MG_INPUT, "search/timing.jsonl");
    mg_report_free(&r);
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("report", begin, end, 0), the_page_is_one_well_formed_file,
                the_page_says_what_became_of_the_run, every_chart_has_a_name_for_those_who_do_not_see_it,
                texts_are_escaped, the_same_run_is_the_same_page, what_was_learnt_comes_first,
                subtasks_are_told_where_they_were_asked, a_run_that_has_just_begun_is_drawn,
                a_run_cut_in_the_middle_says_so, odd_metrics_are_drawn, starts_are_told, metrics_are_rows,
                damage_is_told_and_leaves_no_page);
    return suite_main();
}
