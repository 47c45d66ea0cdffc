/* SPDX-License-Identifier: Apache-2.0 */
/* Tools that are programs, most of them hostile: each call ends in time with a text, a refusal or a failure. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/keeper.h"
#include "scratch.h"
#include "suite.h"
#include "tools/tool.h"

static char dir[64];
static struct mg_processes *processes;
static struct mg_tools *tools;
static struct mg_tool_session *session;
static struct mg_tool_result result;

static void
setup(void)
{
    scratch_make(dir);
    mg_ok(mg_processes_create(4, &processes, &err));
}

static void
close_tools(void)
{
    mg_tool_session_close(session);
    mg_tools_close(tools);
    session = NULL;
    tools = NULL;
}

static void
teardown(void)
{
    mg_processes_destroy(processes);
    close_tools();
    free(result.text);
    scratch_remove(dir);
}

/* A tool that runs a script of the shell. */
static void
use(const char *script, bool json, uint32_t retries)
{
    const char *command[] = {"/bin/sh", "-c", script, NULL};
    struct mg_tool_spec spec = {
        .name = "it",
        .kind = "exec",
        .command = command,
        .folder = dir,
        .limits = {.seconds = 2.0, .memory = 512, .files = 32, .processes = 32, .file_size = 1, .output = 64},
        .retries = retries,
        .json = json};

    close_tools();
    mg_ok(mg_tools_open(&spec, 1, processes, &tools, &err));
    mg_ok(mg_tool_session_open(tools, &session, &err));
}

static enum mg_tool_outcome
call(const char *arguments)
{
    struct mg_tool_call *c = NULL;
    double start = mg_clock();

    free(result.text);
    mg_ok(mg_tool_start(session, 0, arguments, &c, &err));
    while (!mg_tool_take(&c, &result)) {
        mg_ok(mg_tools_run(tools, 50.0, &err));
        ck_assert_msg(mg_clock() - start < 30.0, "a call without an end");
    }
    ck_assert_ptr_nonnull(result.text);
    return result.outcome;
}

#define ASK "{\"text\": \"Lima\"}"

static void
expect(const char *script, enum mg_tool_outcome outcome, const char *text)
{
    use(script, false, 0);
    ck_assert_msg(call(ASK) == outcome, "%s: outcome %d, \"%s\"", script, (int)result.outcome, result.text);
    ck_assert_msg(strstr(result.text, text) != NULL, "%s: \"%s\" does not say %s", script, result.text, text);
}

START_TEST(arguments_in_text_out)
{
    use("cat; pwd", false, 0);
    ck_assert_int_eq(call("{ \"text\":  \"Lima \\\"1\\\"\" }"), MG_TOOL_TEXT);
    ck_assert_int_eq(strncmp(result.text, "{ \"text\":  \"Lima \\\"1\\\"\" }/", 26), 0); /* as they were given */
    ck_assert_ptr_nonnull(strstr(result.text, dir));
    expect("printf ' a\\n\\nb \\n\\n'", MG_TOOL_TEXT, " a\n\nb");
    ck_assert_str_eq(result.text, " a\n\nb");
    expect("exit 0", MG_TOOL_TEXT, "");
    ck_assert_str_eq(result.text, "");
    expect("printf 'Per\\303\\272'", MG_TOOL_TEXT, "Per\xc3\xba");
}
END_TEST

START_TEST(the_agents_doing)
{
    expect("echo no such city; exit 2", MG_TOOL_REFUSED, "error: no such city");
    expect("exit 2", MG_TOOL_REFUSED, "error: the arguments are wrong");
    use("echo ran", false, 0);
    ck_assert_int_eq(call("{\"city\": \"Lima\"}"), MG_TOOL_REFUSED);
    ck_assert_str_eq(result.text, "error: text is missing in the arguments");
}
END_TEST

/* More than the 64 bytes that it may write: cut between two characters, wherever the program stops. */
START_TEST(too_much_is_cut)
{
    char expected[128];

    snprintf(expected, sizeof expected, "%s", "0123456789012345678901234567890123456789012345678901234567890123 [cut]");
    expect("printf 0123456789012345678901234567890123456789012345678901234567890123", MG_TOOL_TEXT, "0123");
    ck_assert_uint_eq(strlen(result.text), 64);
    expect("printf 01234567890123456789012345678901234567890123456789012345678901234", MG_TOOL_TEXT, "0123");
    ck_assert_str_eq(result.text, expected);
    expect("while :; do printf 0123456789; done", MG_TOOL_TEXT, "0123");
    ck_assert_str_eq(result.text, expected);
    expect("yes 0123456789012345678901234567890123456789012345678901234567890123", MG_TOOL_TEXT, "0123");
    ck_assert_str_eq(result.text, expected);
    expect("printf 012345678901234567890123456789012345678901234567890123456789012'\\303\\272'x", MG_TOOL_TEXT, "0123");
    ck_assert_str_eq(result.text, "012345678901234567890123456789012345678901234567890123456789012 [cut]");
}
END_TEST

START_TEST(the_surroundings_doing)
{
    double start = mg_clock();

    expect("sleep 1000", MG_TOOL_UNAVAILABLE, "the tool it ran longer than 2 s");
    ck_assert_double_lt(mg_clock() - start, 10.0);
    expect("exec 1>&-; sleep 1000", MG_TOOL_UNAVAILABLE, "longer than 2 s");
    expect("trap '' TERM INT HUP; while :; do :; done", MG_TOOL_UNAVAILABLE, "longer than 2 s");
    expect("kill -9 $$", MG_TOOL_UNAVAILABLE, "signal 9");
    expect("echo one >&2; printf 'division by \\033zero\\n\\n' >&2; exit 1", MG_TOOL_UNAVAILABLE,
           "the tool it ended with status 1: division by ?zero");
    expect("exec /no/such/program", MG_TOOL_UNAVAILABLE, "127");
    expect("printf 'a\\377b'", MG_TOOL_UNAVAILABLE, "no UTF-8");
    expect("printf 'a\\000b'", MG_TOOL_UNAVAILABLE, "no UTF-8");
    expect("printf 'a\\303'", MG_TOOL_UNAVAILABLE, "no UTF-8");
    expect("printf 'a\\303'; exit 2", MG_TOOL_UNAVAILABLE, "no UTF-8");
    expect("yes >&2", MG_TOOL_UNAVAILABLE, "standard error");
}
END_TEST

START_TEST(a_fork_bomb)
{
    double start = mg_clock();

    /* 511 processes at most, should nothing stop it; a shell that cannot fork ends with 2, the status of a wrong
     * call */
    expect("b() { [ $1 -eq 0 ] || { b $(($1 - 1)) & b $(($1 - 1)) & wait; }; sleep 5; }; (b 8) || exit 1; echo done",
           MG_TOOL_UNAVAILABLE, "");
    ck_assert_double_lt(mg_clock() - start, 20.0);
    expect("echo fine", MG_TOOL_TEXT, "fine"); /* and the next call is none the worse */
}
END_TEST

START_TEST(a_child_does_not_outlive_its_call)
{
    char path[96], *text = NULL;
    size_t len = 0, before;

    /* its number may be that of another namespace: it is known by what it does */
    expect("(while :; do echo x >>alive; sleep 0.05; done) >/dev/null 2>&1 & sleep 0.3; echo left", MG_TOOL_TEXT,
           "left");
    snprintf(path, sizeof path, "%s/alive", dir);
    mg_ok(mg_file_read(path, 1 << 20, &text, &len, &err));
    free(text);
    before = len;
    ck_assert_uint_gt(before, 0);
    mg_sleep_ms(400.0);
    mg_ok(mg_file_read(path, 1 << 20, &text, &len, &err));
    free(text);
    ck_assert_uint_eq(len, before);
}
END_TEST

START_TEST(answers_in_json)
{
    static const struct {
        const char *script;
        enum mg_tool_outcome outcome;
        const char *text;
    } cases[] = {
        {"echo '{\"text\": \"Lima \\u00fa\"}'", MG_TOOL_TEXT, "Lima \xc3\xba"},
        {"echo '{\"text\": \"\", \"more\": [1]}'", MG_TOOL_TEXT, ""},
        {"echo '{\"error\": \"no such city\"}'", MG_TOOL_REFUSED, "error: no such city"},
        {"echo no such city; exit 2", MG_TOOL_REFUSED, "error: no such city"},
        {"echo Lima", MG_TOOL_UNAVAILABLE, "no JSON object"},
        {"echo '\"Lima\"'", MG_TOOL_UNAVAILABLE, "no JSON object"},
        {"echo '{\"text\": 7}'", MG_TOOL_UNAVAILABLE, "no JSON object"},
        {"echo '{\"text\": \"a\", \"error\": \"b\"}'", MG_TOOL_UNAVAILABLE, "no JSON object"},
        {"echo '{\"text\": \"a\", \"text\": \"b\"}'", MG_TOOL_UNAVAILABLE, "no JSON object"},
        {"echo '{\"text\": \"a\\u0000b\"}'", MG_TOOL_UNAVAILABLE, "no JSON object"},
        {"printf '{\"text\": \"\\377\"}'", MG_TOOL_UNAVAILABLE, "no JSON object"},
        {"echo '{\"text\": \"a\"'", MG_TOOL_UNAVAILABLE, "no JSON object"},
        {"printf '[%.0s' $(seq 60)", MG_TOOL_UNAVAILABLE, "no JSON object"},
        {"printf '{\"text\": \"'; yes | tr -d '\\n'", MG_TOOL_UNAVAILABLE, "more than"},
        {"exit 0", MG_TOOL_UNAVAILABLE, "no JSON object"},
        {"echo '{\"text\": \"a\"}'; exit 3", MG_TOOL_UNAVAILABLE, "status 3"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        use(cases[i].script, true, 0);
        ck_assert_msg(call(ASK) == cases[i].outcome, "%s: outcome %d, \"%s\"", cases[i].script, (int)result.outcome,
                      result.text);
        ck_assert_msg(strstr(result.text, cases[i].text) != NULL, "%s: \"%s\"", cases[i].script, result.text);
    }
}
END_TEST

START_TEST(failures_are_tried_again)
{
    use("echo x >>tries; [ $(wc -l <tries) -ge 3 ] || exit 1; echo third", false, 2);
    ck_assert_int_eq(call(ASK), MG_TOOL_TEXT);
    ck_assert_str_eq(result.text, "third");
    use("echo x >>all; exit 1", false, 2);
    ck_assert_int_eq(call(ASK), MG_TOOL_UNAVAILABLE);
    use("[ $(wc -l <all) -eq 3 ] && echo three", false, 0);
    ck_assert_int_eq(call(ASK), MG_TOOL_TEXT);
    use("echo x >>refused; exit 2", false, 2); /* what the agent did wrong is not */
    ck_assert_int_eq(call(ASK), MG_TOOL_REFUSED);
    use("[ $(wc -l <refused) -eq 1 ] && echo one", false, 0);
    ck_assert_int_eq(call(ASK), MG_TOOL_TEXT);
}
END_TEST

START_TEST(a_call_can_be_given_up)
{
    struct mg_tool_call *c = NULL;

    use("sleep 1000", false, 2);
    mg_ok(mg_tool_start(session, 0, ASK, &c, &err));
    mg_ok(mg_tools_run(tools, 50.0, &err));
    mg_tool_cancel(c);
    use("sleep 0.3; exit 1", false, 2); /* while it waits to be tried again */
    mg_ok(mg_tool_start(session, 0, ASK, &c, &err));
    for (int i = 0; i < 12; i++)
        mg_ok(mg_tools_run(tools, 40.0, &err));
    mg_tool_cancel(c);
    mg_ok(mg_tools_run(tools, 300.0, &err));
}
END_TEST

START_TEST(tools_that_cannot_be)
{
    const char *nothing[] = {NULL}, *command[] = {"true", NULL};
    struct mg_tool_spec spec = {.name = "it", .kind = "exec", .command = nothing};
    struct mg_tools *none = NULL;

    mg_fails(mg_tools_open(&spec, 1, processes, &none, &err), MG_INPUT, "command is missing");
    mg_err_clear(&err);
    spec.command = command;
    ck_assert_int_eq(mg_tools_open(&spec, 1, NULL, &none, &err), MG_FAIL);
    ck_assert_ptr_null(none);
}
END_TEST

/* ---- The calculator of the examples ---- */

START_TEST(a_calculator)
{
    static const struct {
        const char *expression, *text;
        enum mg_tool_outcome outcome;
    } cases[] = {
        {"2 + 3 * 4", "14", MG_TOOL_TEXT},
        {"(2026 - 1821-07-28) / 2", "102.5", MG_TOOL_TEXT},
        {"-(7 - 9) * -1.5", "-3", MG_TOOL_TEXT},
        {"0.1 + 0.2", "0.3", MG_TOOL_TEXT},
        {"31,615,341 - 5,580,858", "26,034,483", MG_TOOL_TEXT},
        {"7,122 - 11,000", "-3,878", MG_TOOL_TEXT},
        {"12,34", "error: cannot read ',34'", MG_TOOL_REFUSED},
        {"7 / 0", "error: a division by 0", MG_TOOL_REFUSED},
        {"7 +", "error: a number is missing", MG_TOOL_REFUSED},
        {"__import__", "error: cannot read '__import__'", MG_TOOL_REFUSED},
    };
    struct mg_path program = suite_source("examples/calc.py");
    const char *command[] = {program.text, NULL};
    char *schema = NULL, arguments[128];
    struct mg_tool_spec spec = {
        .name = "calc",
        .kind = "exec",
        .command = command,
        .limits = {.seconds = 20.0, .memory = 512, .files = 32, .processes = 8, .file_size = 1, .output = 256}};
    size_t len = 0;

    mg_ok(mg_file_read(suite_source("examples/calc.json").text, 1 << 16, &schema, &len, &err));
    spec.schema = schema;
    mg_ok(mg_tools_open(&spec, 1, processes, &tools, &err));
    mg_ok(mg_tool_session_open(tools, &session, &err));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(arguments, sizeof arguments, "{\"expression\": \"%s\"}", cases[i].expression);
        ck_assert_msg(call(arguments) == cases[i].outcome, "%s: \"%s\"", arguments, result.text);
        ck_assert_str_eq(result.text, cases[i].text);
    }
    ck_assert_int_eq(call("{\"expression\": \"1\", \"base\": 2}"), MG_TOOL_REFUSED);
    ck_assert_str_eq(result.text, "error: base is not among what the arguments may hold");
    free(schema);
}
END_TEST

int
main(int argc, char **argv)
{
    mg_keeper_enter(argc, argv);
    suite_tests(suite_case("tool exec", setup, teardown, 120), arguments_in_text_out, the_agents_doing, too_much_is_cut,
                the_surroundings_doing, a_fork_bomb, a_child_does_not_outlive_its_call, answers_in_json,
                failures_are_tried_again, a_call_can_be_given_up, tools_that_cannot_be, a_calculator);
    return suite_main();
}
