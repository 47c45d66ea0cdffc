/* SPDX-License-Identifier: Apache-2.0 */
#include "run/rollout_log.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"

enum { MAX_LINE = 16 << 20, MAX_TOKENS = 1 << 20, MAX_ROWS = 1 << 22, MAX_TEXT = 1 << 30 };

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
    log->path = strdup(path);
    MG_REQUIRE(log->path != NULL, MG_FAIL, "out of memory: the name %s", path);
    MG_TRY(mg_file_temp_name(path, &log->temp, err));
    log->file = gzopen(log->temp, "wb1");
    MG_REQUIRE(log->file != NULL, MG_FAIL, "%s: %s", log->temp, strerror(errno));
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

/* Token ids and the mask as lists, log-probabilities of sampled tokens alone, written so that they round-trip. */
static json_t *
to_json(const struct mg_logged *r)
{
    json_t *ids = json_array(), *mask = json_array(), *logprob = json_array();

    for (uint32_t i = 0; i < r->len; i++) {
        json_array_append_new(ids, json_integer(r->ids[i]));
        json_array_append_new(mask, json_integer(r->mask[i]));
        if (r->mask[i])
            json_array_append_new(logprob, json_real((double)r->logprob[i]));
    }
    return json_pack("{s:I, s:I, s:I, s:f, s:f, s:f, s:s, s:o, s:o, s:o}", "question", (json_int_t)r->question,
                     "rollout", (json_int_t)r->rollout, "call", (json_int_t)r->call, "weight", r->weight, "reward",
                     r->reward, "advantage", r->advantage, "kind", r->reward_kind, "ids", ids, "mask", mask, "logprob",
                     logprob);
}

/* A log-probability that is not finite has no JSON form: it leaves the list one short. */
static bool
is_whole(const json_t *object, const struct mg_logged *row)
{
    size_t sampled = 0;

    for (uint32_t i = 0; i < row->len; i++)
        sampled += row->mask[i] != 0;
    return object != NULL && json_array_size(json_object_get(object, "logprob")) == sampled;
}

enum mg_status
mg_rollout_log_add(struct mg_rollout_log *log, const struct mg_logged *row, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_t *object = to_json(row);
    char *text = is_whole(object, row) ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;

    MG_REQUIRE(text != NULL, MG_FAIL, "%s: question %u, rollout %u, call %u: out of memory, or not finite", log->path,
               row->question, row->rollout, row->call);
    MG_REQUIRE(gzputs(log->file, text) > 0 && gzputc(log->file, '\n') == '\n', MG_FAIL, "%s: %s", log->temp,
               strerror(errno));
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
        st = mg_fail(err, MG_FAIL, "cannot write %s: %s", log->temp, rc == Z_ERRNO ? strerror(errno) : zError(rc));
        unlink(log->temp);
    }
    log_free(log);
    return st;
}

/* A number that a float can hold, since it was one. */
static enum mg_status
read_real(const char *path, const json_t *value, const char *name, double *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    *out = json_number_value(value);
    MG_REQUIRE(json_is_number(value) && fabs(*out) <= (double)FLT_MAX, MG_INPUT, "%s: a row whose %s is no float", path,
               name);
out:
    return st;
}

static enum mg_status
read_count(const char *path, const json_t *object, const char *key, uint32_t *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const json_t *value = json_object_get(object, key);

    MG_REQUIRE(json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) < UINT32_MAX,
               MG_INPUT, "%s: a row whose %s is no whole number", path, key);
    *out = (uint32_t)json_integer_value(value);
out:
    return st;
}

static const char *
known_kind(const char *kind)
{
    static const char *const kinds[] = {"value", "invalid", "unavailable"};

    for (int i = 0; i < 3; i++)
        if (kind != NULL && strcmp(kind, kinds[i]) == 0)
            return kinds[i];
    return NULL;
}

static enum mg_status
read_token(const char *path, const json_t *id, const json_t *mask, struct mg_logged *r, size_t i, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_int_t token = json_integer_value(id), sampled = json_integer_value(mask);

    MG_REQUIRE(json_is_integer(id) && token >= 0 && token < INT32_MAX, MG_INPUT, "%s: token %zu has the id %lld", path,
               i, (long long)token);
    MG_REQUIRE(json_is_integer(mask) && (sampled == 0 || sampled == 1), MG_INPUT, "%s: token %zu has the mask %lld",
               path, i, (long long)sampled);
    r->ids[i] = (int32_t)token;
    r->mask[i] = (uint8_t)sampled;
out:
    return st;
}

static enum mg_status
read_tokens(const char *path, const json_t *object, struct mg_logged *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const json_t *ids = json_object_get(object, "ids"), *mask = json_object_get(object, "mask");
    const json_t *logprob = json_object_get(object, "logprob");
    size_t n = json_array_size(ids), at = 0;

    MG_REQUIRE(n > 0 && n <= MAX_TOKENS && json_array_size(mask) == n, MG_INPUT,
               "%s: a row of %zu ids and %zu mask values", path, n, json_array_size(mask));
    MG_ALLOC(r->ids, n);
    MG_ALLOC(r->mask, n);
    MG_ALLOC(r->logprob, n);
    r->len = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        double x = 0.0;

        MG_TRY(read_token(path, json_array_get(ids, i), json_array_get(mask, i), r, i, err));
        if (r->mask[i] == 0)
            continue;
        MG_TRY(read_real(path, json_array_get(logprob, at++), "log-probability", &x, err));
        r->logprob[i] = (float)x;
    }
    MG_REQUIRE(at == json_array_size(logprob), MG_INPUT, "%s: %zu sampled tokens and %zu log-probabilities", path, at,
               json_array_size(logprob));
out:
    return st;
}

static enum mg_status
read_row(const char *path, const char *line, struct mg_logged *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_error_t why = {.text = "not an object"};
    json_t *object = json_loads(line, 0, &why);

    MG_REQUIRE(json_is_object(object), MG_INPUT, "%s: %s", path, why.text);
    MG_TRY(read_count(path, object, "question", &r->question, err));
    MG_TRY(read_count(path, object, "rollout", &r->rollout, err));
    MG_TRY(read_count(path, object, "call", &r->call, err));
    MG_TRY(read_real(path, json_object_get(object, "weight"), "weight", &r->weight, err));
    MG_TRY(read_real(path, json_object_get(object, "reward"), "reward", &r->reward, err));
    MG_TRY(read_real(path, json_object_get(object, "advantage"), "advantage", &r->advantage, err));
    r->reward_kind = known_kind(json_string_value(json_object_get(object, "kind")));
    MG_REQUIRE(r->reward_kind != NULL, MG_INPUT, "%s: a row without a kind of reward", path);
    MG_TRY(read_tokens(path, object, r, err));
out:
    json_decref(object);
    return st;
}

enum mg_status
mg_rollout_log_read(const char *path, struct mg_logged **rows, size_t *n, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    gzFile f = gzopen(path, "rb");
    struct mg_logged *list = NULL, *grown;
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
        if (count == room) {
            room = room * 2 + 64;
            grown = realloc(list, room * sizeof *list);
            MG_REQUIRE(grown != NULL, MG_FAIL, "out of memory: %zu rows", room);
            list = grown;
        }
        memset(&list[count], 0, sizeof *list);
        count++;
        MG_TRY(read_row(path, line, &list[count - 1], err));
    }
    gzerror(f, &rc);
    MG_REQUIRE(rc == Z_OK || rc == Z_STREAM_END, MG_INPUT, "%s: the compressed data is damaged", path);
    *rows = list;
    *n = count;
    list = NULL;
out:
    mg_logged_free(list, count);
    free(line);
    if (f != NULL)
        gzclose(f);
    return st;
}

void
mg_logged_free(struct mg_logged *rows, size_t n)
{
    for (size_t i = 0; rows != NULL && i < n; i++) {
        free(rows[i].ids);
        free(rows[i].mask);
        free(rows[i].logprob);
    }
    free(rows);
}
