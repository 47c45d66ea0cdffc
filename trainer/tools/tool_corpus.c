/* SPDX-License-Identifier: Apache-2.0 */
/* Two kinds over one corpus: a search, and opening what the dialogue's last search found. */
#include <stdlib.h>
#include <string.h>

#include "tools/corpus.h"
#include "tools/tool_kind.h"

struct source {
    struct mg_corpus *corpus;
    char *path;
};

static void
close_search(struct mg_tool *tool)
{
    struct source *s = tool->data;

    if (s == NULL)
        return;
    mg_corpus_close(s->corpus);
    free(s->path);
    free(s);
}

static enum mg_status
check_spec(const struct mg_tool_spec *spec, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_REQUIRE(spec->corpus != NULL, MG_INPUT, "tool \"%.60s\": corpus is missing", spec->name);
    MG_REQUIRE(spec->command == NULL || spec->command[0] == NULL, MG_INPUT,
               "tool \"%.60s\": a tool of the kind %s runs no command", spec->name, spec->kind);
out:
    return st;
}

static enum mg_status
open_search(struct mg_tools *t, struct mg_tool *tool, const struct mg_tool_spec *spec, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct source *s = NULL;

    (void)t;
    MG_TRY(check_spec(spec, err));
    MG_ALLOC(s, 1);
    tool->data = s;
    MG_STRDUP(s->path, spec->corpus);
    MG_TRY(mg_corpus_open(&s->corpus, spec->corpus, err));
out:
    return st;
}

/* A corpus that cannot be read is no fault of the agent. */
static enum mg_status
fail_if_damaged(struct mg_tool_call *call, enum mg_status st, const struct mg_err *why, struct mg_err *err)
{
    if (st == MG_INPUT)
        return mg_tool_fail(call, err, "the tool %.60s failed: %s", call->tool->name, why->text);
    return st == MG_OK ? MG_OK : mg_fail(err, st, "%s", why->text);
}

static enum mg_status
start_search(struct mg_tool_call *call, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct source *s = call->tool->data;
    const json_t *query = json_object_get(call->arguments, "query");
    struct mg_err why = {.status = MG_OK};
    char *text;

    st = mg_corpus_search(s->corpus, json_string_value(query), json_string_length(query), call->state, &why);
    if (st != MG_OK)
        return fail_if_damaged(call, st, &why, err);
    MG_ALLOC(text, (size_t)MG_HITS_TEXT_MAX);
    mg_corpus_hits_text(call->state, text);
    mg_tool_answer(call, text);
out:
    return st;
}

/* It opens the hits of the search before it that has the same corpus. */
static enum mg_status
open_open(struct mg_tools *t, struct mg_tool *tool, const struct mg_tool_spec *spec, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(check_spec(spec, err));
    for (size_t i = 0; i < t->n && tool->data == NULL; i++) {
        struct source *s = t->tool[i].data;

        if (t->tool[i].kind != &mg_tool_corpus_search || strcmp(s->path, spec->corpus) != 0)
            continue;
        tool->data = s;
        tool->state = i;
    }
    MG_REQUIRE(tool->data != NULL, MG_INPUT,
               "tool \"%.60s\" opens the hits of a search, and no tool before it searches %s", spec->name,
               spec->corpus);
out:
    return st;
}

static enum mg_status
start_open(struct mg_tool_call *call, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct source *s = call->tool->data;
    const struct mg_hits *hits = call->state;
    json_int_t hit = json_integer_value(json_object_get(call->arguments, "hit"));
    struct mg_err why = {.status = MG_OK};
    struct mg_page page = {0};

    if (hit < 1 || hit > hits->n)
        return mg_tool_refuse(call, err, "there is no hit %lld, the last search had %d", (long long)hit, hits->n);
    st = mg_corpus_page(s->corpus, hits->hit[hit - 1].page, &page, &why);
    if (st != MG_OK)
        return fail_if_damaged(call, st, &why, err);
    mg_tool_answer(call, page.text);
    page.text = NULL;
    mg_page_free(&page);
    return st;
}

const struct mg_tool_kind mg_tool_corpus_search = {
    .name = "corpus-search",
    .description = "Searches a corpus of pages. Gives up to three numbered titles, each with the start of its page.",
    .schema = "{\"type\": \"object\", \"properties\": {\"query\": {\"type\": \"string\"}}, \"required\": [\"query\"]}",
    .open = open_search,
    .close = close_search,
    .state_bytes = sizeof(struct mg_hits),
    .start = start_search,
};

const struct mg_tool_kind mg_tool_corpus_open = {
    .name = "corpus-open",
    .description = "Opens a page that the last search found, by its number there. Gives its text.",
    .schema = "{\"type\": \"object\", \"properties\": {\"hit\": {\"type\": \"integer\"}}, \"required\": [\"hit\"]}",
    .open = open_open,
    .start = start_open,
};
