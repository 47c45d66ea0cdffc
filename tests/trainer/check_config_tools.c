/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of tools in the configuration. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "config_case.h"

#define EMPTY "questions = q.jsonl\ntokenizer = /t.json\n"
#define USER  "agent main {\n model = m\n tools = {calc}\n}\n"

START_TEST(tools_have_sections)
{
    struct mg_config c = {0};
    char *here = realpath(config_folder, NULL), prose[128], *record;
    FILE *f;

    snprintf(prose, sizeof prose, "%s/schema", config_folder);
    f = fopen(prose, "w");
    fputs("{\"type\": \"object\"}\n", f);
    fclose(f);
    config_loads(EMPTY USER "tool calc {\n kind = exec\n command = {\"./calc\", \"-v\"}\n schema = \"file:schema\"\n"
                            " timeout = 0.5\n answers = json\n}\ntool Other_1 {\n kind = x\n corpus = o.db\n}\n",
                 &c);
    ck_assert_str_eq(c.corpus, "");
    ck_assert_uint_eq(c.n_tools, 2);
    ck_assert_str_eq(c.tool[0].name, "calc");
    ck_assert_uint_eq(c.tool[0].command.n, 2);
    ck_assert_str_eq(c.tool[0].command.item[0], "./calc"); /* the program is looked for in its folder */
    ck_assert_int_eq(strncmp(c.tool[0].folder, here, strlen(here)), 0);
    ck_assert_str_eq(c.tool[0].schema, "{\"type\": \"object\"}\n");
    ck_assert_str_eq(c.tool[0].description, "");
    ck_assert_double_eq(c.tool[0].timeout, 0.5);
    ck_assert_int_eq(c.tool[0].answers, MG_ANSWERS_JSON);
    ck_assert_uint_eq(c.tool[0].output, 4096);
    ck_assert_uint_eq(c.tool[0].retries, 2);
    ck_assert(!c.tool[0].network);
    ck_assert_ptr_eq(mg_config_tool(&c, "Other_1"), &c.tool[1]);
    ck_assert_ptr_null(mg_config_tool(&c, "search"));
    record = mg_config_to_json(&c);
    mg_config_free(&c);
    unlink(prose); /* the record has what the file held */
    mg_ok(mg_config_from_json(record, &c, &err));
    ck_assert_str_eq(c.tool[0].schema, "{\"type\": \"object\"}\n");
    mg_config_free(&c);
    free(record);
    free(here);
}
END_TEST

/* A tool that is not there is refused with the line that names it, and with those that there are. */
START_TEST(tools_must_be_there)
{
    config_refuses(EMPTY USER, ":5: agent main", "no tool \"calc\"", "need of: none");
    config_refuses("corpus = c.db\n" EMPTY USER "tool calk {\n kind = exec\n}\n", ":6: agent main", "no tool \"calc\"",
                   "need of: search, open, calk");
    config_refuses("corpus = c.db\n" EMPTY USER "tool search {\n kind = exec\n}\n", ":6: agent main",
                   "no tool \"calc\"", "need of: open, search");
    config_refuses("agents = single\n" EMPTY "agent main {\n model = m\n calls = {a}\n}\nagent a {\n model = m\n"
                   " tools = {calc}\n}\n",
                   ":10: agent a", "no tool", "\"calc\"");
    config_refuses(EMPTY "agent main {\n model = m\n tools = {search}\n}\n", ":5: agent main", "search",
                   "corpus is missing");
    config_refuses(EMPTY "agent main {\n model = m\n tools = {calc, calc}\n}\ntool calc {\n kind = exec\n}\n",
                   ":5: agent main", "twice", "calc");
    config_refuses(EMPTY USER "tool calc {\n}\n", ": tool calc", "kind", "missing");
    config_refuses(EMPTY USER "tool calc {\n kind = exec\n corpus = c.db\n command = {x}\n}\n", ": tool calc",
                   "has a corpus and a command", "one kind");
    config_refuses(EMPTY USER "tool \"a b\" {\n kind = exec\n}\ntool calc {\n kind = exec\n}\n", ":", "letters",
                   "\"a b\"");
    config_refuses(EMPTY USER "tool calc {\n kind = exec\n}\ntool calc {\n kind = exec\n}\n", ":", "duplicate title",
                   "calc");
    config_refuses(EMPTY USER "tool calc {\n kind = exec\n output = 0\n}\n", ":9: tool calc", "output", "\"0\"");
    config_refuses(EMPTY USER "tool calc {\n kind = exec\n schema = \"file:none\"\n}\n", ":9: tool calc", "none",
                   "No such file");
    config_refuses(EMPTY USER "tool calc {\n kind = exec\n schema = \"file:/dev/zero\"\n}\n", ":9: tool calc",
                   "/dev/zero", "65536");
}
END_TEST

#define CALLER                                                                                                         \
    "agent main {\n model = m\n calls = {calc}\n tools = {calc}\n}\nagent calc {\n model = m\n}\n"                     \
    "tool calc {\n kind = exec\n}\n"

/* The root may not have a tool and an agent of one name to call: but alone it calls no agent, a called agent may have a
 * tool of any name, and the tools over the corpus are called another way. */
START_TEST(names_are_of_one_thing)
{
    struct mg_config c = {0};

    config_refuses(EMPTY CALLER, ":6: agent main", "\"calc\"", "a tool and of an agent");
    config_loads("agents = single\n" EMPTY CALLER, &c);
    mg_config_free(&c);
    config_loads(EMPTY "corpus = c.db\nagent main {\n model = m\n calls = {search}\n tools = {search}\n}\n"
                       "agent search {\n model = m\n tools = {search}\n}\n",
                 &c);
    mg_config_free(&c);
    config_loads(EMPTY "agent main {\n model = m\n calls = {calc}\n}\nagent calc {\n model = m\n tools = {calc}\n}\n"
                       "tool calc {\n kind = exec\n}\n",
                 &c);
    mg_config_free(&c);
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("config tools", config_begin, config_end, 0), tools_have_sections, tools_must_be_there,
                names_are_of_one_thing);
    return suite_main();
}
