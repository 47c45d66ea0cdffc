/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "store/store_internal.h"

enum mg_status
mg_store_put_subtask(struct mg_store *s, const struct mg_subtask *t, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_store_sql(s, MG_SQL_PUT_SUBTASK);
    const char *text = NULL;
    uint32_t version = 0;
    bool fresh, row;

    mg_store_bind_key(q, &t->key);
    sqlite3_bind_int64(q, 5, t->version);
    mg_store_bind_text(q, 6, t->text);
    MG_TRY(mg_store_run(s, q, &fresh, err));
    if (fresh)
        return MG_OK;
    q = mg_store_sql(s, MG_SQL_GET_SUBTASK);
    mg_store_bind_key(q, &t->key);
    MG_TRY(mg_store_step(s, q, &row, err));
    if (row) {
        MG_TRY(mg_store_u32(s, q, 0, &version, err));
        MG_TRY(mg_store_text(s, q, 1, &text, err));
    }
    if (version != t->version || !mg_store_same(text, t->text))
        st = mg_store_diverged(s, "subtask", &t->key, text, t->text, err);
out:
    sqlite3_reset(q);
    return st;
}

enum mg_status
mg_store_claim(struct mg_store *s, uint32_t phase, uint32_t version, mg_subtask_taker *take, void *arg,
               struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_store_sql(s, MG_SQL_CLAIM);
    bool row;

    sqlite3_bind_int64(q, 1, s->epoch);
    sqlite3_bind_int64(q, 2, phase);
    sqlite3_bind_int64(q, 3, version > MG_STALENESS ? (int64_t)version - MG_STALENESS : 0);
    sqlite3_bind_int64(q, 4, version);
    MG_TRY(mg_store_step(s, q, &row, err));
    while (row) {
        struct mg_subtask t;

        MG_TRY(mg_store_key(s, q, 0, &t.key, err));
        MG_TRY(mg_store_u32(s, q, 4, &t.version, err));
        MG_TRY(mg_store_text(s, q, 5, &t.text, err));
        MG_REQUIRE(t.text != NULL, MG_INPUT, "store %s is damaged: a subtask without text", s->path);
        MG_TRY(take(arg, &t, err));
        MG_TRY(mg_store_step(s, q, &row, err));
    }
out:
    sqlite3_reset(q);
    return st;
}

static enum mg_status
read_result(struct mg_store *s, sqlite3_stmt *q, int column, struct mg_result *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    r->known = sqlite3_column_type(q, column + 1) != SQLITE_NULL;
    r->expert = 0.0;
    MG_TRY(mg_store_bool(s, q, column, &r->format, err));
    if (r->known)
        MG_TRY(mg_store_real(s, q, column + 1, &r->expert, err));
    MG_TRY(mg_store_text(s, q, column + 2, &r->text, err));
out:
    return st;
}

static enum mg_status
compare_result(struct mg_store *s, const struct mg_result *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_store_sql(s, MG_SQL_GET_RESULT);
    struct mg_result there = {0};
    char a[160], b[160];
    bool row;

    mg_store_bind_key(q, &r->key);
    MG_TRY(mg_store_step(s, q, &row, err));
    if (row)
        MG_TRY(read_result(s, q, 0, &there, err));
    if (row && there.format == r->format && there.known == r->known && (!r->known || there.expert == r->expert) &&
        mg_store_same(there.text, r->text))
        goto out;
    snprintf(a, sizeof a, "%.80s, format %d, expert %g", there.text != NULL ? there.text : "(none)", there.format,
             there.expert);
    snprintf(b, sizeof b, "%.80s, format %d, expert %g", r->text != NULL ? r->text : "(none)", r->format, r->expert);
    st = mg_store_diverged(s, "result", &r->key, a, b, err);
out:
    sqlite3_reset(q);
    return st;
}

enum mg_status
mg_store_put_result(struct mg_store *s, const struct mg_result *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_store_sql(s, MG_SQL_PUT_RESULT);
    bool fresh;

    mg_store_bind_key(q, &r->key);
    sqlite3_bind_int(q, 5, r->format);
    if (r->known)
        sqlite3_bind_double(q, 6, r->expert);
    else
        sqlite3_bind_null(q, 6);
    mg_store_bind_text(q, 7, r->text);
    MG_TRY(mg_store_run(s, q, &fresh, err));
    if (!fresh)
        MG_TRY(compare_result(s, r, err));
out:
    return st;
}

enum mg_status
mg_store_results(struct mg_store *s, uint32_t phase, int64_t *cursor, mg_result_taker *take, void *arg,
                 struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_store_sql(s, MG_SQL_RESULTS);
    bool row;

    sqlite3_bind_int64(q, 1, phase);
    sqlite3_bind_int64(q, 2, *cursor);
    MG_TRY(mg_store_step(s, q, &row, err));
    while (row) {
        struct mg_result r = {0};

        MG_TRY(mg_store_key(s, q, 1, &r.key, err));
        MG_TRY(read_result(s, q, 5, &r, err));
        MG_TRY(take(arg, &r, err));
        *cursor = sqlite3_column_int64(q, 0);
        MG_TRY(mg_store_step(s, q, &row, err));
    }
out:
    sqlite3_reset(q);
    return st;
}
