/* SPDX-License-Identifier: Apache-2.0 */
/* Which rollouts keep_rollouts removes, and which steps can be repeated with those that stay. */
#include <stdint.h>
#include <unistd.h>

#include "base/file.h"
#include "run/pruned.h"
#include "run/repeatable.h"
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
    ck_assert_str_eq(prune(2, 5, 4), "01456789"); /* a restart would begin with phase 4 */
    ck_assert_str_eq(prune(1, 6, 10), "01789");
    ck_assert_str_eq(prune(6, 6, 10), "0123456789");
    ck_assert_str_eq(prune(UINT32_MAX, 6, 10), "0123456789");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(access(mg_path_print("%s/%s", path.text, others[i]).text, F_OK) == 0, "%s is gone", others[i]);
    scratch_remove(path.text);
}
END_TEST

/* Whether the step of a phase is repeated from a state; if not, what is said. */
static void
refused(uint32_t state, uint32_t phase, uint32_t keep, const char *sentence, const char *hint)
{
    const struct mg_plan plan = {.steps = 6, .evals = true};

    ck_assert_int_eq(mg_repeatable_check(scratch_folder, &plan, keep, state, phase, &err), MG_INPUT);
    ck_assert_str_eq(err.text, sentence);
    ck_assert_str_eq(err.hint, hint);
    mg_err_clear(&err);
}

/* Steps 0 to 5 are phases 2 to 7. */
START_TEST(what_can_be_repeated_is_told)
{
    const struct mg_plan plan = {.steps = 6, .evals = true};
    struct mg_path path = mg_agent_path(scratch_folder, MG_AGENT_ROLLOUTS);

    mg_ok(mg_dir_make(path.text, &err));
    ck_assert_str_eq(prune(2, 6, 10), "016789");
    refused(0, 7, 2,
            "step 5 cannot be repeated: it takes all rollouts from the model that the run began with on, and those of "
            "steps 0 to 3 are gone: the run keeps those of its newest 2 (keep_rollouts)",
            "No step of this run can be repeated. Of one with keep_rollouts = 0 every step can.");
    /* a state behind the steps that were removed is of use to those behind it */
    scratch_write(mg_state_path(scratch_folder, 6).text, "", 0);
    refused(0, 3, 2,
            "step 1 cannot be repeated: it takes all rollouts from the model that the run began with on, and those of "
            "steps 0 to 1 are gone: the run keeps those of its newest 2 (keep_rollouts)",
            "Steps that can be repeated: 4 to 5.");
    mg_ok(mg_repeatable_check(scratch_folder, &plan, 2, 6, 6, &err));
    mg_ok(mg_repeatable_check(scratch_folder, &plan, 2, 6, 7, &err));
    /* it is damaged: the step would begin with the first model */
    refused(0, 7, 2,
            "step 5 cannot be repeated: it takes all rollouts from the model that the run began with on, and those of "
            "steps 0 to 3 are gone: the run keeps those of its newest 2 (keep_rollouts)",
            "No step of this run can be repeated. Of one with keep_rollouts = 0 every step can.");
    /* someone has removed a file: what is before it can still be repeated, and what is behind the state */
    ck_assert_str_eq(prune(0, 6, 10), "0123456789");
    scratch_write(mg_state_path(scratch_folder, 3).text, "", 0);
    ck_assert_int_eq(unlink(file_of(4, false).text), 0);
    refused(
        3, 5, 0,
        "step 3 cannot be repeated: it takes all rollouts from the state of step 1 on, and those of step 2 are gone",
        "Steps that can be repeated: 0 to 1, 4 to 5.");
    ck_assert_int_eq(unlink(mg_state_path(scratch_folder, 3).text), 0);
    ck_assert_int_eq(unlink(mg_state_path(scratch_folder, 6).text), 0);
    scratch_remove(path.text);
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("keep rollouts", scratch_begin, scratch_end, 0), rollouts_of_old_steps_are_removed,
                what_can_be_repeated_is_told);
    return suite_main();
}
