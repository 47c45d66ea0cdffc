/* SPDX-License-Identifier: Apache-2.0 */
/* Judges of each kind, and programs that crash, hang, lie and talk nonsense: none of them ever gives a 0. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/keeper.h"
#include "question/judge.h"
#include "scratch.h"
#include "suite.h"

static char folder[64];
static struct mg_question_file questions;

struct heard {
    unsigned calls;
    struct mg_verdict v;
    char reason[400];
};

static void
hear(void *arg, const struct mg_verdict *v, const char *reason)
{
    struct heard *h = arg;

    h->calls++;
    h->v = *v;
    snprintf(h->reason, sizeof h->reason, "%s", reason);
}

static struct mg_judge_spec
exec_spec(const char *const *command)
{
    return (struct mg_judge_spec){
        .name = "answer",
        .kind = MG_JUDGE_EXEC,
        .command = command,
        .folder = folder,
        .limits = {.seconds = 20.0, .memory = 512, .files = 64, .processes = 16, .file_size = 8, .output = 4096},
        .retries = 2};
}

/* Asks once and waits for the verdict. */
static struct heard
ask(const struct mg_judge_spec *spec, const char *subtask, const char *text)
{
    struct mg_processes *p = NULL;
    struct mg_judge *j = NULL;
    struct heard h = {0};

    mg_ok(mg_processes_create(4, &p, &err));
    mg_ok(mg_judge_create(spec, &questions, p, &j, &err));
    if (subtask != NULL)
        mg_ok(mg_judge_result(j, subtask, text, hear, &h, &err));
    else
        mg_ok(mg_judge_answer(j, &questions.q[0], text, hear, &h, &err));
    while (mg_processes_count(p) > 0)
        mg_processes_wait(p, 50.0);
    mg_processes_destroy(p);
    mg_judge_destroy(j);
    ck_assert_uint_eq(h.calls, 1);
    return h;
}

static struct heard
ask_script(const char *script, uint32_t retries, double seconds)
{
    const char *const command[] = {"/bin/sh", "-c", script, NULL};
    struct mg_judge_spec spec = exec_spec(command);

    spec.retries = retries;
    spec.limits.seconds = seconds;
    return ask(&spec, NULL, "Paris");
}

static void
is(const struct heard *h, enum mg_verdict_kind kind, double value)
{
    ck_assert_msg(h->v.kind == kind && h->v.value == value, "kind %d, value %g: %s", (int)h->v.kind, h->v.value,
                  h->reason);
    ck_assert_int_eq(h->reason[0] != '\0', kind == MG_VERDICT_UNAVAILABLE);
}

START_TEST(the_scorer_compares)
{
    struct mg_judge_spec spec = {.name = "answer", .kind = MG_JUDGE_SCORER};
    struct heard h = ask(&spec, NULL, "the paris");

    is(&h, MG_VERDICT_VALUE, 1.0);
    h = ask(&spec, NULL, "Lyon");
    is(&h, MG_VERDICT_VALUE, 0.0);
    h = ask(&spec, NULL, NULL);
    is(&h, MG_VERDICT_VALUE, 0.0);
    h = ask(&spec, "Which country has the Louvre?", "France");
    is(&h, MG_VERDICT_VALUE, 1.0);
    h = ask(&spec, "Which country has the Louvre?", NULL);
    is(&h, MG_VERDICT_VALUE, 0.0);
    h = ask(&spec, "Which country has the Prado?", "Spain");
    is(&h, MG_VERDICT_UNKNOWN, 0.0);
}
END_TEST

START_TEST(nobody_knows_nothing)
{
    struct mg_judge_spec spec = {.name = "expert", .kind = MG_JUDGE_NONE};
    struct heard h = ask(&spec, "Which country has the Louvre?", "France");

    is(&h, MG_VERDICT_UNKNOWN, 0.0);
    h = ask(&spec, NULL, "Paris");
    is(&h, MG_VERDICT_UNKNOWN, 0.0);
}
END_TEST

START_TEST(a_program_is_given_the_question)
{
    const char *const command[] = {"/bin/sh", "-c", "cat >asked; echo 0.25", NULL};
    struct mg_judge_spec spec = exec_spec(command);
    struct heard h = ask(&spec, NULL, "\"Paris\"\n");
    char path[128], *text = NULL;
    size_t len;

    is(&h, MG_VERDICT_VALUE, 0.25);
    snprintf(path, sizeof path, "%s/asked", folder);
    mg_ok(mg_file_read(path, 4096, &text, &len, &err));
    ck_assert_str_eq(text, "{\"aliases\":[\"City of Light\"],\"answer\":\"\\\"Paris\\\"\\n\",\"id\":\"q1\",\"judge\":"
                           "\"answer\",\"question\":\"What is the capital of the country that has the Louvre?\","
                           "\"reference\":\"Paris\"}");
    free(text);
    spec.name = "expert";
    h = ask(&spec, "Which country has the Prado?", "Spain");
    is(&h, MG_VERDICT_VALUE, 0.25);
    mg_ok(mg_file_read(path, 4096, &text, &len, &err));
    ck_assert_str_eq(text, "{\"judge\":\"expert\",\"result\":\"Spain\",\"subtask\":\"Which country has the Prado?\"}");
    free(text);
    unlink(path);
    h = ask(&spec, NULL, NULL);
    is(&h, MG_VERDICT_VALUE, 0.0);
    ck_assert_int_ne(access(path, F_OK), 0); /* there was nothing to ask */
}
END_TEST

START_TEST(numbers_and_null_are_verdicts)
{
    static const struct {
        const char *text;
        enum mg_verdict_kind kind;
        double value;
    } good[] = {{"0", MG_VERDICT_VALUE, 0.0},      {"1", MG_VERDICT_VALUE, 1.0},    {" 0.5\n", MG_VERDICT_VALUE, 0.5},
                {"1e-3", MG_VERDICT_VALUE, 0.001}, {"-0.0", MG_VERDICT_VALUE, 0.0}, {"null", MG_VERDICT_UNKNOWN, 0.0}};
    static const char *const bad[] = {"",
                                      "-0.1",
                                      "1.0001",
                                      "2",
                                      "true",
                                      "\"1\"",
                                      "[1]",
                                      "{}",
                                      "NaN",
                                      "nan",
                                      "inf",
                                      "1e999",
                                      "0.5 0.5",
                                      "yes",
                                      "0,5",
                                      "nul",
                                      ("\xff"
                                       "1"),
                                      "1\xff",
                                      "0x1",
                                      ".5",
                                      "1e",
                                      "1 1"};
    struct mg_verdict v;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        memset(&v, 0xff, sizeof v);
        ck_assert_msg(mg_verdict_parse(good[i].text, strlen(good[i].text), &v) == NULL, "%s", good[i].text);
        ck_assert(v.kind == good[i].kind && v.value == good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(mg_verdict_parse(bad[i], strlen(bad[i]), &v) != NULL, "%zu: %s", i, bad[i]);
    ck_assert_ptr_nonnull(mg_verdict_parse("1\0"
                                           "1",
                                           3, &v));
}
END_TEST

START_TEST(a_failure_is_unavailable)
{
    static const struct {
        const char *script, *reason;
        double seconds;
    } cases[] = {{"exit 1", "judge answer: ended with status 1", 20.0},
                 {"echo 1; echo no key >&2; exit 1", "judge answer: ended with status 1: no key", 20.0},
                 {"echo 1; kill -SEGV $$", "judge answer: was ended by signal 11", 20.0},
                 {"echo 1; sleep 60", "judge answer: ran longer than 0.3 s", 0.3},
                 {"yes 1", "judge answer: wrote more than 4096 bytes", 20.0},
                 {"true", "judge answer: \"\" is neither a number nor null", 20.0},
                 {"echo thinking; echo '1 or so'", "judge answer: \"1 or so\" is neither a number nor null", 20.0},
                 {"echo 1.5", "judge answer: \"1.5\" is not from 0 to 1", 20.0},
                 {"printf '\\377\\033[1mno'", "judge answer: \"? [1mno\" is neither a number nor null", 20.0}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heard h = ask_script(cases[i].script, 0, cases[i].seconds);

        is(&h, MG_VERDICT_UNAVAILABLE, 0.0);
        ck_assert_msg(strncmp(h.reason, cases[i].reason, strlen(cases[i].reason)) == 0, "%s: %s", cases[i].script,
                      h.reason);
    }
}
END_TEST

/* It fails twice and is good the third time. */
START_TEST(it_is_asked_again_within_a_bound)
{
    const char *script = "echo x >>tries; [ $(wc -l <tries) -ge 3 ] || exit 1; echo 1";
    struct heard h = ask_script(script, 2, 20.0);
    char path[128];

    is(&h, MG_VERDICT_VALUE, 1.0);
    snprintf(path, sizeof path, "%s/tries", folder);
    unlink(path);
    h = ask_script(script, 1, 20.0);
    is(&h, MG_VERDICT_UNAVAILABLE, 0.0);
}
END_TEST

START_TEST(a_program_needs_a_command)
{
    const char *const none[] = {NULL};
    struct mg_judge_spec spec = exec_spec(none);
    struct mg_judge *j = NULL;

    ck_assert_int_eq(mg_judge_create(&spec, &questions, NULL, &j, &err), MG_INPUT);
    mg_judge_destroy(NULL);
}
END_TEST

/* What was asked when it ends is never answered, and nothing of it is left. */
START_TEST(a_judge_may_end_while_it_is_asked)
{
    const char *const command[] = {"sleep", "60", NULL};
    struct mg_judge_spec spec = exec_spec(command);
    struct mg_processes *p = NULL;
    struct mg_judge *j = NULL;
    struct heard h = {0};

    mg_ok(mg_processes_create(2, &p, &err));
    mg_ok(mg_judge_create(&spec, &questions, p, &j, &err));
    for (int i = 0; i < 5; i++)
        mg_ok(mg_judge_answer(j, &questions.q[0], "Paris", hear, &h, &err));
    mg_processes_wait(p, 20.0);
    mg_processes_destroy(p);
    mg_judge_destroy(j);
    ck_assert_uint_eq(h.calls, 0);
}
END_TEST

static void
setup(void)
{
    static const char text[] = "{\"id\": \"q1\", \"split\": \"train\", \"hops\": 2, \"template\": \"t\", \"question\": "
                               "\"What is the capital of the country that has the Louvre?\", \"answer\": \"Paris\", "
                               "\"aliases\": [\"City of Light\"], \"steps\": [{\"ask\": \"Which country has the "
                               "Louvre?\", \"answer\": \"France\"}]}\n";
    char path[128];

    scratch_make(folder);
    snprintf(path, sizeof path, "%s/questions.jsonl", folder);
    mg_ok(mg_file_write_atomic(path, text, strlen(text), &err));
    mg_ok(mg_question_file_load(path, &questions, &err));
}

static void
teardown(void)
{
    mg_question_file_free(&questions);
    scratch_remove(folder);
}

int
main(int argc, char **argv)
{
    mg_keeper_enter(argc, argv);
    suite_tests(suite_case("judge", setup, teardown, 0), the_scorer_compares, nobody_knows_nothing,
                a_program_is_given_the_question, numbers_and_null_are_verdicts, a_failure_is_unavailable,
                it_is_asked_again_within_a_bound, a_program_needs_a_command, a_judge_may_end_while_it_is_asked);
    return suite_main();
}
