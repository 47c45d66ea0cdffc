/* SPDX-License-Identifier: Apache-2.0 */
/* The store in a file under faults: files that are none, damaged rows, locks, and writers that are killed. */
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_case.h"

START_TEST(a_file_that_is_no_store_is_refused)
{
    struct mg_store *s = NULL;
    FILE *f;

    snprintf(address, sizeof address, "%s/other.db", dir);
    f = fopen(address, "w");
    for (int i = 0; i < 2000; i++)
        fputs("not a database. ", f);
    fclose(f);
    ck_assert_int_eq(try_open(&s), MG_INPUT);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_no_outage)
{
    struct mg_store *s = NULL;

    snprintf(address, sizeof address, "%s/none/store.db", dir);
    ck_assert_int_eq(try_open(&s), MG_FAIL);
    ck_assert_ptr_null(s);
}
END_TEST

START_TEST(another_schema_is_refused)
{
    struct mg_store *s = NULL;
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open(address, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "UPDATE meta SET value = '1' WHERE key = 'schema'", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    mg_fails(try_open(&s), MG_INPUT, "has schema 1");
}
END_TEST

/* What a stranger may have written into the file. */
START_TEST(damaged_rows_are_refused)
{
    static const char *const damage[] = {
        "UPDATE subtask SET text = CAST(x'ff' AS TEXT)",
        "UPDATE subtask SET text = 7.5",
        "UPDATE subtask SET text = zeroblob(100)",
        "UPDATE subtask SET question = -1",
        "UPDATE subtask SET question = 'x'",
        "UPDATE subtask SET version = 1e300",
        "UPDATE subtask SET text = printf('%5000d', 1)",
    };
    sqlite3 *db;

    ck_assert_int_eq(ask(7, 5, "x"), MG_OK);
    ck_assert_int_eq(sqlite3_open(address, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        struct mg_subtasks none = {0};
        struct mg_phase_end end;
        int64_t cursor = 0;
        enum mg_status st;

        ck_assert_int_eq(sqlite3_exec(db, "DELETE FROM subtask", NULL, NULL, NULL), SQLITE_OK);
        ck_assert_int_eq(ask(7, 5, "x"), MG_OK);
        ck_assert_int_eq(sqlite3_exec(db, damage[i], NULL, NULL, NULL), SQLITE_OK);
        mg_err_clear(&err);
        st = mg_store_serve(b, 3, 5, NULL, 0, &cursor, &none, &end, &err);
        ck_assert_int_eq(st, i == 1 ? MG_OK : MG_INPUT); /* a column of type TEXT makes a text of a number */
        mg_subtasks_free(&none);
    }
    sqlite3_close(db);
}
END_TEST

/* SQLite's connections must not pass a fork. */
static void
close_both(void)
{
    mg_store_close(a);
    mg_store_close(b);
    a = b = NULL;
}

START_TEST(a_locked_store_is_waited_out)
{
    sqlite3 *db;
    pid_t pid;
    int wstatus, gate[2];
    char go = 0;

    close_both();
    ck_assert_int_eq(pipe(gate), 0);
    pid = fork();
    if (pid == 0) {
        struct mg_subtask t = {.key = {1, 1, 1, 1}, .agent = "search", .text = "late"};
        struct mg_results none = {0};
        struct mg_store *s = NULL;
        int64_t cursor = 0;

        if (read(gate[0], &go, 1) != 1)
            _exit(1);
        /* longer than SQLite's own patience, so that the act is tried again */
        if (try_open(&s) != MG_OK || mg_store_ask(s, 1, &t, 1, &cursor, &none, &err) != MG_OK)
            _exit(1);
        _exit(0);
    }
    ck_assert_int_eq(sqlite3_open(address, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(write(gate[1], &go, 1), 1);
    sleep(3);
    ck_assert_int_eq(waitpid(pid, &wstatus, WNOHANG), 0);
    ck_assert_int_eq(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(waitpid(pid, &wstatus, 0), pid);
    ck_assert(WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == 0);
    sqlite3_close(db);
}
END_TEST

static int
count(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *q;
    int n;

    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
    n = sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    return n;
}

START_TEST(a_killed_writer_leaves_whole_acts)
{
    sqlite3 *db;

    close_both();
    for (int round = 0; round < 5; round++) {
        int began[2];
        char byte;
        pid_t pid;

        ck_assert_int_eq(pipe(began), 0);
        pid = fork();
        if (pid == 0) {
            struct mg_store *s = open_store();
            struct mg_results none = {0};
            int64_t cursor = 0;

            for (uint32_t at = 0;; at++) {
                struct mg_subtask t[5];

                for (uint32_t k = 0; k < 5; k++)
                    t[k] = (struct mg_subtask){{9, at, k, 0}, 0, "search", "whole or not at all"};
                if (mg_store_ask(s, 9, t, 5, &cursor, &none, &err) != MG_OK || (at == 0 && write(began[1], "", 1) != 1))
                    _exit(1);
            }
        }
        close(began[1]);
        ck_assert_int_eq(read(began[0], &byte, 1), 1);
        close(began[0]);
        usleep(7000 * (useconds_t)round);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    }
    ck_assert_int_eq(sqlite3_open(address, &db), SQLITE_OK);
    ck_assert_int_gt(count(db, "SELECT count(*) FROM subtask WHERE phase = 9"), 0);
    ck_assert_int_eq(count(db, "SELECT count(*) FROM (SELECT question FROM subtask WHERE phase = 9 GROUP BY question"
                               " HAVING count(*) <> 5)"),
                     0);
    sqlite3_close(db);
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("store faults", setup_sqlite, teardown, 60), a_file_that_is_no_store_is_refused,
                a_folder_that_is_not_there_is_no_outage, another_schema_is_refused, damaged_rows_are_refused,
                a_locked_store_is_waited_out, a_killed_writer_leaves_whole_acts);
    return suite_main();
}
