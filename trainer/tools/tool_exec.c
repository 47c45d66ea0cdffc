/* SPDX-License-Identifier: Apache-2.0 */
/* A program of the user's: a call starts it, its arguments are on standard input, its result on standard output. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "tools/tool_kind.h"

enum { REFUSED = 2 /* the exit status that says it */, SAID_MOST = 160 };
static const double first_pause = 0.25; /* seconds before a call is tried again; doubles each time */

struct exec {
    const struct mg_tool *tool;
    char **command, *folder;
    struct mg_process_limits limits; /* `output` without the byte more that shows a cut */
    uint32_t retries;
    bool json;
    struct mg_processes *processes;
    struct attempt *first;
    struct mg_err err; /* of a callback */
};

/* A call that runs, or waits to be tried again. */
struct attempt {
    struct exec *exec;
    struct mg_tool_call *call; /* NULL: cancelled */
    struct attempt *next, **link;
    uint32_t failed; /* times */
    bool running;
    double again; /* when, by mg_clock */
};

static void
forget(struct attempt *a)
{
    *a->link = a->next;
    if (a->next != NULL)
        a->next->link = a->link;
    free(a);
}

/* ---- Opening ---- */

static void
close_exec(struct mg_tool *tool)
{
    struct exec *e = tool->data;

    if (e == NULL)
        return;
    while (e->first != NULL)
        forget(e->first);
    for (size_t i = 0; e->command != NULL && e->command[i] != NULL; i++)
        free(e->command[i]);
    free(e->command);
    free(e->folder);
    free(e);
}

static enum mg_status
copy_command(struct exec *e, const char *const *command, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = 0;

    while (command[n] != NULL)
        n++;
    MG_ALLOC(e->command, n + 1);
    for (size_t i = 0; i < n; i++)
        MG_REQUIRE((e->command[i] = strdup(command[i])) != NULL, MG_FAIL, "out of memory: the command of a tool");
out:
    return st;
}

static enum mg_status
open_exec(struct mg_tools *t, struct mg_tool *tool, const struct mg_tool_spec *spec, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *folder = spec->folder != NULL ? spec->folder : "/";
    struct exec *e = NULL;

    MG_REQUIRE(spec->command != NULL && spec->command[0] != NULL, MG_INPUT, "tool \"%.60s\": command is missing",
               spec->name);
    if (mg_process_check(spec->command[0], folder, err) != MG_OK)
        return mg_fail_at(err, "tool \"%.60s\"", spec->name);
    MG_REQUIRE(t->processes != NULL, MG_FAIL, "tool \"%.60s\": nothing can run its program", spec->name);
    MG_ALLOC(e, 1);
    tool->data = e;
    e->tool = tool;
    e->limits = spec->limits;
    e->retries = spec->retries;
    e->json = spec->json;
    e->processes = t->processes;
    mg_err_clear(&e->err);
    MG_STRDUP(e->folder, folder);
    MG_TRY(copy_command(e, spec->command, err));
out:
    return st;
}

/* ---- The end of a program ---- */

/* What went wrong, with the last line of what the program said of it; in ASCII, since it may have said anything. */
static enum mg_status
fail(struct attempt *a, const struct mg_process_end *end, const char *what, struct mg_err *err)
{
    char said[SAID_MOST + 1];
    size_t n = end->n_said, from, len = 0;

    while (n > 0 && (unsigned char)end->said[n - 1] <= ' ')
        n--;
    for (from = n; from > 0 && end->said[from - 1] != '\n';)
        from--;
    for (size_t i = from; i < n && len < SAID_MOST; i++)
        said[len++] = end->said[i] >= ' ' && end->said[i] <= '~' ? end->said[i] : '?';
    said[len] = '\0';
    return mg_tool_fail(a->call, err, "the tool %.60s %s%s%s", a->exec->tool->name, what, len > 0 ? ": " : "", said);
}

/* The text that it wrote, malloc'ed; NULL where it is none. Too much is cut between two characters, and marked. */
static enum mg_status
text_of(const struct exec *e, const struct mg_process_end *end, char **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = end->n_out;
    bool cut = n > e->limits.output;

    *out = NULL;
    if (cut)
        for (n = e->limits.output; n > 0 && ((unsigned char)end->out[n] & 0xC0) == 0x80;)
            n--;
    while (n > 0 && (unsigned char)end->out[n - 1] <= ' ' && end->out[n - 1] != '\0')
        n--;
    if (!mg_text_valid(end->out, n))
        return MG_OK;
    MG_ALLOC(*out, n + sizeof MG_CUT_MARK);
    memcpy(*out, end->out, n);
    if (cut)
        memcpy(*out + n, MG_CUT_MARK, sizeof MG_CUT_MARK);
out:
    return st;
}

/* {"text": TEXT} or {"error": TEXT}. */
static enum mg_status
read_json(struct attempt *a, const struct mg_process_end *end, const char **wrong, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_t *object = json_loadb(end->out, end->n_out, JSON_REJECT_DUPLICATES, NULL);
    const char *text = json_string_value(json_object_get(object, "text"));
    const char *error = json_string_value(json_object_get(object, "error"));
    char *copy = NULL;

    if ((text == NULL) == (error == NULL)) {
        *wrong = "wrote no JSON object with a text or an error";
    } else if (error != NULL) {
        st = mg_tool_refuse(a->call, err, "%s", error);
    } else {
        MG_STRDUP(copy, text);
        mg_tool_answer(a->call, copy);
    }
out:
    json_decref(object);
    return st;
}

/* Ends the call, or says what is wrong with how its program ended. */
static enum mg_status
read_end(struct attempt *a, const struct mg_process_end *end, const char **wrong, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct exec *e = a->exec;
    bool refused = end->by_itself && end->status == REFUSED, cut = end->n_out > e->limits.output;
    char *text = NULL;

    a->call->result.network = end->network && !e->limits.network;
    *wrong = NULL;
    if (cut && e->json)
        *wrong = "wrote more than it may";
    else if (!end->good && !refused && !cut)
        *wrong = end->sentence;
    else if (e->json && !refused)
        return read_json(a, end, wrong, err);
    if (*wrong != NULL)
        return MG_OK;
    MG_TRY(text_of(e, end, &text, err));
    if (text == NULL) {
        *wrong = "wrote bytes that are no UTF-8 text";
    } else if (refused) {
        st = mg_tool_refuse(a->call, err, "%s", text[0] != '\0' ? text : "the arguments are wrong");
    } else {
        mg_tool_answer(a->call, text);
        text = NULL;
    }
out:
    free(text);
    return st;
}

static enum mg_status
take_end(struct attempt *a, const struct mg_process_end *end, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *wrong = NULL;

    MG_TRY(read_end(a, end, &wrong, err));
    if (wrong != NULL && a->failed == a->exec->retries)
        MG_TRY(fail(a, end, wrong, err));
    if (wrong != NULL)
        a->again = mg_clock() + first_pause * (double)(1u << a->failed++);
out:
    return st;
}

static void
on_end(void *arg, const struct mg_process_end *end)
{
    struct attempt *a = arg;

    a->running = false;
    if (a->call != NULL)
        take_end(a, end, &a->exec->err);
    if (a->call == NULL || a->call->ended)
        forget(a);
}

/* ---- Calls ---- */

static enum mg_status
try_once(struct attempt *a, struct mg_err *err)
{
    const struct exec *e = a->exec;
    struct mg_process_spec spec = {.argv = (const char *const *)e->command,
                                   .folder = e->folder,
                                   .in = a->call->text,
                                   .n_in = strlen(a->call->text),
                                   .limits = e->limits};

    spec.limits.output++;
    a->running = true;
    return mg_process_start(e->processes, &spec, on_end, a, err);
}

static enum mg_status
start_exec(struct mg_tool_call *call, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct exec *e = call->tool->data;
    struct attempt *a = NULL;

    MG_ALLOC(a, 1);
    a->exec = e;
    a->call = call;
    a->next = e->first;
    a->link = &e->first;
    if (a->next != NULL)
        a->next->link = &a->next;
    e->first = a;
    call->data = a;
    st = try_once(a, err);
out:
    return st;
}

/* Its program goes on to its end, which is bounded. */
static void
cancel_exec(struct mg_tool_call *call)
{
    struct attempt *a = call->data;

    if (a == NULL)
        return;
    a->call = NULL;
    if (!a->running)
        forget(a);
}

static enum mg_status
run_exec(struct mg_tool *tool, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct exec *e = tool->data;
    double now = mg_clock();

    MG_REQUIRE(e->err.status == MG_OK, e->err.status, "%s", e->err.text);
    for (struct attempt *a = e->first; a != NULL; a = a->next)
        if (!a->running && now >= a->again)
            MG_TRY(try_once(a, err));
out:
    return st;
}

const struct mg_tool_kind mg_tool_exec = {
    .name = "exec",
    .description = "A program.",
    .schema = "{\"type\": \"object\", \"properties\": {\"text\": {\"type\": \"string\"}}, \"required\": [\"text\"]}",
    .varies = true,
    .open = open_exec,
    .close = close_exec,
    .start = start_exec,
    .cancel = cancel_exec,
    .run = run_exec,
};
