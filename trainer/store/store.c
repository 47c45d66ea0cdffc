/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/stop.h"

enum { BUSY_MS = 2000 };

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS subtask(seq INTEGER PRIMARY KEY, phase INTEGER NOT NULL, question INTEGER NOT NULL,"
    " rollout INTEGER NOT NULL, call INTEGER NOT NULL, version INTEGER NOT NULL, text TEXT NOT NULL, epoch INTEGER,"
    " UNIQUE(phase, question, rollout, call));"
    "CREATE INDEX IF NOT EXISTS subtask_phase ON subtask(phase);"
    "CREATE TABLE IF NOT EXISTS result(seq INTEGER PRIMARY KEY, phase INTEGER NOT NULL, question INTEGER NOT NULL,"
    " rollout INTEGER NOT NULL, call INTEGER NOT NULL, format INTEGER NOT NULL, expert REAL, text TEXT,"
    " UNIQUE(phase, question, rollout, call));"
    "CREATE INDEX IF NOT EXISTS result_phase ON result(phase);"
    "CREATE TABLE IF NOT EXISTS rollout(phase INTEGER NOT NULL, question INTEGER NOT NULL, rollout INTEGER NOT NULL,"
    " calls INTEGER NOT NULL, format INTEGER NOT NULL, correct REAL NOT NULL, kind INTEGER NOT NULL,"
    " reward REAL NOT NULL, answer TEXT, PRIMARY KEY(phase, question, rollout)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS phase(phase INTEGER PRIMARY KEY, rollouts INTEGER NOT NULL, subtasks INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS agent(role TEXT PRIMARY KEY, epoch INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS note(role TEXT PRIMARY KEY, phase INTEGER NOT NULL, version INTEGER NOT NULL,"
    " done INTEGER NOT NULL, total INTEGER NOT NULL, training INTEGER NOT NULL, tokens REAL NOT NULL, reward REAL,"
    " held_out REAL) WITHOUT ROWID;"
    "INSERT OR IGNORE INTO meta VALUES('schema', '1');";

static const char *const sql_text[MG_N_SQL] = {
    [MG_SQL_BEGIN_READ] = "BEGIN DEFERRED",
    [MG_SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [MG_SQL_COMMIT] = "COMMIT",
    [MG_SQL_CHANGED] = "PRAGMA data_version",
    [MG_SQL_EPOCH] = "SELECT epoch FROM agent WHERE role = ?",
    [MG_SQL_HOLD] = "INSERT INTO agent VALUES(?, 1) ON CONFLICT(role) DO UPDATE SET epoch = epoch + 1 RETURNING epoch",
    [MG_SQL_PUT_SUBTASK] = "INSERT OR IGNORE INTO subtask(phase, question, rollout, call, version, text)"
                           " VALUES(?, ?, ?, ?, ?, ?)",
    [MG_SQL_GET_SUBTASK] = "SELECT version, text FROM subtask WHERE phase = ? AND question = ? AND rollout = ?"
                           " AND call = ?",
    [MG_SQL_CLAIM] = "UPDATE subtask SET epoch = ?1 WHERE phase = ?2 AND epoch IS NOT ?1 AND version BETWEEN ?3 AND ?4"
                     " RETURNING phase, question, rollout, call, version, text",
    [MG_SQL_PUT_RESULT] = "INSERT OR IGNORE INTO result(phase, question, rollout, call, format, expert, text)"
                          " VALUES(?, ?, ?, ?, ?, ?, ?)",
    [MG_SQL_GET_RESULT] = "SELECT format, expert, text FROM result WHERE phase = ? AND question = ? AND rollout = ?"
                          " AND call = ?",
    [MG_SQL_RESULTS] = "SELECT seq, phase, question, rollout, call, format, expert, text FROM result"
                       " WHERE phase = ? AND seq > ? ORDER BY seq",
    [MG_SQL_PUT_ROLLOUT] = "INSERT OR IGNORE INTO rollout VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [MG_SQL_GET_ROLLOUT] = "SELECT calls, format, correct, kind, reward, answer FROM rollout"
                           " WHERE phase = ? AND question = ? AND rollout = ?",
    [MG_SQL_ROLLOUTS] = "SELECT phase, question, rollout, 0, calls, format, correct, kind, reward, answer FROM rollout"
                        " WHERE phase = ? ORDER BY question, rollout",
    [MG_SQL_PUT_PHASE] = "INSERT OR IGNORE INTO phase VALUES(?, ?, ?)",
    [MG_SQL_GET_PHASE] = "SELECT rollouts, subtasks FROM phase WHERE phase = ?",
    [MG_SQL_PUT_NOTE] = "INSERT OR REPLACE INTO note VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [MG_SQL_GET_NOTE] = "SELECT phase, version, done, total, training, tokens, reward, held_out FROM note"
                        " WHERE role = ?",
};

enum mg_status
mg_store_error(struct mg_store *s, int code, struct mg_err *err)
{
    int kind = code & 0xff;

    s->outage = kind == SQLITE_BUSY || kind == SQLITE_LOCKED || kind == SQLITE_FULL || kind == SQLITE_IOERR ||
                kind == SQLITE_CANTOPEN;
    return mg_fail(err, kind == SQLITE_NOTADB || kind == SQLITE_CORRUPT ? MG_INPUT : MG_FAIL, "store %s: %s", s->path,
                   s->db != NULL ? sqlite3_errmsg(s->db) : sqlite3_errstr(code));
}

sqlite3_stmt *
mg_store_sql(struct mg_store *s, enum mg_sql which)
{
    sqlite3_reset(s->sql[which]);
    return s->sql[which];
}

enum mg_status
mg_store_step(struct mg_store *s, sqlite3_stmt *q, bool *row, struct mg_err *err)
{
    int code = sqlite3_step(q);

    *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW)
        return MG_OK;
    sqlite3_reset(q);
    return code == SQLITE_DONE ? MG_OK : mg_store_error(s, code, err);
}

enum mg_status
mg_store_run(struct mg_store *s, sqlite3_stmt *q, bool *changed, struct mg_err *err)
{
    bool row;
    enum mg_status st = mg_store_step(s, q, &row, err);

    sqlite3_reset(q);
    if (changed != NULL)
        *changed = st == MG_OK && sqlite3_changes(s->db) > 0;
    return st;
}

static enum mg_status
check_epoch(struct mg_store *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_store_sql(s, MG_SQL_EPOCH);
    int64_t epoch = 0;
    bool row;

    mg_store_bind_text(q, 1, mg_side_name(s->side));
    MG_TRY(mg_store_step(s, q, &row, err));
    epoch = row ? sqlite3_column_int64(q, 0) : 0;
    MG_REQUIRE(epoch == s->epoch, MG_FAIL, "another %s agent took over (epoch %lld, this one has %lld)",
               mg_side_name(s->side), (long long)epoch, (long long)s->epoch);
out:
    sqlite3_reset(q);
    return st;
}

static enum mg_status
attempt(struct mg_store *s, bool write, mg_store_body *body, void *arg, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(mg_store_run(s, mg_store_sql(s, write ? MG_SQL_BEGIN_WRITE : MG_SQL_BEGIN_READ), NULL, err));
    if (write && s->holds)
        MG_TRY(check_epoch(s, err));
    MG_TRY(body(s, arg, err));
    MG_TRY(mg_store_run(s, mg_store_sql(s, MG_SQL_COMMIT), NULL, err));
out:
    if (st != MG_OK) {
        for (int i = 0; i < MG_N_SQL; i++)
            sqlite3_reset(s->sql[i]);
        if (!sqlite3_get_autocommit(s->db))
            sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return st;
}

enum mg_status
mg_store_transact(struct mg_store *s, bool write, mg_store_body *body, void *arg, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_pause pause = {.ms = 10.0};
    double start = mg_clock();

    for (;;) {
        s->outage = false;
        st = attempt(s, write, body, arg, err);
        if (st == MG_OK || !s->outage || mg_clock() - start > MG_STORE_PATIENCE)
            return st;
        mg_err_clear(err);
        MG_TRY(mg_stop_check(err));
        mg_pause_wait(&pause, 1000.0);
    }
out:
    return st;
}

enum mg_status
mg_store_durable(struct mg_store *s, bool on, struct mg_err *err)
{
    const char *sql = on ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL";
    int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? MG_OK : mg_store_error(s, code, err);
}

enum mg_status
mg_store_changed(struct mg_store *s, bool *changed, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_store_sql(s, MG_SQL_CHANGED);
    int64_t version;
    bool row;

    MG_TRY(mg_store_step(s, q, &row, err));
    version = row ? sqlite3_column_int64(q, 0) : 0;
    *changed = !s->looked || version != s->data_version;
    s->data_version = version;
    s->looked = true;
out:
    sqlite3_reset(q);
    return st;
}

static enum mg_status
hold(struct mg_store *s, void *arg, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_store_sql(s, MG_SQL_HOLD);
    bool row;

    mg_store_bind_text(q, 1, mg_side_name(*(enum mg_side *)arg));
    MG_TRY(mg_store_step(s, q, &row, err));
    s->epoch = row ? sqlite3_column_int64(q, 0) : 0;
    MG_TRY(mg_store_step(s, q, &row, err));
out:
    return st;
}

enum mg_status
mg_store_hold(struct mg_store *s, enum mg_side side, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(mg_store_transact(s, true, hold, &side, err));
    s->side = side;
    s->holds = true;
out:
    return st;
}

/* Settings, tables, and the name of the run. Runs while no statement is prepared yet. */
static enum mg_status
prepare_tables(struct mg_store *s, const char *run, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = NULL;
    const char *there;
    int code;
    bool row;

    if ((code = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE;", NULL,
                             NULL, NULL)) != SQLITE_OK ||
        (code = sqlite3_exec(s->db, schema, NULL, NULL, NULL)) != SQLITE_OK ||
        (code = sqlite3_prepare_v2(s->db, "INSERT OR IGNORE INTO meta VALUES('run', ?)", -1, &q, NULL)) != SQLITE_OK) {
        st = mg_store_error(s, code, err);
        goto out;
    }
    mg_store_bind_text(q, 1, run);
    MG_TRY(mg_store_run(s, q, NULL, err));
    sqlite3_finalize(q);
    q = NULL;
    if ((code = sqlite3_prepare_v2(s->db, "SELECT value FROM meta WHERE key = 'run'", -1, &q, NULL)) != SQLITE_OK) {
        st = mg_store_error(s, code, err);
        goto out;
    }
    MG_TRY(mg_store_step(s, q, &row, err));
    MG_TRY(mg_store_text(s, q, 0, &there, err));
    MG_REQUIRE(row && mg_store_same(there, run), MG_INPUT, "store %s belongs to the run %.40s, not to %.40s", s->path,
               there != NULL ? there : "(none)", run);
    sqlite3_reset(q);
    if ((code = sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL)) != SQLITE_OK)
        st = mg_store_error(s, code, err);
out:
    sqlite3_finalize(q);
    if (st != MG_OK && s->db != NULL && !sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return st;
}

static enum mg_status
open_once(struct mg_store *s, const char *run, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    int code = sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

    if (code != SQLITE_OK) {
        st = mg_store_error(s, code, err);
        goto out;
    }
    sqlite3_busy_timeout(s->db, BUSY_MS);
    sqlite3_extended_result_codes(s->db, 1);
    MG_TRY(prepare_tables(s, run, err));
    for (int i = 0; i < MG_N_SQL; i++) {
        code = sqlite3_prepare_v3(s->db, sql_text[i], -1, SQLITE_PREPARE_PERSISTENT, &s->sql[i], NULL);
        if (code != SQLITE_OK) {
            st = mg_store_error(s, code, err);
            goto out;
        }
    }
out:
    return st;
}

static void
release(struct mg_store *s)
{
    for (int i = 0; i < MG_N_SQL; i++) {
        sqlite3_finalize(s->sql[i]);
        s->sql[i] = NULL;
    }
    sqlite3_close(s->db);
    s->db = NULL;
}

enum mg_status
mg_store_open(const char *path, const char *run, struct mg_store **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_store *s = NULL;
    struct mg_pause pause = {.ms = 10.0};

    MG_ALLOC(s, 1);
    s->path = strdup(path);
    MG_REQUIRE(s->path != NULL, MG_FAIL, "out of memory: a path");
    for (int tries = 0;; tries++) {
        s->outage = false;
        st = open_once(s, run, err);
        if (st == MG_OK)
            break;
        /* agents that open a new store at the same time lock each other out for a moment */
        MG_REQUIRE(s->outage && tries < 20, st, "store %s cannot be opened", path);
        mg_err_clear(err);
        release(s);
        mg_pause_wait(&pause, 200.0);
    }
    *out = s;
    s = NULL;
out:
    mg_store_close(s);
    return st;
}

void
mg_store_close(struct mg_store *s)
{
    if (s == NULL)
        return;
    release(s);
    free(s->path);
    free(s);
}
