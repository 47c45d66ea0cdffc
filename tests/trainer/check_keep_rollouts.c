/* SPDX-License-Identifier: Apache-2.0 */
/* Which rollouts keep_rollouts removes. */
#include <stdint.h>
#include <unistd.h>

#include "base/file.h"
#include "run/pruned.h"
#include "run/run_path.h"
#include "scratch.h"
#include "suite.h"

enum { PHASES = 10 }; /* of six train steps: two evaluations before them, two behind */

static struct mg_path
file_of(uint32_t phase, bool tools)
{
    return tools ? mg_tool_log_path(scratch_folder, phase) : mg_rollouts_path(scratch_folder, phase);
}

/* The phases of which both files are there; those with one of them alone would show as a letter. */
static const char *
phases_left(void)
{
    static char left[PHASES + 1];
    size_t n = 0;

    for (uint32_t i = 0; i < PHASES; i++) {
        bool there = access(file_of(i, false).text, F_OK) == 0, tools = access(file_of(i, true).text, F_OK) == 0;

        if (there || tools)
            left[n++] = there && tools ? (char)('0' + i) : 'x';
    }
    left[n] = '\0';
    return left;
}

static const char *
prune(uint32_t keep, uint32_t steps, uint32_t needed)
{
    const struct mg_plan plan = {.steps = 6, .evals = true};

    for (uint32_t i = 0; i < PHASES; i++)
        for (int tools = 0; tools < 2; tools++)
            scratch_write(file_of(i, tools).text, "x", 1);
    mg_ok(mg_rollouts_prune(scratch_folder, &plan, keep, steps, needed, &err));
    return phases_left();
}

START_TEST(rollouts_of_old_steps_are_removed)
{
    static const char *const others[] = {"2.jsonl.gz", "000002.jsonl.gz.new-7", "000002.txt", "x000002.jsonl.gz",
                                         "notes"};
    struct mg_path path = mg_agent_path(scratch_folder, MG_AGENT_ROLLOUTS);

    mg_ok(mg_dir_make(path.text, &err));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        scratch_put(path.text, others[i], "mine");
    ck_assert_str_eq(prune(0, 6, 10), "0123456789");
    ck_assert_str_eq(prune(2, 5, 10), "0156789"); /* steps 3 and 4 are phases 5 and 6 */
    ck_assert(mg_rollouts_pruned(scratch_folder, 2, 2));
    ck_assert(!mg_rollouts_pruned(scratch_folder, 2, 0));
    ck_assert(!mg_rollouts_pruned(scratch_folder, 5, 2));
    ck_assert_str_eq(prune(2, 5, 4), "01456789"); /* a restart would begin with phase 4 */
    ck_assert_str_eq(prune(1, 6, 10), "01789");
    ck_assert_str_eq(prune(6, 6, 10), "0123456789");
    ck_assert_str_eq(prune(UINT32_MAX, 6, 10), "0123456789");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(access(mg_path_print("%s/%s", path.text, others[i]).text, F_OK) == 0, "%s is gone", others[i]);
    scratch_remove(path.text);
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("keep rollouts", scratch_begin, scratch_end, 0), rollouts_of_old_steps_are_removed);
    return suite_main();
}
