/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TOOL_H
#define MGRPO_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/process.h"

/*
 * The tools that agents call. A tool has a name, a description and a JSON Schema of its arguments; a call takes the
 * arguments as JSON and gives a text. What a tool keeps of a dialogue is in that dialogue's session, so that any number
 * of dialogues share the tools. One thread at a time uses a set of tools.
 */
struct mg_tools;

/* What a configuration says of a tool (mgrpo-tools(7)); all of it is copied. */
struct mg_tool_spec {
    const char *name, *kind;
    const char *description; /* NULL: the kind's own */
    const char *schema;      /* a JSON Schema of the arguments; NULL: the kind's own */
    const char *corpus;      /* corpus-search, corpus-open: the database */
    /* exec */
    const char *const *command; /* NULL-terminated */
    const char *folder;         /* its working directory */
    struct mg_process_limits limits;
    uint32_t retries; /* of a call that failed through no fault of the agent */
    bool json;        /* it answers with a JSON object, not with a text */
};

/* Opens all, in their order. Only exec needs `processes`, which may be shared and end before the tools are closed.
 * MG_INPUT: no such kind, a name twice, a schema that is none, or what the kind finds. */
enum mg_status mg_tools_open(const struct mg_tool_spec *spec, size_t n, struct mg_processes *processes,
                             struct mg_tools **out, struct mg_err *err);
void mg_tools_close(struct mg_tools *t); /* accepts NULL; no session is open */

size_t mg_tools_count(const struct mg_tools *t);
/* The number of the tool with a name, or the count if there is none. */
size_t mg_tools_find(const struct mg_tools *t, const char *name);
const char *mg_tool_name(const struct mg_tools *t, size_t tool);
const char *mg_tool_description(const struct mg_tools *t, size_t tool);
const char *mg_tool_schema(const struct mg_tools *t, size_t tool); /* as text */
/* Whether a call may give something else another time: a program, that the trainer cannot know. */
bool mg_tool_varies(const struct mg_tools *t, size_t tool);

/* ---- Calls ---- */

/* What the tools keep of one dialogue: the hits of its last search. */
struct mg_tool_session;
enum mg_status mg_tool_session_open(struct mg_tools *t, struct mg_tool_session **out, struct mg_err *err);
void mg_tool_session_close(struct mg_tool_session *s); /* accepts NULL; no call of it runs */

enum mg_tool_outcome {
    MG_TOOL_TEXT,       /* the result */
    MG_TOOL_REFUSED,    /* a fault of the agent: wrong arguments; the text, which it reads, says why */
    MG_TOOL_UNAVAILABLE /* no fault of the agent: time-out, crash, malformed output; the text is for people */
};
struct mg_tool_result {
    enum mg_tool_outcome outcome;
    char *text;   /* UTF-8, malloc'ed */
    bool network; /* it could reach the network, though it was not to: the system does not let it be turned off */
};

/*
 * Starts a call; `arguments` is any text, refused if it is not what the schema says. Its result may be there at once,
 * or come while mg_tools_run runs: nothing waits for it. A call must end before its session is closed.
 */
struct mg_tool_call;
enum mg_status mg_tool_start(struct mg_tool_session *s, size_t tool, const char *arguments, struct mg_tool_call **out,
                             struct mg_err *err);
/* Takes the result, which ends the call and sets *call to NULL; false while it is not there. */
bool mg_tool_take(struct mg_tool_call **call, struct mg_tool_result *result);
void mg_tool_cancel(struct mg_tool_call *call); /* accepts NULL */
/* Advances the running calls; waits up to `ms` milliseconds for the first that ends. */
enum mg_status mg_tools_run(struct mg_tools *t, double ms, struct mg_err *err);

#endif
