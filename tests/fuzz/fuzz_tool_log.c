/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/file.h"
#include "rollout/tool_log.h"
#include "memory_file.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is a log of what programs gave. In an accepted one the uses are looked up;
 * one that is not there is added, and then found.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
find(const struct mg_tool_log *log, const struct mg_tool_use *use)
{
    struct mg_tool_result r = {0};
    struct mg_err err = {0};
    bool found = false;

    if (mg_tool_log_find(log, use, &r, &found, &err) != MG_OK) {
        if (err.text[0] == '\0')
            abort();
        return true;
    }
    if (found && (r.text == NULL || r.outcome > MG_TOOL_UNAVAILABLE))
        abort();
    free(r.text);
    return found;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mg_tool_use use = {
        .key = {.question = 1, .rollout = 2, .call = 3}, .turn = 4, .tool = "t", .arguments = "{}"};
    const struct mg_tool_result result = {.outcome = MG_TOOL_TEXT, .text = (char[]){"text"}};
    struct mg_tool_log *log = NULL;
    struct mg_err err = {0};
    char path[64];
    bool found;

    snprintf(path, sizeof path, "/dev/shm/fuzz_tool_log.%ld", (long)getpid());
    if (mg_file_write_atomic(path, (const char *)data, size, &err) != MG_OK)
        abort();
    if (mg_tool_log_open(path, &log, &err) != MG_OK) {
        if (err.text[0] == '\0')
            abort();
        goto out;
    }
    found = find(log, &use);
    if (!found && mg_tool_log_add(log, &use, &result, &err) != MG_OK)
        abort();
    mg_tool_log_close(log);
    if (mg_tool_log_open(path, &log, &err) != MG_OK || (!found && !find(log, &use)))
        abort();
    mg_tool_log_close(log);
out:
    unlink(path);
    return 0;
}
