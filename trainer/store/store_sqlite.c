/* SPDX-License-Identifier: Apache-2.0 */
/* The store in a file: SQLite in WAL mode, for the processes of one host. */
#include "store/store_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/stop.h"

enum { BUSY_MS = 2000 };
#define SCHEMA "2"

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS subtask(seq INTEGER PRIMARY KEY, phase INTEGER NOT NULL, question INTEGER NOT NULL,"
    " rollout INTEGER NOT NULL, call INTEGER NOT NULL, agent TEXT NOT NULL, version INTEGER NOT NULL,"
    " text TEXT NOT NULL, UNIQUE(phase, question, rollout, call));"
    "CREATE INDEX IF NOT EXISTS subtask_queue ON subtask(phase, agent);"
    /* how many there are, so that nobody counts them: triggers keep it, whoever writes */
    "CREATE TABLE IF NOT EXISTS queue(phase INTEGER NOT NULL, agent TEXT NOT NULL, subtasks INTEGER NOT NULL,"
    " PRIMARY KEY(phase, agent)) WITHOUT ROWID;"
    "CREATE TRIGGER IF NOT EXISTS subtask_count AFTER INSERT ON subtask BEGIN"
    " INSERT INTO queue VALUES(new.phase, new.agent, 1)"
    " ON CONFLICT(phase, agent) DO UPDATE SET subtasks = subtasks + 1; END;"
    "CREATE TRIGGER IF NOT EXISTS subtask_uncount AFTER DELETE ON subtask BEGIN"
    " UPDATE queue SET subtasks = subtasks - 1 WHERE phase = old.phase AND agent = old.agent; END;"
    "INSERT INTO queue SELECT phase, agent, count(*) FROM subtask WHERE NOT EXISTS (SELECT 1 FROM queue)"
    " GROUP BY phase, agent;"
    "CREATE TABLE IF NOT EXISTS result(seq INTEGER PRIMARY KEY, phase INTEGER NOT NULL, question INTEGER NOT NULL,"
    " rollout INTEGER NOT NULL, call INTEGER NOT NULL, format INTEGER NOT NULL, verdict INTEGER NOT NULL,"
    " value REAL NOT NULL, text TEXT,"
    " UNIQUE(phase, question, rollout, call));"
    "CREATE INDEX IF NOT EXISTS result_phase ON result(phase);"
    "CREATE TABLE IF NOT EXISTS rollout(phase INTEGER NOT NULL, question INTEGER NOT NULL, rollout INTEGER NOT NULL,"
    " calls INTEGER NOT NULL, format INTEGER NOT NULL, verdict INTEGER NOT NULL, value REAL NOT NULL,"
    " kind INTEGER NOT NULL, reward REAL NOT NULL, answer TEXT, PRIMARY KEY(phase, question, rollout)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS phase(phase INTEGER PRIMARY KEY, rollouts INTEGER NOT NULL, subtasks INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS agent(agent TEXT PRIMARY KEY, epoch INTEGER NOT NULL, synced INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS note(agent TEXT PRIMARY KEY, phase INTEGER NOT NULL, version INTEGER NOT NULL,"
    " done INTEGER NOT NULL, total INTEGER NOT NULL, training INTEGER NOT NULL, tokens REAL NOT NULL, reward REAL,"
    " held_out REAL) WITHOUT ROWID;";

static enum mg_status
execute(struct mg_sqlite *s, const char *sql, struct mg_err *err)
{
    int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? MG_OK : mg_sqlite_error(s, code, err);
}

static enum mg_status
check_schema(struct mg_sqlite *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = NULL;
    const char *there = NULL;
    bool row;
    int code = sqlite3_prepare_v2(s->db, "SELECT value FROM meta WHERE key = 'schema'", -1, &q, NULL);

    if (code != SQLITE_OK) {
        st = mg_sqlite_error(s, code, err);
        goto out;
    }
    MG_TRY(mg_sqlite_step(s, q, &row, err));
    MG_TRY(mg_sqlite_text(s, q, 0, 16, &there, err));
    MG_REQUIRE(row && there != NULL && strcmp(there, SCHEMA) == 0, MG_INPUT,
               "store %s has schema %.16s, this mgrpo has " SCHEMA, s->store.address, there != NULL ? there : "(none)");
out:
    if (st == MG_INPUT)
        mg_hint(err, "The mgrpo that began the run can end it.");
    sqlite3_finalize(q);
    return st;
}

/* Settings and tables. Runs while no statement is prepared yet. */
static enum mg_status
make_tables(struct mg_sqlite *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(execute(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE;", err));
    MG_TRY(execute(s,
                   "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
                   "INSERT OR IGNORE INTO meta VALUES('schema', '" SCHEMA "');",
                   err));
    MG_TRY(check_schema(s, err));
    MG_TRY(execute(s, schema, err));
    MG_TRY(execute(s, "COMMIT", err));
out:
    if (st != MG_OK && !sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return st;
}

static void
disconnect(struct mg_sqlite *s)
{
    for (int i = 0; i < MG_N_SQL; i++) {
        sqlite3_finalize(s->sql[i]);
        s->sql[i] = NULL;
    }
    sqlite3_close(s->db);
    s->db = NULL;
}

enum mg_status
mg_sqlite_connect(struct mg_store *store, struct mg_err *err)
{
    struct mg_sqlite *s = (struct mg_sqlite *)store;
    enum mg_status st = MG_OK;
    int code = sqlite3_open_v2(store->address, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

    if (code != SQLITE_OK) {
        st = mg_sqlite_error(s, code, err);
        store->outage &=
            (code & 0xff) != SQLITE_CANTOPEN; /* a path that cannot be opened at all is wrong, not an outage */
        goto out;
    }
    sqlite3_busy_timeout(s->db, BUSY_MS);
    sqlite3_extended_result_codes(s->db, 1);
    MG_TRY(make_tables(s, err));
    MG_TRY(mg_sqlite_prepare(s, err));
out:
    if (st != MG_OK)
        disconnect(s);
    return st;
}

void
mg_sqlite_destroy(struct mg_store *store)
{
    struct mg_sqlite *s = (struct mg_sqlite *)store;

    disconnect(s);
    free(store->address);
    free(s);
}

enum mg_status
mg_sqlite_create(const struct mg_store_place *place, struct mg_store **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_sqlite *s = NULL;

    MG_ALLOC(s, 1);
    s->store.engine = &mg_store_sqlite;
    MG_STRDUP(s->store.address, place->address);
    *out = &s->store;
    s = NULL;
out:
    free(s);
    return st;
}

/* ---- What the run has in common, and holders ---- */

enum mg_status
mg_sqlite_agree(struct mg_store *store, const char *what, const char *value, char **other, struct mg_err *err)
{
    struct mg_sqlite *s = (struct mg_sqlite *)store;
    enum mg_status st = MG_OK;
    sqlite3_stmt *q;
    const char *there = NULL;
    bool row = false;

    MG_TRY(mg_sqlite_begin(s, true, err));
    q = mg_sqlite_sql(s, MG_SQL_PUT_META);
    mg_sqlite_bind_text(q, 1, what);
    mg_sqlite_bind_text(q, 2, value);
    MG_TRY(mg_sqlite_run(s, q, NULL, err));
    q = mg_sqlite_sql(s, MG_SQL_GET_META);
    mg_sqlite_bind_text(q, 1, what);
    MG_TRY(mg_sqlite_step(s, q, &row, err));
    if (row)
        MG_TRY(mg_sqlite_text(s, q, 0, MG_STORE_VALUE_MAX, &there, err));
    if (there == NULL || strcmp(there, value) != 0) {
        MG_STRDUP(*other, there != NULL ? there : "");
    }
    sqlite3_reset(q);
out:
    st = mg_sqlite_end(s, st, err);
    if (st != MG_OK) {
        free(*other);
        *other = NULL;
    }
    return st;
}

enum mg_status
mg_sqlite_hold(struct mg_store *store, const char *agent, int64_t *epoch, struct mg_err *err)
{
    struct mg_sqlite *s = (struct mg_sqlite *)store;
    enum mg_status st = MG_OK;
    sqlite3_stmt *q;
    bool row;

    MG_TRY(mg_sqlite_begin(s, true, err));
    q = mg_sqlite_sql(s, MG_SQL_HOLD);
    mg_sqlite_bind_text(q, 1, agent);
    MG_TRY(mg_sqlite_step(s, q, &row, err));
    *epoch = row ? sqlite3_column_int64(q, 0) : 0;
    MG_TRY(mg_sqlite_step(s, q, &row, err));
out:
    return mg_sqlite_end(s, st, err);
}

/* In WAL mode a commit that syncs the log syncs all commits before it; one that changes nothing syncs nothing. */
enum mg_status
mg_sqlite_durable(struct mg_store *store, struct mg_err *err)
{
    struct mg_sqlite *s = (struct mg_sqlite *)store;
    enum mg_status st = MG_OK;
    sqlite3_stmt *q;

    MG_TRY(execute(s, "PRAGMA synchronous = FULL", err));
    MG_TRY(mg_sqlite_begin(s, true, err));
    q = mg_sqlite_sql(s, MG_SQL_TOUCH);
    mg_sqlite_bind_text(q, 1, store->agent);
    MG_TRY(mg_sqlite_run(s, q, NULL, err));
out:
    st = mg_sqlite_end(s, st, err);
    sqlite3_exec(s->db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
    return st;
}

enum mg_status
mg_sqlite_changed(struct mg_store *store, bool *is, struct mg_err *err)
{
    struct mg_sqlite *s = (struct mg_sqlite *)store;
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_sqlite_sql(s, MG_SQL_CHANGED);
    int64_t version;
    bool row;

    MG_TRY(mg_sqlite_step(s, q, &row, err));
    version = row ? sqlite3_column_int64(q, 0) : 0;
    *is = !s->looked || version != s->data_version;
    s->data_version = version;
    s->looked = true;
out:
    sqlite3_reset(q);
    return st;
}

const struct mg_store_engine mg_store_sqlite = MG_STORE_ENGINE(sqlite);
