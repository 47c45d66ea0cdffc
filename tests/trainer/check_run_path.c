/* SPDX-License-Identifier: Apache-2.0 */
/* How the files of a run are named. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "run/run_path.h"
#include "suite.h"

/* As mgrpo-run(5) has them. */
START_TEST(paths_are_spelled)
{
    ck_assert_str_eq(mg_run_path("a/r", MG_RUN_CONF).text, "a/r/mgrpo.conf");
    ck_assert_str_eq(mg_run_path("a/r", MG_RUN_CONFIG).text, "a/r/run.json");
    ck_assert_str_eq(mg_run_path("a/r", MG_RUN_STORE).text, "a/r/store.db");
    ck_assert_str_eq(mg_run_path("a/r", MG_RUN_SUMMARY).text, "a/r/summary.json");
    ck_assert_str_eq(mg_run_path("a/r", MG_RUN_REPORT).text, "a/r/report.html");
    ck_assert_str_eq(mg_run_agent_dir("r", "main").text, "r/main");
    ck_assert_str_eq(mg_run_agent_log("r", "main").text, "r/main.log");
    ck_assert_str_eq(mg_agent_path("r/main", MG_AGENT_LOCK).text, "r/main/lock");
    ck_assert_str_eq(mg_agent_path("r/main", MG_AGENT_METRICS).text, "r/main/metrics.jsonl");
    ck_assert_str_eq(mg_agent_path("r/main", MG_AGENT_TIMING).text, "r/main/timing.jsonl");
    ck_assert_str_eq(mg_agent_path("r/main", MG_AGENT_ROLLOUTS).text, "r/main/rollouts");
    ck_assert_str_eq(mg_agent_path("r/main", MG_AGENT_MODEL).text, "r/main/model");
    ck_assert_str_eq(mg_agent_path("r/main", MG_AGENT_TOKENIZER).text, "r/main/model/tokenizer.json");
    ck_assert_str_eq(mg_rollouts_path("r/main", 12).text, "r/main/rollouts/000012.jsonl.gz");
    ck_assert_str_eq(mg_state_path("r/main", 12).text, "r/main/state-000000012");
}
END_TEST

/* A name that was cut must not be the name of another file. */
START_TEST(too_long_a_path_is_refused)
{
    char longest[MG_PATH_BYTES + 10];
    struct mg_path cut;

    memset(longest, '/', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    cut = mg_run_path(longest, MG_RUN_STORE);
    ck_assert_uint_eq(strlen(cut.text), MG_PATH_BYTES - 1);
    ck_assert_int_ne(access(cut.text, F_OK), 0);
    ck_assert_int_eq(errno, ENAMETOOLONG);
}
END_TEST

START_TEST(states_are_known_by_their_names)
{
    static const char *const no[] = {
        "", "state", "state-", "state-x", "state-000000003.new-7", "a/state-000000003", "state-0000000031", "lock"};
    uint32_t phase = 0;

    ck_assert(mg_is_state_name("state-000000003", &phase));
    ck_assert_uint_eq(phase, 3);
    ck_assert(mg_is_state_name("state-999999999", &phase));
    ck_assert_uint_eq(phase, 999999999);
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        ck_assert_msg(!mg_is_state_name(no[i], &phase), "%s", no[i]);
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("run path", NULL, NULL, 0), paths_are_spelled, too_long_a_path_is_refused,
                states_are_known_by_their_names);
    return suite_main();
}
