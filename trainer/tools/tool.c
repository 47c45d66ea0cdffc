/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "tools/tool_kind.h"

static const struct mg_tool_kind *const kinds[] = {
    &mg_tool_corpus_search,
    &mg_tool_corpus_open,
    &mg_tool_exec,
};

enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

/* ---- Opening ---- */

static enum mg_status
find_kind(const struct mg_tool_spec *spec, const struct mg_tool_kind **out, struct mg_err *err)
{
    char all[256] = "";

    for (size_t i = 0; i < N_KINDS; i++) {
        if (strcmp(spec->kind, kinds[i]->name) == 0) {
            *out = kinds[i];
            return MG_OK;
        }
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i > 0 ? ", " : "", kinds[i]->name);
    }
    return mg_fail(err, MG_INPUT, "tool \"%.60s\": kind is \"%.60s\", need one of: %s", spec->name, spec->kind, all);
}

static enum mg_status
copy(char **out, const char *given, const char *otherwise, struct mg_err *err)
{
    const char *text = given != NULL ? given : otherwise;

    *out = strdup(text != NULL ? text : "");
    return *out != NULL ? MG_OK : mg_fail(err, MG_FAIL, "out of memory: what is said of a tool");
}

static enum mg_status
open_one(struct mg_tools *t, const struct mg_tool_spec *spec, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_tool *tool = &t->tool[t->n];
    json_error_t why;
    char wrong[MG_SCHEMA_WHY];

    MG_REQUIRE(mg_tools_find(t, spec->name) == t->n, MG_INPUT, "there are two tools \"%.60s\"", spec->name);
    MG_TRY(find_kind(spec, &tool->kind, err));
    tool->state = t->n++;
    MG_TRY(copy(&tool->name, spec->name, NULL, err));
    MG_TRY(copy(&tool->description, spec->description, tool->kind->description, err));
    MG_TRY(copy(&tool->schema, spec->schema, tool->kind->schema, err));
    tool->rules = json_loads(tool->schema, JSON_REJECT_DUPLICATES, &why);
    MG_REQUIRE(tool->rules != NULL, MG_INPUT, "tool \"%.60s\": its schema is no JSON object: line %d: %s", tool->name,
               why.line, why.text);
    MG_REQUIRE(json_is_object(tool->rules), MG_INPUT, "tool \"%.60s\": its schema is no JSON object", tool->name);
    MG_REQUIRE(mg_schema_sound(tool->rules, wrong), MG_INPUT, "tool \"%.60s\": its schema: %s", tool->name, wrong);
    MG_TRY(tool->kind->open(t, tool, spec, err));
out:
    return st;
}

enum mg_status
mg_tools_open(const struct mg_tool_spec *spec, size_t n, struct mg_processes *processes, struct mg_tools **out,
              struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_tools *t = NULL;

    MG_ALLOC(t, 1);
    t->processes = processes;
    MG_ALLOC(t->tool, n);
    for (size_t i = 0; i < n; i++)
        MG_TRY(open_one(t, &spec[i], err));
    *out = t;
    t = NULL;
out:
    mg_tools_close(t);
    return st;
}

void
mg_tools_close(struct mg_tools *t)
{
    if (t == NULL)
        return;
    for (size_t i = t->n; i-- > 0;) {
        struct mg_tool *tool = &t->tool[i];

        if (tool->kind->close != NULL)
            tool->kind->close(tool);
        free(tool->name);
        free(tool->description);
        free(tool->schema);
        json_decref(tool->rules);
    }
    free(t->tool);
    free(t);
}

size_t
mg_tools_count(const struct mg_tools *t)
{
    return t->n;
}

size_t
mg_tools_find(const struct mg_tools *t, const char *name)
{
    size_t i = 0;

    while (i < t->n && strcmp(t->tool[i].name, name) != 0)
        i++;
    return i;
}

const char *
mg_tool_name(const struct mg_tools *t, size_t tool)
{
    return t->tool[tool].name;
}

const char *
mg_tool_description(const struct mg_tools *t, size_t tool)
{
    return t->tool[tool].description;
}

const char *
mg_tool_schema(const struct mg_tools *t, size_t tool)
{
    return t->tool[tool].schema;
}

bool
mg_tool_varies(const struct mg_tools *t, size_t tool)
{
    return t->tool[tool].kind->varies;
}

/* ---- Calls ---- */

struct mg_tool_session {
    struct mg_tools *tools;
    void *state[]; /* of each tool that has one */
};

enum mg_status
mg_tool_session_open(struct mg_tools *t, struct mg_tool_session **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_tool_session *s = calloc(1, sizeof *s + t->n * sizeof *s->state);

    MG_REQUIRE(s != NULL, MG_FAIL, "out of memory: the tools of a dialogue");
    s->tools = t;
    for (size_t i = 0; i < t->n; i++) {
        size_t bytes = t->tool[i].state == i ? t->tool[i].kind->state_bytes : 0;

        if (bytes > 0)
            MG_REQUIRE((s->state[i] = calloc(1, bytes)) != NULL, MG_FAIL, "out of memory: the tools of a dialogue");
    }
    *out = s;
    s = NULL;
out:
    mg_tool_session_close(s);
    return st;
}

void
mg_tool_session_close(struct mg_tool_session *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->tools->n; i++)
        free(s->state[i]);
    free(s);
}

/* A sentence that quotes a text up to some length may end it within a character. */
static void
mend_text(char *text)
{
    size_t n = strlen(text), len;

    for (size_t i = 0; i < n; i += len) {
        len = mg_utf8_char(text + i, n - i);
        if (len == 0) {
            text[i] = '?';
            len = 1;
        }
    }
}

static void
end_call(struct mg_tool_call *call, enum mg_tool_outcome outcome, char *text)
{
    call->result.outcome = outcome;
    call->result.text = text;
    call->ended = true;
}

void
mg_tool_answer(struct mg_tool_call *call, char *text)
{
    end_call(call, MG_TOOL_TEXT, text);
}

enum mg_status
mg_tool_refuse(struct mg_tool_call *call, struct mg_err *err, const char *fmt, ...)
{
    enum mg_status st = MG_OK;
    char *sentence = NULL, *text = NULL;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&sentence, fmt, ap);
    va_end(ap);
    if (n < 0)
        sentence = NULL;
    MG_REQUIRE(sentence != NULL && asprintf(&text, "error: %s", sentence) >= 0, MG_FAIL,
               "out of memory: the result of a tool");
    mend_text(text);
    end_call(call, MG_TOOL_REFUSED, text);
out:
    free(sentence);
    return st;
}

enum mg_status
mg_tool_fail(struct mg_tool_call *call, struct mg_err *err, const char *fmt, ...)
{
    enum mg_status st = MG_OK;
    char *text = NULL;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&text, fmt, ap);
    va_end(ap);
    MG_REQUIRE(n >= 0, MG_FAIL, "out of memory: the result of a tool");
    mend_text(text);
    end_call(call, MG_TOOL_UNAVAILABLE, text);
out:
    return st;
}

static void
free_call(struct mg_tool_call *call)
{
    json_decref(call->arguments);
    free(call->text);
    free(call->result.text);
    free(call);
}

static enum mg_status
begin(struct mg_tool_call *call, const char *arguments, struct mg_err *err)
{
    char why[MG_SCHEMA_WHY];
    json_error_t at;

    call->text = strdup(arguments);
    call->arguments = json_loads(arguments, JSON_REJECT_DUPLICATES, &at);
    if (call->text == NULL)
        return mg_fail(err, MG_FAIL, "out of memory: the arguments of a tool");
    if (call->arguments == NULL)
        return mg_tool_refuse(call, err, "the arguments are no JSON: %s", at.text);
    if (!json_is_object(call->arguments))
        return mg_tool_refuse(call, err, "the arguments are no JSON object");
    if (!mg_schema_fits(call->tool->rules, call->arguments, why))
        return mg_tool_refuse(call, err, "%s", why);
    return call->tool->kind->start(call, err);
}

enum mg_status
mg_tool_start(struct mg_tool_session *s, size_t tool, const char *arguments, struct mg_tool_call **out,
              struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_tool_call *call = NULL;

    MG_ALLOC(call, 1);
    call->tool = &s->tools->tool[tool];
    call->state = s->state[call->tool->state];
    MG_TRY(begin(call, arguments, err));
    *out = call;
    call = NULL;
out:
    mg_tool_cancel(call);
    return st;
}

bool
mg_tool_take(struct mg_tool_call **call, struct mg_tool_result *result)
{
    if (!(*call)->ended)
        return false;
    *result = (*call)->result;
    (*call)->result.text = NULL;
    free_call(*call);
    *call = NULL;
    return true;
}

void
mg_tool_cancel(struct mg_tool_call *call)
{
    if (call == NULL)
        return;
    if (!call->ended && call->tool->kind->cancel != NULL)
        call->tool->kind->cancel(call);
    free_call(call);
}

enum mg_status
mg_tools_run(struct mg_tools *t, double ms, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (size_t i = 0; i < t->n; i++)
        if (t->tool[i].kind->run != NULL)
            MG_TRY(t->tool[i].kind->run(&t->tool[i], err));
    if (t->processes != NULL && ms > 0.0)
        mg_processes_wait(t->processes, ms);
    else if (t->processes != NULL)
        mg_processes_poll(t->processes);
out:
    return st;
}
