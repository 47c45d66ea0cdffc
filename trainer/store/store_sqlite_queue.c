/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_sqlite.h"

static enum mg_status
read_subtask(struct mg_sqlite *s, sqlite3_stmt *q, int column, struct mg_subtask *t, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(mg_sqlite_text(s, q, column, MG_STORE_NAME_MAX, &t->agent, err));
    MG_TRY(mg_sqlite_u32(s, q, column + 1, &t->version, err));
    MG_TRY(mg_sqlite_text(s, q, column + 2, MG_STORE_TEXT_MAX, &t->text, err));
    MG_REQUIRE(t->agent != NULL && t->text != NULL, MG_INPUT, "store %s is damaged: a subtask without text",
               s->store.address);
out:
    return st;
}

static enum mg_status
read_result(struct mg_sqlite *s, sqlite3_stmt *q, int column, struct mg_result *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(mg_sqlite_bool(s, q, column, &r->format, err));
    MG_TRY(mg_sqlite_verdict(s, q, column + 1, &r->verdict, err));
    MG_TRY(mg_sqlite_text(s, q, column + 3, MG_STORE_TEXT_MAX, &r->text, err));
out:
    return st;
}

/* ---- Writing ---- */

static enum mg_status
put_subtask(struct mg_sqlite *s, const struct mg_subtask *t, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_sqlite_sql(s, MG_SQL_PUT_SUBTASK);
    struct mg_subtask there = {.key = t->key};
    bool fresh, row;

    mg_sqlite_bind_key(q, &t->key);
    mg_sqlite_bind_text(q, 5, t->agent);
    sqlite3_bind_int64(q, 6, t->version);
    mg_sqlite_bind_text(q, 7, t->text);
    MG_TRY(mg_sqlite_run(s, q, &fresh, err));
    if (fresh)
        return MG_OK;
    q = mg_sqlite_sql(s, MG_SQL_GET_SUBTASK);
    mg_sqlite_bind_key(q, &t->key);
    MG_TRY(mg_sqlite_step(s, q, &row, err));
    if (row)
        MG_TRY(read_subtask(s, q, 0, &there, err));
    MG_TRY(mg_subtask_compare(&s->store, &there, t, err));
out:
    sqlite3_reset(q);
    return st;
}

static enum mg_status
put_result(struct mg_sqlite *s, const struct mg_result *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_sqlite_sql(s, MG_SQL_PUT_RESULT);
    struct mg_result there = {.key = r->key};
    bool fresh, row;

    mg_sqlite_bind_key(q, &r->key);
    sqlite3_bind_int(q, 5, r->format);
    sqlite3_bind_int(q, 6, (int)r->verdict.kind);
    sqlite3_bind_double(q, 7, r->verdict.value);
    mg_sqlite_bind_text(q, 8, r->text);
    MG_TRY(mg_sqlite_run(s, q, &fresh, err));
    if (fresh)
        return MG_OK;
    q = mg_sqlite_sql(s, MG_SQL_GET_RESULT);
    mg_sqlite_bind_key(q, &r->key);
    MG_TRY(mg_sqlite_step(s, q, &row, err));
    if (row)
        MG_TRY(read_result(s, q, 0, &there, err));
    MG_TRY(mg_result_compare(&s->store, &there, r, err));
out:
    sqlite3_reset(q);
    return st;
}

/* ---- Reading ---- */

static enum mg_status
read_results(struct mg_sqlite *s, uint32_t phase, int64_t *at, struct mg_results *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_sqlite_sql(s, MG_SQL_RESULTS);
    bool row;

    sqlite3_bind_int64(q, 1, phase);
    sqlite3_bind_int64(q, 2, *at);
    sqlite3_bind_int(q, 3, MG_STORE_BATCH);
    MG_TRY(mg_sqlite_step(s, q, &row, err));
    while (row) {
        struct mg_result r = {0};

        MG_TRY(mg_sqlite_key(s, q, 1, &r.key, err));
        MG_TRY(read_result(s, q, 5, &r, err));
        MG_TRY(mg_results_add(out, &r, err));
        *at = sqlite3_column_int64(q, 0);
        MG_TRY(mg_sqlite_step(s, q, &row, err));
    }
out:
    sqlite3_reset(q);
    return st;
}

static enum mg_status
claim(struct mg_sqlite *s, uint32_t phase, uint32_t version, int64_t *at, struct mg_subtasks *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_sqlite_sql(s, MG_SQL_SUBTASKS);
    bool row;

    sqlite3_bind_int64(q, 1, phase);
    mg_sqlite_bind_text(q, 2, s->store.agent);
    sqlite3_bind_int64(q, 3, *at);
    sqlite3_bind_int(q, 4, MG_STORE_BATCH);
    MG_TRY(mg_sqlite_step(s, q, &row, err));
    while (row) {
        struct mg_subtask t = {0};

        MG_TRY(mg_sqlite_key(s, q, 1, &t.key, err));
        MG_TRY(read_subtask(s, q, 5, &t, err));
        if (!mg_store_serves(version, t.version))
            break;
        MG_TRY(mg_subtasks_add(out, &t, err));
        *at = sqlite3_column_int64(q, 0);
        MG_TRY(mg_sqlite_step(s, q, &row, err));
    }
out:
    sqlite3_reset(q);
    return st;
}

static enum mg_status
read_end(struct mg_sqlite *s, uint32_t phase, struct mg_phase_end *end, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_sqlite_sql(s, MG_SQL_COUNT_SUBTASKS);
    uint32_t counts[2];
    bool row;

    MG_TRY(mg_sqlite_phase(s, phase, &end->closed, counts, err));
    sqlite3_bind_int64(q, 1, phase);
    mg_sqlite_bind_text(q, 2, s->store.agent);
    MG_TRY(mg_sqlite_step(s, q, &row, err));
    MG_TRY(mg_sqlite_u32(s, q, 0, &end->subtasks, err));
out:
    sqlite3_reset(q);
    return st;
}

/* ---- Acts ---- */

enum mg_status
mg_sqlite_ask(struct mg_store *store, uint32_t phase, const struct mg_subtask *t, size_t n, int64_t *cursor,
              struct mg_results *out, struct mg_err *err)
{
    struct mg_sqlite *s = (struct mg_sqlite *)store;
    enum mg_status st = MG_OK;
    int64_t at = *cursor;

    MG_TRY(mg_sqlite_begin(s, n > 0, err));
    for (size_t i = 0; i < n; i++)
        MG_TRY(put_subtask(s, &t[i], err));
    MG_TRY(read_results(s, phase, &at, out, err));
out:
    st = mg_sqlite_end(s, st, err);
    if (st == MG_OK)
        *cursor = at;
    return st;
}

enum mg_status
mg_sqlite_serve(struct mg_store *store, uint32_t phase, uint32_t version, const struct mg_result *r, size_t n,
                int64_t *cursor, struct mg_subtasks *out, struct mg_phase_end *end, struct mg_err *err)
{
    struct mg_sqlite *s = (struct mg_sqlite *)store;
    enum mg_status st = MG_OK;
    int64_t at = *cursor;

    MG_TRY(mg_sqlite_begin(s, n > 0, err));
    for (size_t i = 0; i < n; i++)
        MG_TRY(put_result(s, &r[i], err));
    MG_TRY(claim(s, phase, version, &at, out, err));
    MG_TRY(read_end(s, phase, end, err));
out:
    st = mg_sqlite_end(s, st, err);
    if (st == MG_OK)
        *cursor = at;
    return st;
}
