/* SPDX-License-Identifier: Apache-2.0 */
/* The statements of the store in SQLite, and the transactions that they run in. */
#include "store/store_sqlite.h"

#include <errno.h>

static const char *const sql_text[MG_N_SQL] = {
    [MG_SQL_BEGIN_READ] = "BEGIN DEFERRED",
    [MG_SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [MG_SQL_COMMIT] = "COMMIT",
    [MG_SQL_CHANGED] = "PRAGMA data_version",
    [MG_SQL_PUT_META] = "INSERT OR IGNORE INTO meta VALUES(?, ?)",
    [MG_SQL_GET_META] = "SELECT value FROM meta WHERE key = ?",
    [MG_SQL_TOUCH] = "UPDATE agent SET synced = synced + 1 WHERE agent = ?",
    [MG_SQL_EPOCH] = "SELECT epoch FROM agent WHERE agent = ?",
    [MG_SQL_HOLD] = "INSERT INTO agent VALUES(?, 1, 0) ON CONFLICT(agent) DO UPDATE SET epoch = epoch + 1"
                    " RETURNING epoch",
    [MG_SQL_PUT_SUBTASK] = "INSERT OR IGNORE INTO subtask(phase, question, rollout, call, agent, version, text)"
                           " VALUES(?, ?, ?, ?, ?, ?, ?)",
    [MG_SQL_GET_SUBTASK] = "SELECT agent, version, text FROM subtask WHERE phase = ? AND question = ? AND rollout = ?"
                           " AND call = ?",
    [MG_SQL_SUBTASKS] = "SELECT seq, phase, question, rollout, call, agent, version, text FROM subtask"
                        " WHERE phase = ? AND agent = ? AND seq > ? ORDER BY seq LIMIT ?",
    [MG_SQL_COUNT_SUBTASKS] =
        "SELECT coalesce(sum(subtasks), 0) FROM queue WHERE phase = ?1 AND agent = coalesce(?2, agent)",
    [MG_SQL_PUT_RESULT] = "INSERT OR IGNORE INTO result(phase, question, rollout, call, format, verdict, value, text)"
                          " VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
    [MG_SQL_GET_RESULT] =
        "SELECT format, verdict, value, text FROM result WHERE phase = ? AND question = ? AND rollout = ?"
        " AND call = ?",
    [MG_SQL_RESULTS] = "SELECT seq, phase, question, rollout, call, format, verdict, value, text FROM result"
                       " WHERE phase = ? AND seq > ? ORDER BY seq LIMIT ?",
    [MG_SQL_PUT_ROLLOUT] = "INSERT OR IGNORE INTO rollout VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [MG_SQL_GET_ROLLOUT] = "SELECT phase, question, rollout, 0, calls, format, verdict, value, kind, reward, answer"
                           " FROM rollout WHERE phase = ? AND question = ? AND rollout = ?",
    [MG_SQL_ROLLOUTS] =
        "SELECT phase, question, rollout, 0, calls, format, verdict, value, kind, reward, answer FROM rollout"
        " WHERE phase = ? AND (question, rollout) > (?, ?) ORDER BY question, rollout LIMIT ?",
    [MG_SQL_PUT_PHASE] = "INSERT OR IGNORE INTO phase VALUES(?, ?, ?)",
    [MG_SQL_GET_PHASE] = "SELECT rollouts, subtasks FROM phase WHERE phase = ?",
    [MG_SQL_PUT_NOTE] = "INSERT OR REPLACE INTO note VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [MG_SQL_GET_NOTE] = "SELECT phase, version, done, total, training, tokens, reward, held_out FROM note"
                        " WHERE agent = ?",
};

enum mg_status
mg_sqlite_error(struct mg_sqlite *s, int code, struct mg_err *err)
{
    int kind = code & 0xff;
    bool full = kind == SQLITE_FULL || (kind == SQLITE_IOERR && s->db != NULL && sqlite3_system_errno(s->db) == ENOSPC);
    bool damaged = kind == SQLITE_NOTADB || kind == SQLITE_CORRUPT;

    s->store.outage =
        !full && (kind == SQLITE_BUSY || kind == SQLITE_LOCKED || kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN);
    mg_fail(err,
            damaged ? MG_INPUT
            : full  ? MG_END
                    : MG_FAIL,
            "store %s: %s", s->store.address, s->db != NULL ? sqlite3_errmsg(s->db) : sqlite3_errstr(code));
    if (damaged)
        mg_hint(
            err,
            "It cannot be mended, and the run's states need it: begin the run again in another folder, with --run.");
    return err->status;
}

enum mg_status
mg_sqlite_prepare(struct mg_sqlite *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (int i = 0; i < MG_N_SQL && st == MG_OK; i++) {
        int code = sqlite3_prepare_v3(s->db, sql_text[i], -1, SQLITE_PREPARE_PERSISTENT, &s->sql[i], NULL);

        if (code != SQLITE_OK)
            st = mg_sqlite_error(s, code, err);
    }
    return st;
}

sqlite3_stmt *
mg_sqlite_sql(struct mg_sqlite *s, enum mg_sql which)
{
    sqlite3_reset(s->sql[which]);
    return s->sql[which];
}

enum mg_status
mg_sqlite_step(struct mg_sqlite *s, sqlite3_stmt *q, bool *row, struct mg_err *err)
{
    int code = sqlite3_step(q);

    *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW)
        return MG_OK;
    sqlite3_reset(q);
    return code == SQLITE_DONE ? MG_OK : mg_sqlite_error(s, code, err);
}

enum mg_status
mg_sqlite_run(struct mg_sqlite *s, sqlite3_stmt *q, bool *changed, struct mg_err *err)
{
    bool row;
    enum mg_status st = mg_sqlite_step(s, q, &row, err);

    sqlite3_reset(q);
    if (changed != NULL)
        *changed = st == MG_OK && sqlite3_changes(s->db) > 0;
    return st;
}

/* ---- Transactions ---- */

static enum mg_status
check_epoch(struct mg_sqlite *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_sqlite_sql(s, MG_SQL_EPOCH);
    int64_t epoch = 0;
    bool row;

    mg_sqlite_bind_text(q, 1, s->store.agent);
    MG_TRY(mg_sqlite_step(s, q, &row, err));
    epoch = row ? sqlite3_column_int64(q, 0) : 0;
    if (epoch != s->store.epoch)
        st = mg_store_fenced(&s->store, epoch, err);
out:
    sqlite3_reset(q);
    return st;
}

enum mg_status
mg_sqlite_begin(struct mg_sqlite *s, bool write, struct mg_err *err)
{
    enum mg_status st = mg_sqlite_run(s, mg_sqlite_sql(s, write ? MG_SQL_BEGIN_WRITE : MG_SQL_BEGIN_READ), NULL, err);

    return st == MG_OK && s->store.holds ? check_epoch(s, err) : st;
}

enum mg_status
mg_sqlite_end(struct mg_sqlite *s, enum mg_status st, struct mg_err *err)
{
    if (st == MG_OK)
        st = mg_sqlite_run(s, mg_sqlite_sql(s, MG_SQL_COMMIT), NULL, err);
    if (st != MG_OK) {
        for (int i = 0; i < MG_N_SQL; i++)
            sqlite3_reset(s->sql[i]);
        if (!sqlite3_get_autocommit(s->db))
            sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return st;
}
