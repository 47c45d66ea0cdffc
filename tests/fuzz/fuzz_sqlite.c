/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store_engine.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is a table of a run's database, a byte, and a row of it: values with a tab between
 * them, whose first byte says a value's type. What is read of it is what such a row may be, or the verb fails with a
 * sentence.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PHASE = 3, MAX_COLUMNS = 10 };
static const struct {
    const char *insert;
    int columns;
} tables[] = {
    {"INSERT OR REPLACE INTO subtask VALUES(?, ?, ?, ?, ?, ?, ?, ?)", 8},
    {"INSERT OR REPLACE INTO result VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", 9},
    {"INSERT OR REPLACE INTO rollout VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", 10},
    {"INSERT OR REPLACE INTO phase VALUES(?, ?, ?)", 3},
    {"INSERT OR REPLACE INTO note VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", 9},
    {"INSERT OR REPLACE INTO agent VALUES(?, ?, ?)", 3},
};
enum { TABLES = sizeof tables / sizeof *tables };
static char path[64];
static struct mg_store *store;
static sqlite3 *db;
static sqlite3_stmt *insert[TABLES];

static void
end(void)
{
    for (int i = 0; i < TABLES; i++)
        sqlite3_finalize(insert[i]);
    sqlite3_close(db);
    store->engine->destroy(store);
    unlink(path);
}

static void
begin(void)
{
    struct mg_store_place place = {.address = path};
    struct mg_err err = {0};

    snprintf(path, sizeof path, "/dev/shm/fuzz_sqlite.%ld", (long)getpid());
    unlink(path);
    if (mg_store_sqlite.create(&place, &store, &err) != MG_OK || mg_store_sqlite.connect(store, &err) != MG_OK ||
        sqlite3_open(path, &db) != SQLITE_OK)
        abort();
    sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
    for (int i = 0; i < TABLES; i++)
        if (sqlite3_prepare_v2(db, tables[i].insert, -1, &insert[i], NULL) != SQLITE_OK)
            abort();
    strcpy(store->agent, "a");
    atexit(end);
}

static void
bind(sqlite3_stmt *q, int column, const char *value, size_t len)
{
    char number[32] = "";

    if (len > 1)
        snprintf(number, sizeof number, "%.*s", (int)(len < sizeof number ? len - 1 : sizeof number - 1), value + 1);
    if (len == 0)
        sqlite3_bind_null(q, column);
    else if (value[0] == 'i')
        sqlite3_bind_int64(q, column, strtoll(number, NULL, 10));
    else if (value[0] == 'r')
        sqlite3_bind_double(q, column, strtod(number, NULL));
    else if (value[0] == 'b')
        sqlite3_bind_blob(q, column, value + 1, (int)len - 1, SQLITE_STATIC);
    else
        sqlite3_bind_text(q, column, value + 1, (int)len - 1, SQLITE_STATIC);
}

static void
put_row(int table, const char *at, const char *all)
{
    sqlite3_stmt *q = insert[table];

    sqlite3_exec(db,
                 "BEGIN; DELETE FROM subtask; DELETE FROM result; DELETE FROM rollout; DELETE FROM phase; DELETE FROM "
                 "note; DELETE FROM agent",
                 NULL, NULL, NULL);
    sqlite3_clear_bindings(q);
    for (int i = 1; i <= tables[table].columns; i++) {
        const char *to = memchr(at, '\t', (size_t)(all - at));

        bind(q, i, at, (size_t)((to != NULL ? to : all) - at));
        at = to != NULL ? to + 1 : all;
    }
    sqlite3_step(q);
    sqlite3_reset(q);
    if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        abort();
}

static void
check(enum mg_status st, struct mg_err *err)
{
    if (st != MG_OK && err->text[0] == '\0')
        abort();
    mg_err_clear(err);
}

static void
read_queue(struct mg_err *err)
{
    struct mg_subtasks asked = {0};
    struct mg_results results = {0};
    struct mg_phase_end closed = {0};
    int64_t cursor = 0;

    check(mg_store_sqlite.serve(store, PHASE, 1, NULL, 0, &cursor, &asked, &closed, err), err);
    for (size_t i = 0; i < asked.n; i++)
        if (strlen(asked.row[i].text) > MG_STORE_TEXT_MAX || strlen(asked.row[i].agent) > MG_STORE_NAME_MAX)
            abort();
    cursor = 0;
    check(mg_store_sqlite.ask(store, PHASE, NULL, 0, &cursor, &results, err), err);
    for (size_t i = 0; i < results.n; i++)
        if (mg_result_check(&results.row[i], PHASE, err) != MG_OK)
            abort();
    mg_subtasks_free(&asked);
    mg_results_free(&results);
}

static void
read_run(struct mg_err *err)
{
    struct mg_rollout_rows rows = {0};
    struct mg_agent_note note;
    bool closed, found, changed;
    uint32_t n;

    check(mg_store_sqlite.rollouts(store, PHASE, 0, &rows, &closed, &n, err), err);
    for (size_t i = 0; i < rows.n; i++)
        if (mg_rollout_row_check(&rows.row[i], PHASE, err) != MG_OK)
            abort();
    mg_rollout_rows_free(&rows);
    check(mg_store_sqlite.note(store, "a", &note, &found, err), err);
    check(mg_store_sqlite.changed(store, &changed, err), err);
    store->holds = true; /* whose epoch is compared with that of the row */
    check(mg_store_sqlite.rollouts(store, PHASE, 0, &rows, &closed, &n, err), err);
    mg_rollout_rows_free(&rows);
    store->holds = false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mg_err err = {0};

    if (size < 1)
        return 0;
    if (store == NULL)
        begin();
    put_row(data[0] % TABLES, (const char *)data + 1, (const char *)data + size);
    read_queue(&err);
    read_run(&err);
    return 0;
}
