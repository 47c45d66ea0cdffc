/* SPDX-License-Identifier: Apache-2.0 */
#include "dialogue/rollout_log.h"

#include <errno.h>
#include <float.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/array.h"
#include "base/file.h"
#include "base/lines.h"

enum { MAX_LINE = 16 << 20, MAX_TOKENS = 1 << 20, MAX_ROWS = 1 << 22, MAX_TEXT = 1 << 30 };

static const char *const kind_name[] = {
    [MG_REWARD_VALUE] = "value", [MG_REWARD_INVALID] = "invalid", [MG_REWARD_UNAVAILABLE] = "unavailable"};

static const char unavailable[] = "unavailable"; /* a verdict; an unknown one is null */

enum { N_KINDS = sizeof kind_name / sizeof kind_name[0] };

struct mg_rollout_log {
    char *path, *temp;
    gzFile file;
};

enum mg_status
mg_rollout_log_create(const char *path, struct mg_rollout_log **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_rollout_log *log = NULL;

    MG_ALLOC(log, 1);
    MG_STRDUP(log->path, path);
    MG_TRY(mg_file_temp_name(path, &log->temp, err));
    log->file = gzopen(log->temp, "wb1");
    MG_REQUIRE(log->file != NULL, mg_file_fault(errno), "%s: %s", log->temp, strerror(errno));
    *out = log;
    log = NULL;
out:
    mg_rollout_log_abort(log);
    return st;
}

static void
log_free(struct mg_rollout_log *log)
{
    free(log->path);
    free(log->temp);
    free(log);
}

void
mg_rollout_log_abort(struct mg_rollout_log *log)
{
    if (log == NULL)
        return;
    if (log->file != NULL) {
        gzclose(log->file);
        unlink(log->temp);
    }
    log_free(log);
}

static json_t *
verdict_to_json(const struct mg_verdict *v)
{
    if (v->kind == MG_VERDICT_VALUE)
        return json_real(v->value);
    return v->kind == MG_VERDICT_UNKNOWN ? json_null() : json_string(unavailable);
}

/* Token ids and the mask as lists, log-probabilities of sampled tokens alone, written so that they round-trip. */
static json_t *
to_json(const struct mg_trajectory *t)
{
    json_t *ids = json_array(), *mask = json_array(), *logprob = json_array();

    for (uint32_t i = 0; i < t->len; i++) {
        json_array_append_new(ids, json_integer(t->ids[i]));
        json_array_append_new(mask, json_integer(t->mask[i]));
        if (t->mask[i])
            json_array_append_new(logprob, json_real((double)t->logprob[i]));
    }
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:o, s:f, s:f, s:f, s:s, s:o, s:o, s:o}", "question", (json_int_t)t->key.question,
        "rollout", (json_int_t)t->key.rollout, "call", (json_int_t)t->key.call, "version", (json_int_t)t->version,
        "verdict", verdict_to_json(&t->verdict), "weight", (double)t->weight, "reward", (double)t->reward, "advantage",
        (double)t->advantage, "kind", kind_name[t->kind], "ids", ids, "mask", mask, "logprob", logprob);
}

/* A log-probability that is not finite has no JSON form, and is then missing in the list. */
static bool
is_whole(const json_t *object, const struct mg_trajectory *t)
{
    return object != NULL && json_array_size(json_object_get(object, "logprob")) == mg_trajectory_written(t);
}

enum mg_status
mg_rollout_log_add(struct mg_rollout_log *log, const struct mg_trajectory *t, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_t *object = to_json(t);
    char *text = is_whole(object, t) ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;

    MG_REQUIRE(text != NULL, MG_FAIL, "%s: question %u, rollout %u, call %u: out of memory, or not finite", log->path,
               t->key.question, t->key.rollout, t->key.call);
    MG_REQUIRE(gzputs(log->file, text) > 0 && gzputc(log->file, '\n') == '\n', mg_file_fault(errno), "%s: %s",
               log->temp, strerror(errno));
out:
    json_decref(object);
    free(text);
    return st;
}

enum mg_status
mg_rollout_log_commit(struct mg_rollout_log *log, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    int rc = gzclose(log->file);

    log->file = NULL;
    if (rc == Z_OK)
        st = mg_file_commit(log->temp, log->path, err);
    else {
        int why = errno;

        st = mg_fail(err, rc == Z_ERRNO ? mg_file_fault(why) : MG_FAIL, "cannot write %s: %s", log->temp,
                     rc == Z_ERRNO ? strerror(why) : zError(rc));
        unlink(log->temp);
    }
    log_free(log);
    return st;
}

/* A number that a float can hold, since it was one. */
static enum mg_status
read_real(const char *path, const json_t *value, const char *name, float *out, struct mg_err *err)
{
    double x = json_number_value(value);

    if (!json_is_number(value) || fabs(x) > (double)FLT_MAX)
        return mg_fail(err, MG_INPUT, "%s: a row whose %s is no float", path, name);
    *out = (float)x;
    return MG_OK;
}

static enum mg_status
read_count(const char *path, const json_t *object, const char *key, uint32_t *out, struct mg_err *err)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) >= UINT32_MAX)
        return mg_fail(err, MG_INPUT, "%s: a row whose %s is no whole number", path, key);
    *out = (uint32_t)json_integer_value(value);
    return MG_OK;
}

static enum mg_status
read_kind(const char *path, const json_t *object, enum mg_reward_kind *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *kind = json_string_value(json_object_get(object, "kind"));
    int i = 0;

    while (kind != NULL && i < N_KINDS && strcmp(kind, kind_name[i]) != 0)
        i++;
    MG_REQUIRE(kind != NULL && i < N_KINDS, MG_INPUT, "%s: a row without a kind of reward", path);
    *out = (enum mg_reward_kind)i;
out:
    return st;
}

static enum mg_status
read_verdict(const char *path, const json_t *value, struct mg_verdict *out, struct mg_err *err)
{
    const char *text = json_string_value(value);

    *out = (struct mg_verdict){.value = json_number_value(value)};
    if (json_is_null(value))
        out->kind = MG_VERDICT_UNKNOWN;
    else if (text != NULL && strcmp(text, unavailable) == 0)
        out->kind = MG_VERDICT_UNAVAILABLE;
    else if (!json_is_number(value) || !mg_verdict_valid(out->kind, out->value))
        return mg_fail(err, MG_INPUT, "%s: a verdict is neither from 0 to 1, nor null, nor \"unavailable\"", path);
    return MG_OK;
}

static enum mg_status
read_token(const char *path, const json_t *id, const json_t *mask, struct mg_trajectory *t, size_t i,
           struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_int_t token = json_integer_value(id), sampled = json_integer_value(mask);

    MG_REQUIRE(json_is_integer(id) && token >= 0 && token < INT32_MAX, MG_INPUT, "%s: token %zu has the id %lld", path,
               i, (long long)token);
    MG_REQUIRE(json_is_integer(mask) && (sampled == 0 || sampled == 1), MG_INPUT, "%s: token %zu has the mask %lld",
               path, i, (long long)sampled);
    t->ids[i] = (int32_t)token;
    t->mask[i] = (uint8_t)sampled;
out:
    return st;
}

static enum mg_status
read_tokens(const char *path, const json_t *object, struct mg_trajectory *t, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const json_t *ids = json_object_get(object, "ids"), *mask = json_object_get(object, "mask");
    const json_t *logprob = json_object_get(object, "logprob");
    size_t n = json_array_size(ids), at = 0;

    MG_REQUIRE(n > 0 && n <= MAX_TOKENS && json_array_size(mask) == n, MG_INPUT,
               "%s: a row of %zu ids and %zu mask values", path, n, json_array_size(mask));
    MG_ALLOC(t->ids, n);
    MG_ALLOC(t->mask, n);
    MG_ALLOC(t->logprob, n);
    t->len = t->room = t->turn_start = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        MG_TRY(read_token(path, json_array_get(ids, i), json_array_get(mask, i), t, i, err));
        if (t->mask[i] == 0)
            continue;
        MG_TRY(read_real(path, json_array_get(logprob, at++), "log-probability", &t->logprob[i], err));
    }
    MG_REQUIRE(at == json_array_size(logprob), MG_INPUT, "%s: %zu sampled tokens and %zu log-probabilities", path, at,
               json_array_size(logprob));
out:
    return st;
}

static enum mg_status
read_row(const char *path, const char *line, struct mg_trajectory *t, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_error_t why = {.text = "not an object"};
    json_t *object = json_loads(line, 0, &why);

    MG_REQUIRE(json_is_object(object), MG_INPUT, "%s: %s", path, why.text);
    MG_TRY(read_count(path, object, "question", &t->key.question, err));
    MG_TRY(read_count(path, object, "rollout", &t->key.rollout, err));
    MG_TRY(read_count(path, object, "call", &t->key.call, err));
    MG_TRY(read_count(path, object, "version", &t->version, err));
    MG_TRY(read_real(path, json_object_get(object, "weight"), "weight", &t->weight, err));
    MG_TRY(read_real(path, json_object_get(object, "reward"), "reward", &t->reward, err));
    MG_TRY(read_real(path, json_object_get(object, "advantage"), "advantage", &t->advantage, err));
    MG_TRY(read_kind(path, object, &t->kind, err));
    MG_TRY(read_verdict(path, json_object_get(object, "verdict"), &t->verdict, err));
    MG_TRY(read_tokens(path, object, t, err));
out:
    json_decref(object);
    return st;
}

enum mg_status
mg_rollout_log_read(const char *path, struct mg_trajectory **out, size_t *n, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    gzFile f = gzopen(path, "rb");
    struct mg_trajectory *list = NULL;
    size_t count = 0, room = 0;
    char *line = NULL;
    int rc = Z_OK;

    MG_REQUIRE(f != NULL, MG_INPUT, "%s: %s", path, strerror(errno));
    MG_REQUIRE(!gzdirect(f), MG_INPUT, "%s: not a compressed file", path);
    MG_ALLOC(line, (size_t)MAX_LINE);
    while (gzgets(f, line, MAX_LINE) != NULL) {
        MG_REQUIRE(strchr(line, '\n') != NULL && count < MAX_ROWS, MG_INPUT,
                   "%s: row %zu is torn, or more than %d bytes or %d rows", path, count, MAX_LINE, MAX_ROWS);
        MG_REQUIRE(gztell(f) <= MAX_TEXT, MG_INPUT, "%s: more than %d bytes of text", path, MAX_TEXT);
        if (mg_line_is_blank(line, strlen(line)))
            continue;
        MG_GROW(list, count + 1, room);
        memset(&list[count], 0, sizeof *list);
        count++;
        MG_TRY(read_row(path, line, &list[count - 1], err));
    }
    gzerror(f, &rc);
    MG_REQUIRE(rc == Z_OK || rc == Z_STREAM_END, MG_INPUT, "%s: the compressed data is damaged", path);
    *out = list;
    *n = count;
    list = NULL;
out:
    mg_rollout_log_free(list, count);
    free(line);
    if (f != NULL)
        gzclose(f);
    return st;
}

void
mg_rollout_log_free(struct mg_trajectory *list, size_t n)
{
    for (size_t i = 0; list != NULL && i < n; i++)
        mg_trajectory_free(&list[i]);
    free(list);
}
