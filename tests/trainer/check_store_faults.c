/* SPDX-License-Identifier: Apache-2.0 */
/* The store under faults: other runs, files that are none, damaged rows, locks, and writers that are killed. */
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_case.h"

START_TEST(another_run_is_refused)
{
    struct mg_store *s = NULL;

    ck_assert_int_eq(mg_store_open(path, "run-2", &s, &err), MG_INPUT);
    ck_assert_ptr_null(s);
    ck_assert_ptr_nonnull(strstr(err.text, "run-1"));
}
END_TEST

START_TEST(a_file_that_is_no_store_is_refused)
{
    struct mg_store *s = NULL;
    char other[128];
    FILE *f;

    snprintf(other, sizeof other, "%s/other.db", dir);
    f = fopen(other, "w");
    for (int i = 0; i < 2000; i++)
        fputs("not a database. ", f);
    fclose(f);
    ck_assert_int_eq(mg_store_open(other, "run-1", &s, &err), MG_INPUT);
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
        "UPDATE subtask SET text = printf('%5000d', 1)",
    };
    struct claimed c = {.phase = 3, .version = 5};
    sqlite3 *db;

    ck_assert_int_eq(ask(7, 5, "x"), MG_OK);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        ck_assert_int_eq(sqlite3_exec(db, "DELETE FROM subtask", NULL, NULL, NULL), SQLITE_OK);
        ck_assert_int_eq(ask(7, 5, "x"), MG_OK);
        ck_assert_int_eq(sqlite3_exec(db, damage[i], NULL, NULL, NULL), SQLITE_OK);
        mg_err_clear(&err);
        if (i == 1) /* a column of type TEXT makes a text of it */
            ck_assert_int_eq(mg_store_transact(b, true, claim_body, &c, &err), MG_OK);
        else
            ck_assert_int_eq(mg_store_transact(b, true, claim_body, &c, &err), MG_INPUT);
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
        struct mg_subtask t = {.key = {1, 1, 1, 1}, .text = "late"};
        struct mg_store *s = NULL;

        if (read(gate[0], &go, 1) != 1)
            _exit(1);
        /* longer than SQLite's own patience, so that the transaction runs again */
        if (mg_store_open(path, "run-1", &s, &err) != MG_OK || mg_store_transact(s, true, put_subtask, &t, &err))
            _exit(1);
        _exit(0);
    }
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
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

static enum mg_status
put_many(struct mg_store *s, void *arg, struct mg_err *e)
{
    uint32_t at = *(uint32_t *)arg;

    for (uint32_t i = 0; i < 5; i++) {
        struct mg_subtask t = {.key = {9, at, i, 0}, .text = "whole or not at all"};

        if (mg_store_put_subtask(s, &t, e) != MG_OK)
            return e->status;
    }
    return MG_OK;
}

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

START_TEST(a_killed_writer_leaves_whole_transactions)
{
    sqlite3 *db;

    close_both();
    for (int round = 0; round < 5; round++) {
        pid_t pid = fork();

        if (pid == 0) {
            struct mg_store *s = NULL;

            if (mg_store_open(path, "run-1", &s, &err) != MG_OK)
                _exit(1);
            for (uint32_t i = 0;; i++)
                if (mg_store_transact(s, true, put_many, &i, &err) != MG_OK)
                    _exit(1);
        }
        usleep(30000 + 7000 * (useconds_t)round);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    }
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
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
    Suite *suite = suite_create("store faults");
    TCase *t = tcase_create("faults");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, another_run_is_refused);
    tcase_add_test(t, a_file_that_is_no_store_is_refused);
    tcase_add_test(t, damaged_rows_are_refused);
    tcase_add_test(t, a_locked_store_is_waited_out);
    tcase_add_test(t, a_killed_writer_leaves_whole_transactions);
    suite_add_tcase(suite, t);
    return suite_main(suite);
}
