/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_STORE_INTERNAL_H
#define MGRPO_STORE_INTERNAL_H

#include <sqlite3.h>

#include "store/store.h"

/* The prepared statements. */
enum mg_sql {
    MG_SQL_BEGIN_READ,
    MG_SQL_BEGIN_WRITE,
    MG_SQL_COMMIT,
    MG_SQL_CHANGED,
    MG_SQL_EPOCH,
    MG_SQL_HOLD,
    MG_SQL_PUT_SUBTASK,
    MG_SQL_GET_SUBTASK,
    MG_SQL_CLAIM,
    MG_SQL_PUT_RESULT,
    MG_SQL_GET_RESULT,
    MG_SQL_RESULTS,
    MG_SQL_PUT_ROLLOUT,
    MG_SQL_GET_ROLLOUT,
    MG_SQL_ROLLOUTS,
    MG_SQL_PUT_PHASE,
    MG_SQL_GET_PHASE,
    MG_SQL_PUT_NOTE,
    MG_SQL_GET_NOTE,
    MG_N_SQL
};

struct mg_store {
    sqlite3 *db;
    char *path;
    sqlite3_stmt *sql[MG_N_SQL];
    bool outage; /* the last failure is one to wait out */
    int64_t data_version;
    bool looked; /* data_version is set */
    bool holds;
    enum mg_side side;
    int64_t epoch;
};

/* Records SQLite's last failure; notes whether it is an outage. */
enum mg_status mg_store_error(struct mg_store *s, int code, struct mg_err *err);
/* The statement, reset and ready to bind. */
sqlite3_stmt *mg_store_sql(struct mg_store *s, enum mg_sql which);
void mg_store_bind_key(sqlite3_stmt *q, const struct mg_key *key);
void mg_store_bind_text(sqlite3_stmt *q, int column, const char *text); /* NULL: SQL NULL */
/* One step of a query: *row tells whether there is a row. */
enum mg_status mg_store_step(struct mg_store *s, sqlite3_stmt *q, bool *row, struct mg_err *err);
/* Runs a statement that gives no rows; *changed (may be NULL) tells whether it wrote one. */
enum mg_status mg_store_run(struct mg_store *s, sqlite3_stmt *q, bool *changed, struct mg_err *err);

/* Columns of a row that a stranger may have written: the type, range and length are checked (MG_INPUT). */
enum mg_status mg_store_u32(struct mg_store *s, sqlite3_stmt *q, int column, uint32_t *out, struct mg_err *err);
enum mg_status mg_store_bool(struct mg_store *s, sqlite3_stmt *q, int column, bool *out, struct mg_err *err);
enum mg_status mg_store_real(struct mg_store *s, sqlite3_stmt *q, int column, double *out, struct mg_err *err);
/* *out lives until the statement moves; NULL for SQL NULL. */
enum mg_status mg_store_text(struct mg_store *s, sqlite3_stmt *q, int column, const char **out, struct mg_err *err);
enum mg_status mg_store_key(struct mg_store *s, sqlite3_stmt *q, int column, struct mg_key *out, struct mg_err *err);

/* MG_FAIL: what is there is not what was to be written. */
enum mg_status mg_store_diverged(const struct mg_store *s, const char *what, const struct mg_key *key,
                                 const char *there, const char *new_one, struct mg_err *err);
/* Whether two texts, NULL or not, are the same. */
bool mg_store_same(const char *a, const char *b);

#endif
