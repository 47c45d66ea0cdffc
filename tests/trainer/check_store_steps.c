/* SPDX-License-Identifier: Apache-2.0 */
/* The store in a file takes as many steps in a phase of many rows as in one of few: it looks rows up, and counts
 * none. */
#include <stdlib.h>
#include <string.h>

#include "store/store_sqlite.h"
#include "store_case.h"

enum { FEW = 200, MANY = 20000, READ = 64 };

/* Instructions of SQLite's machine that the statements of a store ran since the last call. */
static int
steps(struct mg_store *store)
{
    sqlite3 *db = ((struct mg_sqlite *)store)->db;
    int n = 0;

    for (sqlite3_stmt *q = sqlite3_next_stmt(db, NULL); q != NULL; q = sqlite3_next_stmt(db, q)) {
        n += sqlite3_stmt_status(q, SQLITE_STMTSTATUS_VM_STEP, 1);
        ck_assert_int_eq(sqlite3_stmt_status(q, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1), 0);
    }
    return n;
}

/* A phase with n subtasks, for search and by turns for another agent. */
static void
fill(uint32_t phase, uint32_t n)
{
    struct mg_subtask *t = calloc(n, sizeof *t);
    struct mg_results none = {0};
    int64_t cursor = 0;

    ck_assert_ptr_nonnull(t);
    for (uint32_t i = 0; i < n; i++)
        t[i] = (struct mg_subtask){{phase, i / 8, i % 8, 0}, 5, i % 2 == 0 ? "search" : "calc", "What?"};
    mg_ok(mg_store_ask(a, phase, t, n, &cursor, &none, &err));
    free(t);
}

/* Claims the last READ subtasks of a phase, whose rows end with number `last`, and hands a result in: the steps of
 * it. */
static int
claim_last(uint32_t phase, uint32_t n, int64_t last)
{
    struct mg_subtasks claimed = {0};
    struct mg_phase_end end;
    struct mg_result r = {.key = {phase, 0, 0, 0}, .text = "That."};
    int64_t cursor = last - 2 * READ;

    steps(b);
    mg_ok(mg_store_serve(b, phase, 5, &r, 1, &cursor, &claimed, &end, &err));
    ck_assert_uint_eq(claimed.n, READ);
    ck_assert_uint_eq(end.subtasks, n / 2);
    mg_subtasks_free(&claimed);
    return steps(b);
}

/* Asks once more, and reads what came behind the last result. */
static int
ask_once(uint32_t phase)
{
    struct mg_subtask t = {{phase, 9, 9, 9}, 5, "calc", "How many?"};
    struct mg_results none = {0};
    int64_t cursor = 1000000;

    steps(a);
    mg_ok(mg_store_ask(a, phase, &t, 1, &cursor, &none, &err));
    return steps(a);
}

static int
end_phase(uint32_t phase, uint32_t subtasks)
{
    steps(a);
    mg_ok(mg_store_hand_in(a, phase, NULL, 0, subtasks, &err));
    return steps(a);
}

/* The larger phase is the last of the file: there is no row behind it to look at. */
START_TEST(a_claim_takes_as_many_steps_in_a_large_phase)
{
    int few;

    fill(3, FEW);
    fill(4, MANY);
    few = claim_last(3, FEW, FEW);
    ck_assert_int_gt(few, READ);
    ck_assert_int_le(claim_last(4, MANY, FEW + MANY), few);
    few = ask_once(3);
    ck_assert_int_le(ask_once(4), few);
    few = end_phase(3, FEW + 1);
    ck_assert_int_le(end_phase(4, MANY + 1), few);
}
END_TEST

/* Of so many rollouts, all read at once. */
static int
read_rollouts(uint32_t phase, uint32_t n)
{
    struct mg_rollout_row *r = calloc(n, sizeof *r);
    struct mg_rollout_rows rows = {0};
    bool closed = false;
    int taken;

    ck_assert_ptr_nonnull(r);
    for (uint32_t i = 0; i < n; i++)
        r[i].key = (struct mg_key){phase, i / 8, i % 8, 0};
    mg_ok(mg_store_hand_in(a, phase, r, n, 0, &err));
    steps(b);
    mg_ok(mg_store_rollouts(b, phase, &closed, &rows, &err));
    taken = steps(b);
    ck_assert_uint_eq(rows.n, n);
    mg_rollout_rows_free(&rows);
    free(r);
    return taken;
}

START_TEST(reading_takes_as_many_steps_for_each_row)
{
    int few = read_rollouts(5, 2 * MG_STORE_BATCH), many = read_rollouts(6, 16 * MG_STORE_BATCH);

    ck_assert_int_gt(few, 2 * MG_STORE_BATCH);
    ck_assert_int_le(many, 8 * few);
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("steps of the store", setup_sqlite, teardown, 60),
                a_claim_takes_as_many_steps_in_a_large_phase, reading_takes_as_many_steps_for_each_row);
    return suite_main();
}
