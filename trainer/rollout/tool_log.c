/* SPDX-License-Identifier: Apache-2.0 */
#include "rollout/tool_log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/lines.h"

enum { MAX_BYTES = 1 << 30, N_OUTCOMES = 3 };
static const char *const outcome_name[N_OUTCOMES] = {
    [MG_TOOL_TEXT] = "text", [MG_TOOL_REFUSED] = "refused", [MG_TOOL_UNAVAILABLE] = "unavailable"};

struct mg_tool_log {
    char *path;
    int fd; /* -1: not written to yet */
    struct entry {
        uint32_t question, rollout, call, turn;
        enum mg_tool_outcome outcome;
        json_t *object; /* the line, which has the texts */
    } * entry;          /* [n] that the file had, sorted */
    size_t n, room;
};

void
mg_tool_log_close(struct mg_tool_log *log)
{
    if (log == NULL)
        return;
    if (log->fd >= 0)
        close(log->fd);
    for (size_t i = 0; i < log->n; i++)
        json_decref(log->entry[i].object);
    free(log->entry);
    free(log->path);
    free(log);
}

/* ---- Reading ---- */

static int
compare(const void *pa, const void *pb)
{
    const struct entry *a = pa, *b = pb;
    const uint32_t x[] = {a->question, a->rollout, a->call, a->turn}, y[] = {b->question, b->rollout, b->call, b->turn};

    for (int i = 0; i < 4; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

static bool
read_count(const json_t *object, const char *key, uint32_t *out)
{
    const json_t *value = json_object_get(object, key);
    json_int_t n = json_integer_value(value);

    *out = (uint32_t)n;
    return json_is_integer(value) && n >= 0 && n <= UINT32_MAX;
}

static bool
read_entry(json_t *object, struct entry *e)
{
    const char *outcome = json_string_value(json_object_get(object, "outcome"));
    int i = 0;

    while (outcome != NULL && i < N_OUTCOMES && strcmp(outcome, outcome_name[i]) != 0)
        i++;
    e->outcome = (enum mg_tool_outcome)i;
    e->object = object;
    return outcome != NULL && i < N_OUTCOMES && read_count(object, "question", &e->question) &&
           read_count(object, "rollout", &e->rollout) && read_count(object, "call", &e->call) &&
           read_count(object, "turn", &e->turn) && json_is_string(json_object_get(object, "tool")) &&
           json_is_string(json_object_get(object, "arguments")) && json_is_string(json_object_get(object, "text"));
}

static enum mg_status
add_line(struct mg_tool_log *log, const char *line, size_t len, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_t *object = json_loadb(line, len, 0, NULL);
    struct entry e;

    MG_REQUIRE(read_entry(object, &e), MG_INPUT, "%s:%zu: no result of a tool", log->path, log->n + 1);
    MG_GROW(log->entry, log->n + 1, log->room);
    log->entry[log->n++] = e;
    object = NULL;
out:
    json_decref(object);
    return st;
}

static enum mg_status
read_all(struct mg_tool_log *log, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *text = NULL;
    size_t len = 0, at = 0;

    if (access(log->path, F_OK) != 0)
        return MG_OK;
    MG_TRY(mg_file_read(log->path, MAX_BYTES, &text, &len, err));
    while (at < len) {
        const char *end = memchr(text + at, '\n', len - at);

        if (end == NULL)
            break;
        if (!mg_line_is_blank(text + at, (size_t)(end - text) - at))
            MG_TRY(add_line(log, text + at, (size_t)(end - text) - at, err));
        at = (size_t)(end - text) + 1;
    }
    MG_REQUIRE(at == len || truncate(log->path, (off_t)at) == 0, MG_FAIL, "%s: %s", log->path, strerror(errno));
    if (log->n > 1)
        qsort(log->entry, log->n, sizeof *log->entry, compare);
out:
    free(text);
    return st;
}

enum mg_status
mg_tool_log_open(const char *path, struct mg_tool_log **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_tool_log *log = NULL;

    MG_ALLOC(log, 1);
    log->fd = -1;
    MG_STRDUP(log->path, path);
    MG_TRY(read_all(log, err));
    *out = log;
    log = NULL;
out:
    mg_tool_log_close(log);
    return st;
}

enum mg_status
mg_tool_log_find(const struct mg_tool_log *log, const struct mg_tool_use *use, struct mg_tool_result *result,
                 bool *found, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct entry wanted = {use->key.question, use->key.rollout, use->key.call, use->turn, MG_TOOL_TEXT, NULL}, *e;

    e = log->n > 0 ? bsearch(&wanted, log->entry, log->n, sizeof *log->entry, compare) : NULL;
    *found = e != NULL;
    if (e == NULL)
        return MG_OK;
    MG_REQUIRE(strcmp(json_string_value(json_object_get(e->object, "tool")), use->tool) == 0 &&
                   strcmp(json_string_value(json_object_get(e->object, "arguments")), use->arguments) == 0,
               MG_FAIL, "%s: question %u, rollout %u, call %u, turn %u called %s %.100s, and now %s %.100s", log->path,
               e->question, e->rollout, e->call, e->turn, json_string_value(json_object_get(e->object, "tool")),
               json_string_value(json_object_get(e->object, "arguments")), use->tool, use->arguments);
    *result = (struct mg_tool_result){.outcome = e->outcome,
                                      .text = strdup(json_string_value(json_object_get(e->object, "text")))};
    MG_REQUIRE(result->text != NULL, MG_FAIL, "out of memory: the result of a tool");
out:
    return st;
}

/* ---- Writing ---- */

static enum mg_status
write_line(struct mg_tool_log *log, const char *line, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t len = strlen(line), done = 0;

    if (log->fd < 0)
        log->fd = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    MG_REQUIRE(log->fd >= 0, mg_file_fault(errno), "%s: %s", log->path, strerror(errno));
    while (done < len) {
        ssize_t n = write(log->fd, line + done, len - done);

        MG_REQUIRE(n >= 0 || errno == EINTR, mg_file_fault(errno), "%s: %s", log->path, strerror(errno));
        done += n > 0 ? (size_t)n : 0;
    }
out:
    return st;
}

enum mg_status
mg_tool_log_add(struct mg_tool_log *log, const struct mg_tool_use *use, const struct mg_tool_result *result,
                struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_t *object = json_pack("{s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:s}", "question", (json_int_t)use->key.question,
                               "rollout", (json_int_t)use->key.rollout, "call", (json_int_t)use->key.call, "turn",
                               (json_int_t)use->turn, "tool", use->tool, "arguments", use->arguments, "outcome",
                               outcome_name[result->outcome], "text", result->text);
    char *text = json_dumps(object, JSON_COMPACT), *line = NULL;

    MG_REQUIRE(text != NULL && asprintf(&line, "%s\n", text) >= 0, MG_FAIL, "out of memory: the result of a tool");
    MG_TRY(write_line(log, line, err));
out:
    json_decref(object);
    free(text);
    free(line);
    return st;
}
