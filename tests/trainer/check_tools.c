/* SPDX-License-Identifier: Apache-2.0 */
/* Tools: what is opened, what is refused, and the tools over a corpus. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/utf8.h"
#include "small_world.h"
#include "scratch.h"
#include "suite.h"
#include "tools/corpus.h"
#include "tools/tool_kind.h"

static char dir[64], corpus[96];
static struct mg_tools *tools;
static struct mg_tool_session *session;
static struct mg_tool_result result;

static void
make_world(void)
{
    scratch_make(dir);
    mg_ok(mg_small_world(dir, &err));
    snprintf(corpus, sizeof corpus, "%s/corpus.db", dir);
}

static void
remove_world(void)
{
    scratch_remove(dir);
}

static void
setup(void)
{
    const struct mg_tool_spec spec[] = {{.name = "search", .kind = "corpus-search", .corpus = corpus},
                                        {.name = "open", .kind = "corpus-open", .corpus = corpus}};

    mg_err_clear(&err);
    mg_ok(mg_tools_open(spec, 2, NULL, &tools, &err));
    mg_ok(mg_tool_session_open(tools, &session, &err));
}

static void
teardown(void)
{
    free(result.text);
    mg_tool_session_close(session);
    mg_tools_close(tools);
}

static enum mg_tool_outcome
call(const char *name, const char *arguments)
{
    struct mg_tool_call *c = NULL;

    free(result.text);
    mg_ok(mg_tool_start(session, mg_tools_find(tools, name), arguments, &c, &err));
    ck_assert(mg_tool_take(&c, &result));
    ck_assert_ptr_null(c);
    ck_assert_ptr_nonnull(result.text);
    return result.outcome;
}

/* ---- Opening ---- */

static void
refuses(const struct mg_tool_spec *spec, size_t n, const char *part)
{
    struct mg_tools *none = NULL;

    mg_err_clear(&err);
    ck_assert_int_eq(mg_tools_open(spec, n, NULL, &none, &err), MG_INPUT);
    ck_assert_msg(strstr(err.text, part) != NULL, "\"%s\" does not say %s", err.text, part);
    ck_assert_ptr_null(none);
}

START_TEST(tools_that_cannot_be)
{
    const struct mg_tool_spec search = {.name = "search", .kind = "corpus-search", .corpus = corpus};
    const struct mg_tool_spec open = {.name = "open", .kind = "corpus-open", .corpus = corpus};
    const struct mg_tool_spec twice[] = {search, search}, backwards[] = {open, search};
    struct mg_tool_spec other = search;

    refuses(twice, 2, "two tools \"search\"");
    refuses(backwards, 2, "no tool before it searches");
    other.kind = "corpus";
    refuses(&other, 1, "need one of: corpus-search, corpus-open, exec");
    other = search;
    other.schema = "[1]";
    refuses(&other, 1, "its schema is no JSON object");
    other.schema = "{";
    refuses(&other, 1, "its schema is no JSON object: line 1");
    other.schema = "{\"type\": \"object\", \"type\": \"object\"}";
    refuses(&other, 1, "duplicate");
    other.schema = "{\"type\": \"objekt\"}";
    refuses(&other, 1, "its schema: type of the arguments");
    other = search;
    other.corpus = NULL;
    refuses(&other, 1, "corpus is missing");
    other.corpus = "/nowhere/corpus.db";
    refuses(&other, 1, "/nowhere/corpus.db");
    other = search;
    other.command = (const char *const[]){"./calc.py", NULL};
    refuses(&other, 1, "runs no command");
}
END_TEST

/* The refusal of an unknown kind names all there are: each has its item in mgrpo-tools(7). */
START_TEST(the_manual_has_every_kind)
{
    static const char begin[] = "need one of: ";
    const struct mg_tool_spec none = {.name = "t", .kind = "none"};
    const char *source = getenv("srcdir");
    char path[4096], item[80], *page = NULL, *kinds;
    size_t len;

    snprintf(path, sizeof path, "%s/man/mgrpo-tools.7", source != NULL ? source : ".");
    mg_ok(mg_file_read(path, 1 << 20, &page, &len, &err));
    refuses(&none, 1, begin);
    kinds = strstr(err.text, begin) + strlen(begin);
    for (char *kind = strtok(kinds, ", "); kind != NULL; kind = strtok(NULL, ", ")) {
        snprintf(item, sizeof item, "\n.It Cm %s\n", kind);
        ck_assert_msg(strstr(page, item) != NULL, "mgrpo-tools(7) has no item on the kind %s", kind);
    }
    free(page);
}
END_TEST

START_TEST(tools_are_found)
{
    ck_assert_uint_eq(mg_tools_count(tools), 2);
    ck_assert_uint_eq(mg_tools_find(tools, "open"), 1);
    ck_assert_uint_eq(mg_tools_find(tools, "close"), 2);
    ck_assert_str_eq(mg_tool_name(tools, 1), "open");
    ck_assert_ptr_nonnull(strstr(mg_tool_description(tools, 0), "Searches"));
    ck_assert_ptr_nonnull(strstr(mg_tool_schema(tools, 0), "query"));
}
END_TEST

/* ---- A corpus ---- */

START_TEST(hits_are_those_of_the_corpus)
{
    static const char *const words[] = {"capital Peru", "Peru", "currency of Chile", "zzz", "population"};
    struct mg_corpus *c = NULL;
    struct mg_hits hits;
    char expected[MG_HITS_TEXT_MAX], arguments[100];

    mg_ok(mg_corpus_open(&c, corpus, &err));
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        mg_ok(mg_corpus_search(c, words[i], strlen(words[i]), &hits, &err));
        mg_corpus_hits_text(&hits, expected);
        snprintf(arguments, sizeof arguments, "{\"query\": \"%s\"}", words[i]);
        ck_assert_int_eq(call("search", arguments), MG_TOOL_TEXT);
        ck_assert_str_eq(result.text, expected);
        for (int h = 0; h < hits.n; h++) {
            struct mg_page page;

            mg_ok(mg_corpus_page(c, hits.hit[h].page, &page, &err));
            snprintf(arguments, sizeof arguments, "{\"hit\": %d}", h + 1);
            ck_assert_int_eq(call("open", arguments), MG_TOOL_TEXT);
            ck_assert_str_eq(result.text, page.text);
            mg_page_free(&page);
        }
    }
    mg_corpus_close(c);
}
END_TEST

/* A dialogue opens what it found itself. */
START_TEST(sessions_do_not_share_hits)
{
    struct mg_tool_session *first = session, *second = NULL;
    char *text;

    mg_ok(mg_tool_session_open(tools, &second, &err));
    ck_assert_int_eq(call("search", "{\"query\": \"capital Peru\"}"), MG_TOOL_TEXT);
    ck_assert_int_eq(call("open", "{\"hit\": 1}"), MG_TOOL_TEXT);
    text = strdup(result.text);
    session = second;
    ck_assert_int_eq(call("open", "{\"hit\": 1}"), MG_TOOL_REFUSED);
    ck_assert_int_eq(call("search", "{\"query\": \"currency Chile\"}"), MG_TOOL_TEXT);
    session = first;
    ck_assert_int_eq(call("open", "{\"hit\": 1}"), MG_TOOL_TEXT);
    ck_assert_str_eq(result.text, text);
    mg_tool_session_close(second);
    free(text);
}
END_TEST

START_TEST(wrong_arguments_are_told)
{
    static const struct {
        const char *tool, *arguments, *told;
    } wrong[] = {
        {"search", "", "error: the arguments are no JSON: "},
        {"search", "capital", "error: the arguments are no JSON: "},
        {"search", "[\"capital\"]", "error: the arguments are no JSON object"},
        {"search", "{}", "error: query is missing in the arguments"},
        {"search", "{\"query\": 7}", "error: query must be of type string"},
        {"search", "{\"query\": \"a\", \"query\": \"b\"}", "error: the arguments are no JSON: "},
        {"search", "{\"query\": \"a\\u0000b\"}", "error: the arguments are no JSON: "},
        {"search", "{\"query\": \"\xff\"}", "error: the arguments are no JSON: "},
        {"open", "{\"hit\": \"1\"}", "error: hit must be of type integer"},
        {"open", "{\"hit\": 1.0}", "error: hit must be of type integer"},
        {"open", "{\"hit\": 0}", "error: there is no hit 0, the last search had 3"},
        {"open", "{\"hit\": -1}", "error: there is no hit -1"},
        {"open", "{\"hit\": 4}", "error: there is no hit 4"},
        {"open", "{\"hit\": 9223372036854775807}", "error: there is no hit 9223372036854775807"},
        {"open", "{\"hit\": 9223372036854775808}", "error: the arguments are no JSON: "},
    };

    ck_assert_int_eq(call("search", "{\"query\": \"capital Peru\"}"), MG_TOOL_TEXT);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(call(wrong[i].tool, wrong[i].arguments), MG_TOOL_REFUSED);
        ck_assert_msg(strncmp(result.text, wrong[i].told, strlen(wrong[i].told)) == 0, "%s: told \"%s\"",
                      wrong[i].arguments, result.text);
    }
    ck_assert_int_eq(call("open", "{\"hit\": 3}"), MG_TOOL_TEXT); /* the hits are still there */
}
END_TEST

/* ---- Schemas ---- */

START_TEST(schemas)
{
    static const struct {
        const char *schema, *value, *why; /* NULL: it fits */
    } cases[] = {
        {"{}", "7", NULL},
        {"{\"type\": \"number\"}", "7", NULL},
        {"{\"type\": \"number\"}", "7.5", NULL},
        {"{\"type\": \"number\"}", "\"7\"", "type number"},
        {"{\"type\": [\"string\", \"null\"]}", "null", NULL},
        {"{\"type\": [\"string\", \"null\"]}", "true", "type"},
        {"{\"type\": \"boolean\"}", "false", NULL},
        {"{\"type\": \"no such\"}", "false", "type no such"},
        {"{\"enum\": [\"+\", \"-\"]}", "\"-\"", NULL},
        {"{\"enum\": [\"+\", \"-\"]}", "\"*\"", "none of the values"},
        {"{\"type\": \"array\", \"items\": {\"type\": \"integer\"}}", "[1, 2]", NULL},
        {"{\"type\": \"array\", \"items\": {\"type\": \"integer\"}}", "[1, 2.5]", "type integer"},
        {"{\"required\": [\"a\"]}", "{\"a\": 1, \"b\": 2}", NULL},
        {"{\"required\": [\"a\"]}", "{\"b\": 2}", "a is missing"},
        {"{\"properties\": {\"a\": {}}, \"additionalProperties\": false}", "{\"b\": 2}", "b is not among"},
        {"{\"properties\": {\"a\": {\"properties\": {\"b\": {\"type\": \"string\"}}}}}", "{\"a\": {\"b\": 1}}",
         "b must be"},
        {"{\"enum\": 5, \"required\": 5, \"properties\": 5, \"items\": 5, \"type\": 5}", "{\"a\": [1]}", "type"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *schema = json_loads(cases[i].schema, 0, NULL);
        json_t *value = json_loads(cases[i].value, JSON_DECODE_ANY, NULL);
        char why[MG_SCHEMA_WHY] = "";
        bool fits = mg_schema_fits(schema, value, why);

        ck_assert_msg(fits == (cases[i].why == NULL), "%s: %s", cases[i].schema, cases[i].value);
        if (!fits)
            ck_assert_msg(strstr(why, cases[i].why) != NULL, "%s: %s", cases[i].schema, why);
        json_decref(schema);
        json_decref(value);
    }
}
END_TEST

/* What would be refused at every call, or never be looked at, is refused when the tool is opened. */
START_TEST(schemas_that_are_none)
{
    static const struct {
        const char *schema, *why; /* NULL: it is one */
    } cases[] = {
        {"{}", NULL},
        {"{\"type\": [\"object\", \"null\"], \"required\": [], \"additionalProperties\": {}, \"title\": 5}", NULL},
        {"{\"properties\": {\"a\": {\"type\": \"array\", \"items\": {\"enum\": [1]}}, \"b\": true}}", NULL},
        {"{\"type\": \"objekt\"}", "type of the arguments: need string"},
        {"{\"type\": 3}", "type of the arguments"},
        {"{\"type\": []}", "type of the arguments"},
        {"{\"type\": [\"object\", 3]}", "type of the arguments"},
        {"{\"type\": \"string\"}", "type of the arguments: need object"},
        {"{\"required\": \"a\"}", "required of the arguments: need a list"},
        {"{\"required\": [3]}", "required of the arguments: need a list"},
        {"{\"enum\": 3}", "enum of the arguments: need a list"},
        {"{\"properties\": []}", "properties of the arguments: need an object"},
        {"{\"properties\": {\"a\": 3}}", "a: need an object"},
        {"{\"properties\": {\"a\": {\"type\": \"strng\"}}}", "type of a: need string"},
        {"{\"properties\": {\"a\": {\"items\": {\"type\": 3}}}}", "type of a"},
        {"{\"items\": 3}", "items of the arguments"},
        {"{\"additionalProperties\": \"no\"}", "additionalProperties of the arguments"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *schema = json_loads(cases[i].schema, 0, NULL);
        char why[MG_SCHEMA_WHY] = "";
        bool sound = mg_schema_sound(schema, why);

        ck_assert_msg(sound == (cases[i].why == NULL), "%s: %s", cases[i].schema, why);
        if (!sound)
            ck_assert_msg(strstr(why, cases[i].why) != NULL, "%s: %s", cases[i].schema, why);
        json_decref(schema);
    }
}
END_TEST

/* A schema of any depth and a value as deep: an answer, and no overflow. */
START_TEST(schemas_have_a_depth)
{
    enum { DEEP = 1000 };
    json_t *schema = json_object(), *value = json_array();
    char why[MG_SCHEMA_WHY];

    for (int i = 0; i < DEEP; i++) {
        schema = json_pack("{s:o}", "items", schema);
        value = json_pack("[o]", value);
    }
    ck_assert(!mg_schema_fits(schema, value, why));
    ck_assert_ptr_nonnull(strstr(why, "deep"));
    ck_assert(!mg_schema_sound(schema, why));
    ck_assert_ptr_nonnull(strstr(why, "deep"));
    json_decref(schema);
    json_decref(value);
}
END_TEST

/* A refusal that quotes a name as an agent wrote it, and cuts it within a character, is UTF-8 all the same. */
START_TEST(a_refusal_is_text)
{
    const struct mg_tool_spec spec = {
        .name = "strict", .kind = "corpus-search", .corpus = corpus, .schema = "{\"additionalProperties\": false}"};

    mg_tool_session_close(session);
    mg_tools_close(tools);
    mg_ok(mg_tools_open(&spec, 1, NULL, &tools, &err));
    mg_ok(mg_tool_session_open(tools, &session, &err));
    ck_assert_int_eq(call("strict", "{\"012345678901234567890123456789012345678\u00e9\": 1}"), MG_TOOL_REFUSED);
    ck_assert_str_eq(result.text,
                     "error: 012345678901234567890123456789012345678? is not among what the arguments may hold");
    ck_assert(mg_text_valid(result.text, strlen(result.text)));
}
END_TEST

int
main(void)
{
    TCase *tc = suite_case("tools", setup, teardown, 60);

    tcase_add_unchecked_fixture(tc, make_world, remove_world);
    suite_tests(tc, tools_that_cannot_be, the_manual_has_every_kind, tools_are_found, hits_are_those_of_the_corpus,
                sessions_do_not_share_hits, wrong_arguments_are_told, schemas, schemas_that_are_none,
                schemas_have_a_depth, a_refusal_is_text);
    return suite_main();
}
