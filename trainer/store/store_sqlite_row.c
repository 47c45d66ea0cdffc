/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "store/store_sqlite.h"

void
mg_sqlite_bind_key(sqlite3_stmt *q, const struct mg_key *key)
{
    sqlite3_bind_int64(q, 1, key->phase);
    sqlite3_bind_int64(q, 2, key->question);
    sqlite3_bind_int64(q, 3, key->rollout);
    sqlite3_bind_int64(q, 4, key->call);
}

void
mg_sqlite_bind_text(sqlite3_stmt *q, int column, const char *text)
{
    if (text == NULL)
        sqlite3_bind_null(q, column);
    else
        sqlite3_bind_text(q, column, text, -1, SQLITE_TRANSIENT);
}

enum mg_status
mg_sqlite_u32(struct mg_sqlite *s, sqlite3_stmt *q, int column, uint32_t *out, struct mg_err *err)
{
    int64_t value = sqlite3_column_int64(q, column);
    int type = sqlite3_column_type(q, column);
    const char *text;

    if (type == SQLITE_INTEGER && value >= 0 && value <= UINT32_MAX) {
        *out = (uint32_t)value;
        return MG_OK;
    }
    text = (const char *)sqlite3_column_text(q, column);
    return mg_fail(err, MG_INPUT, "store %s is damaged: %s is %.40s", s->store.address, sqlite3_column_name(q, column),
                   text != NULL ? text : "nothing");
}

enum mg_status
mg_sqlite_bool(struct mg_sqlite *s, sqlite3_stmt *q, int column, bool *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t value = 0;

    MG_TRY(mg_sqlite_u32(s, q, column, &value, err));
    MG_REQUIRE(value <= 1, MG_INPUT, "store %s is damaged: %s is %u", s->store.address, sqlite3_column_name(q, column),
               value);
    *out = value == 1;
out:
    return st;
}

enum mg_status
mg_sqlite_real(struct mg_sqlite *s, sqlite3_stmt *q, int column, double *out, struct mg_err *err)
{
    int type = sqlite3_column_type(q, column);
    double value = sqlite3_column_double(q, column);

    if ((type != SQLITE_FLOAT && type != SQLITE_INTEGER) || !isfinite(value))
        return mg_fail(err, MG_INPUT, "store %s is damaged: %s is not a number", s->store.address,
                       sqlite3_column_name(q, column));
    *out = value;
    return MG_OK;
}

enum mg_status
mg_sqlite_text(struct mg_sqlite *s, sqlite3_stmt *q, int column, int most, const char **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    int type = sqlite3_column_type(q, column), n;
    const char *text;

    *out = NULL;
    if (type == SQLITE_NULL)
        return MG_OK;
    text = (const char *)sqlite3_column_text(q, column);
    n = sqlite3_column_bytes(q, column);
    MG_REQUIRE(type == SQLITE_TEXT && text != NULL && n <= most && mg_text_valid(text, (size_t)n), MG_INPUT,
               "store %s is damaged: %s has %d bytes, need UTF-8 of at most %d", s->store.address,
               sqlite3_column_name(q, column), n, most);
    *out = text;
out:
    return st;
}

enum mg_status
mg_sqlite_key(struct mg_sqlite *s, sqlite3_stmt *q, int column, struct mg_key *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(mg_sqlite_u32(s, q, column, &out->phase, err));
    MG_TRY(mg_sqlite_u32(s, q, column + 1, &out->question, err));
    MG_TRY(mg_sqlite_u32(s, q, column + 2, &out->rollout, err));
    MG_TRY(mg_sqlite_u32(s, q, column + 3, &out->call, err));
out:
    return st;
}

enum mg_status
mg_sqlite_verdict(struct mg_sqlite *s, sqlite3_stmt *q, int column, struct mg_verdict *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t kind = 0;

    MG_TRY(mg_sqlite_u32(s, q, column, &kind, err));
    MG_TRY(mg_sqlite_real(s, q, column + 1, &out->value, err));
    MG_REQUIRE(mg_verdict_valid(kind, out->value), MG_INPUT, "store %s is damaged: a verdict of kind %u and value %g",
               s->store.address, kind, out->value);
    out->kind = (enum mg_verdict_kind)kind;
out:
    return st;
}
