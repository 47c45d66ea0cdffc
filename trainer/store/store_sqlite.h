/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_STORE_SQLITE_H
#define MGRPO_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/store_engine.h"

/* The prepared statements. */
enum mg_sql {
    MG_SQL_BEGIN_READ,
    MG_SQL_BEGIN_WRITE,
    MG_SQL_COMMIT,
    MG_SQL_CHANGED,
    MG_SQL_PUT_META,
    MG_SQL_GET_META,
    MG_SQL_TOUCH,
    MG_SQL_EPOCH,
    MG_SQL_HOLD,
    MG_SQL_PUT_SUBTASK,
    MG_SQL_GET_SUBTASK,
    MG_SQL_SUBTASKS,
    MG_SQL_COUNT_SUBTASKS,
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

struct mg_sqlite {
    struct mg_store store;
    sqlite3 *db;
    sqlite3_stmt *sql[MG_N_SQL];
    int64_t data_version;
    bool looked; /* data_version is set */
};

/* Records SQLite's last failure; notes whether it is an outage. */
enum mg_status mg_sqlite_error(struct mg_sqlite *s, int code, struct mg_err *err);
/* Prepares all statements; the tables are there. */
enum mg_status mg_sqlite_prepare(struct mg_sqlite *s, struct mg_err *err);
/* The statement, reset and ready to bind. */
sqlite3_stmt *mg_sqlite_sql(struct mg_sqlite *s, enum mg_sql which);
void mg_sqlite_bind_key(sqlite3_stmt *q, const struct mg_key *key);
void mg_sqlite_bind_text(sqlite3_stmt *q, int column, const char *text); /* NULL: SQL NULL */
/* One step of a query: *row tells whether there is a row. */
enum mg_status mg_sqlite_step(struct mg_sqlite *s, sqlite3_stmt *q, bool *row, struct mg_err *err);
/* Runs a statement that gives no rows; *changed (may be NULL) tells whether it wrote one. */
enum mg_status mg_sqlite_run(struct mg_sqlite *s, sqlite3_stmt *q, bool *changed, struct mg_err *err);

/* Begins a transaction, and checks the epoch of the agent, if one is held. */
enum mg_status mg_sqlite_begin(struct mg_sqlite *s, bool write, struct mg_err *err);
/* Ends it: commits if `st` is MG_OK, else takes everything back. Returns the first failure. */
enum mg_status mg_sqlite_end(struct mg_sqlite *s, enum mg_status st, struct mg_err *err);

/* Columns of a row that a stranger may have written: the type, range and length are checked (MG_INPUT). */
enum mg_status mg_sqlite_u32(struct mg_sqlite *s, sqlite3_stmt *q, int column, uint32_t *out, struct mg_err *err);
enum mg_status mg_sqlite_bool(struct mg_sqlite *s, sqlite3_stmt *q, int column, bool *out, struct mg_err *err);
enum mg_status mg_sqlite_real(struct mg_sqlite *s, sqlite3_stmt *q, int column, double *out, struct mg_err *err);
/* At most `most` bytes; *out lives until the statement moves; NULL for SQL NULL. */
enum mg_status mg_sqlite_text(struct mg_sqlite *s, sqlite3_stmt *q, int column, int most, const char **out,
                              struct mg_err *err);
/* Two columns: the kind and the value. */
enum mg_status mg_sqlite_verdict(struct mg_sqlite *s, sqlite3_stmt *q, int column, struct mg_verdict *out,
                                 struct mg_err *err);
enum mg_status mg_sqlite_key(struct mg_sqlite *s, sqlite3_stmt *q, int column, struct mg_key *out, struct mg_err *err);

/* Whether the phase is closed, and with how many rollouts and subtasks; inside a transaction. */
enum mg_status mg_sqlite_phase(struct mg_sqlite *s, uint32_t phase, bool *closed, uint32_t counts[2],
                               struct mg_err *err);

#endif
