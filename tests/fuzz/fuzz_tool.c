/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "tools/tool_kind.h"

/*
 * libFuzzer entry (scripts/fuzz): the input up to its first NUL is the schema of a tool, the rest the arguments of a
 * call. A call ends with a text or with a refusal, in UTF-8, whatever it was given.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum mg_status
answer_at_once(struct mg_tool_call *call, struct mg_err *err)
{
    if (!json_is_object(call->arguments))
        abort();
    (void)err;
    mg_tool_answer(call, strdup("answer"));
    return MG_OK;
}

static void
call_once(struct mg_tool *tool, const char *arguments)
{
    struct mg_tools tools = {.tool = tool, .n = 1};
    struct mg_tool_session *session = NULL;
    struct mg_tool_call *call = NULL;
    struct mg_tool_result result = {0};
    struct mg_err err = {0};

    if (mg_tool_session_open(&tools, &session, &err) != MG_OK ||
        mg_tool_start(session, 0, arguments, &call, &err) != MG_OK || !mg_tool_take(&call, &result) ||
        result.outcome == MG_TOOL_UNAVAILABLE || result.text == NULL ||
        !mg_text_valid(result.text, strlen(result.text)))
        abort();
    free(result.text);
    mg_tool_session_close(session);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct mg_tool_kind kind = {.name = "fuzz", .start = answer_at_once};
    struct mg_tool tool = {.kind = &kind};
    char *text = malloc(size + 1);
    size_t len;

    if (text == NULL)
        abort();
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    len = strlen(text);
    tool.rules = json_loads(text, 0, NULL);
    if (json_is_object(tool.rules))
        call_once(&tool, len < size ? text + len + 1 : text);
    json_decref(tool.rules);
    free(text);
    return 0;
}
