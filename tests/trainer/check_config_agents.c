/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of agents and judges in the configuration, how agents fit together, and the presets over them. */
#include <stdio.h>
#include <string.h>

#include "config_case.h"

#define TOOL(name) "tool \"" name "\" {\n kind = exec\n}\n"

START_TEST(agents_must_fit_together)
{
    config_refuses(HEAD, ":", "agent", "no section");
    config_refuses(HEAD "agent \"\" {\n model = m\n}\n", ":", "name", "\"\"");
    config_refuses(HEAD "agent \"../a\" {\n model = m\n}\n", ":", "name", "../a");
    config_refuses(HEAD "agent Main {\n model = m\n}\n", ":", "name", "Main");
    config_refuses(HEAD ROOT, ":6:", "agent main calls \"search\"", "no section");
    config_refuses(HEAD "agent main {\n model = m\n}\nagent search {\n model = s\n}\n", ":", "search", "nobody calls");
    config_refuses(HEAD "agent main {\n model = m\n calls = {main}\n}\n", ":6:", "main", "itself");
    config_refuses(HEAD "agent main {\n model = m\n calls = {search, search}\n}\nagent search {\n model = s\n}\n", ":",
                   "search", "twice");
    config_refuses(HEAD ROOT "agent search {\n model = s\n calls = {main}\n}\n", ":", "only the first agent may call",
                   "search");
}
END_TEST

START_TEST(any_number_of_agents)
{
    struct mg_config c = {0};
    uint32_t which = 9;

    config_loads(
        HEAD
        "agent plan {\n model = m\n calls = { look, calc }\n}\nagent look {\n model = s\n tools = { a, \"b\" }\n}\n"
        "agent calc {\n model = s\n train = false\n aligned = 2\n}\n" TOOL("a") TOOL("b"),
        &c);
    ck_assert_uint_eq(c.n_agents, 3);
    ck_assert_uint_eq(c.agent[0].calls.n, 2);
    ck_assert_str_eq(c.agent[0].calls.item[1], "calc");
    ck_assert_str_eq(c.agent[1].tools.item[1], "b");
    ck_assert(c.agent[1].train && !c.agent[2].train);
    ck_assert_uint_eq(c.agent[2].aligned, 2);
    ck_assert_int_eq(mg_config_find(&c, "calc", &which, &err), MG_OK);
    ck_assert_uint_eq(which, 2);
    mg_fails(mg_config_find(&c, "main", &which, &err), MG_INPUT, "plan, look, calc");
    mg_config_free(&c);
}
END_TEST

START_TEST(a_single_agent_has_all_tools)
{
    struct mg_config c = {0};

    config_loads(HEAD "agents = single\nagent main {\n model = m\n calls = {a, b}\n tools = {t}\n}\n"
                      "agent a {\n model = s\n tools = {u, t}\n}\nagent b {\n model = s\n tools = {v}\n}\n" TOOL("t")
                          TOOL("u") TOOL("v"),
                 &c);
    ck_assert_uint_eq(c.n_agents, 1);
    ck_assert_uint_eq(c.agent[0].calls.n, 0);
    ck_assert_uint_eq(c.agent[0].tools.n, 3);
    ck_assert_str_eq(c.agent[0].tools.item[0], "t");
    ck_assert_str_eq(c.agent[0].tools.item[1], "u");
    ck_assert_str_eq(c.agent[0].tools.item[2], "v");
    mg_config_free(&c);
}
END_TEST

START_TEST(judges_are_sections)
{
    struct mg_config c = {0}, back = {0};
    const struct mg_judge_config *j;
    char *text;

    config_loads(HEAD MODELS, &c);
    ck_assert_uint_eq(c.n_judges, MG_N_JUDGES);
    for (int i = 0; i < MG_N_JUDGES; i++)
        ck_assert(c.judge[i].kind == MG_BY_SCORER && c.judge[i].command.n == 0);
    mg_config_free(&c);
    config_loads(HEAD MODELS "judge expert {\n kind = none\n}\n", &c);
    ck_assert(c.judge[MG_JUDGED_ANSWER].kind == MG_BY_SCORER && c.judge[MG_JUDGED_RESULT].kind == MG_BY_NOBODY);
    mg_config_free(&c);
    config_loads(HEAD MODELS "judge expert {\n kind = exec\n command = {\"./judge.py\", \"-x\"}\n timeout = 0.5\n}\n"
                             "judge answer {\n kind = exec\n command = {python3}\n folder = sub\n network = true\n}\n",
                 &c);
    j = &c.judge[MG_JUDGED_ANSWER];
    ck_assert_str_eq(j->name, "answer");
    ck_assert(j->kind == MG_BY_EXEC && j->command.n == 1 && j->network && j->timeout == 10.0 && j->retries == 2);
    ck_assert(j->folder[0] == '/' && strcmp(j->folder + strlen(j->folder) - 4, "/sub") == 0);
    j = &c.judge[MG_JUDGED_RESULT];
    ck_assert_str_eq(j->name, "expert");
    ck_assert_str_eq(j->command.item[0], "./judge.py");
    ck_assert_str_eq(j->command.item[1], "-x");
    ck_assert(j->command.n == 2 && !j->network && j->timeout == 0.5);
    text = mg_config_to_json(&c);
    mg_ok(mg_config_from_json(text, &back, &err));
    ck_assert_str_eq(back.judge[MG_JUDGED_RESULT].command.item[1], "-x");
    ck_assert_str_eq(back.judge[MG_JUDGED_ANSWER].folder, c.judge[MG_JUDGED_ANSWER].folder);
    free(text);
    mg_config_free(&back);
    mg_config_free(&c);
    config_refuses(HEAD MODELS "judge answer {\n kind = none\n}\n", "", "kind is none", "judge answer");
    config_refuses(HEAD MODELS "judge answer {\n kind = exec\n}\n", "", "command is missing", "judge answer");
    config_refuses(HEAD MODELS "judge answer {\n command = {a}\n}\n", "", "command is a", "judge answer");
    config_refuses(HEAD MODELS "judge main {\n kind = scorer\n}\n", "", "need one of: answer, expert", "main");
    config_refuses(HEAD MODELS "judge answer {\n kind = llm\n}\n", ":12", "need one of: scorer, exec, none", "llm");
    config_refuses(HEAD MODELS "judge answer {\n timeout = 0\n}\n", ":12", "timeout", "0.01");
    config_refuses(HEAD MODELS "judge answer {\n}\njudge answer {\n}\n", "", "answer", "");
    config_refuses(HEAD "expert = off\n" MODELS, ":4", "expert", "");
}
END_TEST

START_TEST(a_preset_freezes)
{
    static const struct {
        const char *text;
        bool root, sub;
    } want[] = {{"co-train", true, true}, {"frozen-sub", true, false}, {"frozen-main", false, true}};

    for (int i = 0; i < 3; i++) {
        struct mg_config c = {0};
        char text[512];

        snprintf(text, sizeof text, "%sagents = %s\n%s", HEAD, want[i].text, MODELS);
        config_loads(text, &c);
        ck_assert_int_eq(c.agent[0].train, want[i].root);
        ck_assert_int_eq(c.agent[1].train, want[i].sub);
        mg_config_free(&c);
    }
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("config agents", config_begin, config_end, 0), agents_must_fit_together,
                any_number_of_agents, a_single_agent_has_all_tools, judges_are_sections, a_preset_freezes);
    return suite_main();
}
