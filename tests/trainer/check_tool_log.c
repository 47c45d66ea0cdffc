/* SPDX-License-Identifier: Apache-2.0 */
/* What programs gave is written down: a phase that is repeated is given the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/keeper.h"
#include "program_case.h"
#include "suite.h"

static void
open_log(char path[96])
{
    snprintf(path, 96, "%s/log", dir);
    mg_tool_log_close(tool_log);
    tool_log = NULL;
    mg_ok(mg_tool_log_open(path, &tool_log, &err));
}

/* What a program says is another thing each time; a phase that is repeated is told the first. */
START_TEST(a_repeated_phase_is_told_the_same)
{
    struct mg_rollouts *first, *again;
    unsigned ended = 0, differ = 0;
    char path[96], *text = NULL;
    size_t len = 0, after = 0;

    use("calc", "x=$(od -An -N2 -tu2 /dev/urandom); [ $((x % 5)) -gt 0 ] || exit $((x % 2 + 1)); echo $x", 20.0);
    open_log(path);
    first = new_rollouts(16, &ended);
    run(first);
    open_log(path);
    mg_ok(mg_file_read(path, 1 << 20, &text, &len, &err));
    again = new_rollouts(3, &ended);
    run(again);
    expect_same(first, again);
    for (size_t i = 0; i < N; i++)
        ck_assert_int_eq(mg_rollouts_get(first, i)->unavailable != NULL,
                         mg_rollouts_get(again, i)->unavailable != NULL);
    free(text);
    mg_ok(mg_file_read(path, 1 << 20, &text, &after, &err));
    ck_assert_uint_eq(after, len); /* nobody was called */
    free(text);
    mg_rollouts_destroy(again);
    mg_tool_log_close(tool_log);
    tool_log = NULL;
    again = new_rollouts(16, &ended);
    run(again);
    for (size_t i = 0; i < N; i++)
        differ += mg_rollouts_get(first, i)->t.len != mg_rollouts_get(again, i)->t.len;
    ck_assert_uint_gt(differ, 0);
    mg_rollouts_destroy(first);
    mg_rollouts_destroy(again);
}
END_TEST

/* A process that was killed leaves a beginning of the file, torn anywhere: the phase goes on from there. */
START_TEST(a_torn_log_is_gone_on_with)
{
    struct mg_rollouts *first, *again;
    unsigned ended = 0;
    char path[96], *text = NULL;
    size_t len = 0;

    use("calc", "x=$(tr -d '\"{}'); echo \"said $x\"", 20.0);
    open_log(path);
    first = new_rollouts(16, &ended);
    run(first);
    mg_ok(mg_file_read(path, 1 << 20, &text, &len, &err));
    for (size_t cut = 0; cut < len; cut += len / 3) {
        mg_ok(mg_file_write_atomic(path, text, cut, &err));
        open_log(path);
        again = new_rollouts(16, &ended);
        run(again);
        expect_same(first, again);
        mg_rollouts_destroy(again);
        open_log(path); /* every line is whole again */
    }
    free(text);
    mg_rollouts_destroy(first);
}
END_TEST

static void
put_line(const char *path, const char *line)
{
    mg_ok(mg_file_write_atomic(path, line, strlen(line), &err));
    mg_tool_log_close(tool_log);
    tool_log = NULL;
    mg_err_clear(&err);
}

START_TEST(logs_that_are_none)
{
    static const char *const bad[] = {
        "7\n",
        "{}\n",
        "{\"question\":0,\"rollout\":0,\"call\":0,\"turn\":1,\"tool\":\"a\",\"arguments\":\"b\",\"outcome\":\"good\","
        "\"text\":\"\"}\n",
        "{\"question\":-1,\"rollout\":0,\"call\":0,\"turn\":1,\"tool\":\"a\",\"arguments\":\"b\",\"outcome\":\"text\","
        "\"text\":\"\"}\n",
        "{\"question\":0,\"rollout\":0,\"call\":0,\"turn\":1,\"tool\":\"a\",\"arguments\":7,\"outcome\":\"text\","
        "\"text\":\"\"}\n",
    };
    struct mg_tool_use use = {.turn = 1, .tool = "a", .arguments = "b"};
    struct mg_tool_result result = {.text = NULL};
    char path[96];
    bool found = false;

    open_log(path);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put_line(path, bad[i]);
        ck_assert_msg(mg_tool_log_open(path, &tool_log, &err) == MG_INPUT, "%s", bad[i]);
        ck_assert_ptr_nonnull(strstr(err.text, "log:1: "));
    }
    put_line(path, "{\"question\":0,\"rollout\":0,\"call\":0,\"turn\":1,\"tool\":\"a\",\"arguments\":\"b\",\"outcome\":"
                   "\"refused\","
                   "\"text\":\"c\"}\n");
    mg_ok(mg_tool_log_open(path, &tool_log, &err));
    mg_ok(mg_tool_log_find(tool_log, &use, &result, &found, &err));
    ck_assert(found && result.outcome == MG_TOOL_REFUSED);
    ck_assert_str_eq(result.text, "c");
    free(result.text);
    use.arguments = "x"; /* the phase is not the one that was written down */
    ck_assert_int_eq(mg_tool_log_find(tool_log, &use, &result, &found, &err), MG_FAIL);
    mg_err_clear(&err);
    use.turn = 2;
    mg_ok(mg_tool_log_find(tool_log, &use, &result, &found, &err));
    ck_assert(!found);
}
END_TEST

int
main(int argc, char **argv)
{
    mg_keeper_enter(argc, argv);
    suite_tests(suite_case("tool log", setup, teardown, 240), a_repeated_phase_is_told_the_same,
                a_torn_log_is_gone_on_with, logs_that_are_none);
    return suite_main();
}
