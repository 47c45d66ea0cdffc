/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "tools/tool.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is what a tool's program wrote, on standard output and, behind the first NUL, on
 * standard error; its first byte says how the program ended. The call ends with bounded UTF-8. No program runs: the
 * functions of base/process.h are here, and end a program where it would begin.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUTPUT = 64, ANSWERS_JSON = 1, STATUS = 2, KILLED = 8 };
static struct mg_process_end ending;

enum mg_status
mg_process_check(const char *program, const char *folder, struct mg_err *err)
{
    (void)program;
    (void)folder;
    (void)err;
    return MG_OK;
}

enum mg_status
mg_process_start(struct mg_processes *p, const struct mg_process_spec *spec, mg_process_done *done, void *arg,
                 struct mg_err *err)
{
    (void)p;
    (void)spec;
    (void)err;
    done(arg, &ending);
    return MG_OK;
}

void
mg_processes_poll(struct mg_processes *p)
{
    (void)p;
}

void
mg_processes_wait(struct mg_processes *p, double ms)
{
    (void)p;
    (void)ms;
}

static void
call_once(bool json)
{
    static const char *const command[] = {"program", NULL};
    static int pool; /* never looked into */
    const struct mg_tool_spec spec = {
        .name = "t", .kind = "exec", .command = command, .folder = "/", .limits = {.output = OUTPUT}, .json = json};
    struct mg_tools *tools = NULL;
    struct mg_tool_session *session = NULL;
    struct mg_tool_call *call = NULL;
    struct mg_tool_result result = {0};
    struct mg_err err = {0};

    if (mg_tools_open(&spec, 1, (struct mg_processes *)&pool, &tools, &err) != MG_OK ||
        mg_tool_session_open(tools, &session, &err) != MG_OK ||
        mg_tool_start(session, 0, "{\"text\": \"a\"}", &call, &err) != MG_OK || !mg_tool_take(&call, &result) ||
        result.text == NULL || !mg_text_valid(result.text, strlen(result.text)) ||
        strlen(result.text) > 4 * OUTPUT + 300)
        abort();
    if (result.outcome == MG_TOOL_TEXT && (ending.status != 0 || !ending.by_itself) && ending.n_out <= OUTPUT)
        abort();
    free(result.text);
    mg_tool_session_close(session);
    mg_tools_close(tools);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *out, *said;
    size_t n;

    if (size < 1)
        return 0;
    out = malloc(size); /* exactly as large, so that a byte too far is seen */
    if (out == NULL)
        abort();
    memcpy(out, data + 1, size - 1);
    out[size - 1] = '\0';
    n = strlen(out);
    said = n < size - 1 ? out + n + 1 : out + n;
    ending = (struct mg_process_end){.by_itself = (data[0] & KILLED) == 0,
                                     .status = data[0] / STATUS % 4,
                                     .sentence = "ended",
                                     .out = out,
                                     .n_out = n < OUTPUT + 1 ? n : OUTPUT + 1,
                                     .said = said,
                                     .n_said = n < size - 1 ? size - 2 - n : 0};
    ending.good = ending.by_itself && ending.status == 0;
    call_once(data[0] & ANSWERS_JSON);
    free(out);
    return 0;
}
