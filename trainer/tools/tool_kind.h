/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TOOL_KIND_H
#define MGRPO_TOOL_KIND_H

#include <jansson.h>

#include "tools/tool.h"

/*
 * A kind of tool: a row of the table of kinds. Members that a kind does not need are NULL.
 */
struct mg_tool;
struct mg_tool_kind {
    const char *name;        /* in a configuration */
    const char *description; /* what the agent reads of it, unless the configuration says something else */
    const char *schema;      /* of the arguments, likewise: others may come; NULL: the configuration must give one */
    enum mg_status (*open)(struct mg_tools *t, struct mg_tool *tool, const struct mg_tool_spec *spec,
                           struct mg_err *err);
    void (*close)(struct mg_tool *tool); /* also after a failed open */
    size_t state_bytes;                  /* of a dialogue; zero at its begin */
    bool varies; /* what it gives need not be a function of state and arguments; then it has no state */
    /* Begins a call whose arguments fit the schema: it ends with one of the three ways below, now or in `run`. */
    enum mg_status (*start)(struct mg_tool_call *call, struct mg_err *err);
    void (*cancel)(struct mg_tool_call *call); /* of one that has not ended */
    /* Does what is due, without waiting; the programs of the tools are polled elsewhere. */
    enum mg_status (*run)(struct mg_tool *tool, struct mg_err *err);
};

struct mg_tool {
    const struct mg_tool_kind *kind;
    char *name, *description, *schema;
    json_t *rules; /* the schema */
    void *data;    /* the kind's own */
    size_t state;  /* the tool whose state of a dialogue it uses: its own number, or that of one before it */
};

struct mg_tools {
    struct mg_tool *tool; /* n of them */
    size_t n;
    struct mg_processes *processes; /* may be NULL */
};

struct mg_tool_call {
    struct mg_tool *tool;
    void *state;       /* of the dialogue */
    char *text;        /* the arguments as they were given */
    json_t *arguments; /* the same: an object that fits the tool's schema, which need not be the kind's */
    void *data;        /* the kind's own, gone when the call has ended */
    bool ended;
    struct mg_tool_result result;
};

/* The three ways to end a call. Takes over `text`. */
void mg_tool_answer(struct mg_tool_call *call, char *text);
/* The text is "error: " and the sentence; arguments that an agent wrote may be in it, if they are short. */
enum mg_status mg_tool_refuse(struct mg_tool_call *call, struct mg_err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
enum mg_status mg_tool_fail(struct mg_tool_call *call, struct mg_err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Whether arguments fit a schema; where not, `why` gets a sentence. Of JSON Schema these words count: type, enum,
 * properties, required, additionalProperties (false), items. Others are for the reader.
 */
enum { MG_SCHEMA_WHY = 200 };
bool mg_schema_fits(const json_t *schema, const json_t *value, char why[MG_SCHEMA_WHY]);
/* Whether an object is a schema of arguments, which are an object: each of these words has a value that it may have. */
bool mg_schema_sound(const json_t *schema, char why[MG_SCHEMA_WHY]);

/* The kinds. */
extern const struct mg_tool_kind mg_tool_corpus_search, mg_tool_corpus_open, mg_tool_exec;

#endif
