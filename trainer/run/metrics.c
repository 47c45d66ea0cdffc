/* SPDX-License-Identifier: Apache-2.0 */
#include "run/metrics.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lines.h"

enum { MAX_METRICS = 1 << 30, TAIL = 1 << 16 };

enum mg_status
mg_metrics_append(const char *path, json_t *line, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *text = line != NULL ? json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    FILE *f = NULL;
    int why = 0;

    MG_REQUIRE(text != NULL, MG_FAIL, "%s: a line of metrics could not be made: out of memory, or not finite", path);
    f = fopen(path, "a");
    MG_REQUIRE(f != NULL, mg_file_fault(errno), "%s: %s", path, strerror(errno));
    if (fprintf(f, "%s\n", text) < 0 || fflush(f) != 0 || fsync(fileno(f)) != 0)
        why = errno;
    if (fclose(f) != 0 && why == 0)
        why = errno;
    MG_REQUIRE(why == 0, mg_file_fault(why), "%s: %s", path, strerror(why));
out:
    json_decref(line);
    free(text);
    return st;
}

/* The end of the line that begins at `at`; NULL for a torn one. */
static const char *
line_end(const char *at, const char *end)
{
    return at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
}

static bool
phase_of(const char *line, size_t len, json_int_t *phase)
{
    json_t *object = json_loadb(line, len, 0, NULL);
    json_t *number = json_object_get(object, "phase");
    bool good = json_is_integer(number);

    *phase = json_integer_value(number);
    json_decref(object);
    return good;
}

enum mg_status
mg_metrics_rewind(const char *path, uint32_t phase, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *text = NULL;
    size_t len = 0, keep = 0;
    const char *stop;

    if (access(path, F_OK) != 0)
        return MG_OK;
    MG_TRY(mg_file_read(path, MAX_METRICS, &text, &len, err));
    while ((stop = line_end(text + keep, text + len)) != NULL) {
        json_int_t number = 0;

        if (!mg_line_is_blank(text + keep, (size_t)(stop - text) - keep))
            MG_REQUIRE(phase_of(text + keep, (size_t)(stop - text) - keep, &number), MG_INPUT,
                       "%s: byte %zu begins a line without a phase", path, keep);
        if (number >= (json_int_t)phase)
            break;
        keep = (size_t)(stop - text) + 1;
    }
    if (keep < len)
        MG_TRY(mg_file_write_atomic(path, text, keep, err));
out:
    free(text);
    return st;
}

/* Fills `text` with the last bytes of a file, from the beginning of a line; 0 if there is no file. */
static size_t
read_tail(const char *path, char text[TAIL + 1])
{
    FILE *f = fopen(path, "r");
    size_t n = 0;
    const char *line;

    if (f == NULL)
        return 0;
    if (fseek(f, -(long)TAIL, SEEK_END) != 0)
        rewind(f);
    line = ftell(f) > 0 ? NULL : text;
    n = fread(text, 1, TAIL, f);
    fclose(f);
    text[n] = '\0';
    if (line == NULL && (line = memchr(text, '\n', n)) != NULL)
        line++;
    n -= line != NULL ? (size_t)(line - text) : n;
    memmove(text, line != NULL ? line : text, n + 1);
    return n;
}

enum mg_status
mg_metrics_last(const char *path, const char *name, json_t **line, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *text = NULL;
    const char *at, *stop, *end;

    *line = NULL;
    MG_ALLOC(text, TAIL + 1);
    end = text + read_tail(path, text);
    for (at = text; (stop = line_end(at, end)) != NULL; at = stop + 1) {
        json_t *one = json_loadb(at, (size_t)(stop - at), 0, NULL);
        const char *its = json_string_value(json_object_get(one, "name"));

        if (its != NULL && strcmp(its, name) == 0) {
            json_decref(*line);
            *line = json_incref(one);
        }
        json_decref(one);
    }
out:
    free(text);
    return st;
}

enum mg_status
mg_metrics_each(const char *path, mg_metrics_visit *visit, void *arg, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *text = NULL;
    size_t len = 0;
    const char *at, *stop;
    json_t *line = NULL;

    if (access(path, F_OK) != 0 && errno == ENOENT) {
        mg_fail(err, MG_INPUT, "there is no %s", path);
        mg_hint(err, "The run has not ended its first phase yet, or the file was removed.");
        return MG_INPUT;
    }
    MG_TRY(mg_file_read(path, MAX_METRICS, &text, &len, err));
    for (at = text; (stop = line_end(at, text + len)) != NULL; at = stop + 1) {
        json_error_t why = {.text = "not an object"};

        if (mg_line_is_blank(at, (size_t)(stop - at)))
            continue;
        line = json_loadb(at, (size_t)(stop - at), 0, &why);
        MG_REQUIRE(json_is_object(line), MG_INPUT, "%s: byte %zu: %s", path, (size_t)(at - text), why.text);
        MG_TRY(visit(arg, line, err));
        json_decref(line);
        line = NULL;
    }
out:
    json_decref(line);
    free(text);
    return st;
}
