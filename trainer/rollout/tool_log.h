/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TOOL_LOG_H
#define MGRPO_TOOL_LOG_H

#include "run/key.h"
#include "tools/tool.h"

/*
 * What programs gave to the dialogues of one phase, a JSON object a line (mgrpo-run(5)), written before a dialogue
 * reads it. A phase that is repeated, because its agent was killed, is given the same again: so it has the same bits,
 * whatever a program would say a second time.
 */
struct mg_tool_log;

/* What a result belongs to: turn `turn` of a dialogue. */
struct mg_tool_use {
    struct mg_key key; /* of the dialogue; the phase is the file's */
    uint32_t turn;
    const char *tool, *arguments;
};

/* Reads the file if there is one; a last line that was cut short is dropped. Nothing is written before the first add.
 * MG_INPUT: a line is no result. */
enum mg_status mg_tool_log_open(const char *path, struct mg_tool_log **out, struct mg_err *err);
void mg_tool_log_close(struct mg_tool_log *log); /* accepts NULL */
/* Whether the file had the result of this use; the text is malloc'ed. MG_FAIL: it had that of another one in its
 * place. */
enum mg_status mg_tool_log_find(const struct mg_tool_log *log, const struct mg_tool_use *use,
                                struct mg_tool_result *result, bool *found, struct mg_err *err);
/* Appends a result: a process that is killed afterwards leaves it in the file. */
enum mg_status mg_tool_log_add(struct mg_tool_log *log, const struct mg_tool_use *use,
                               const struct mg_tool_result *result, struct mg_err *err);

#endif
