/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "store/store_sqlite.h"

static enum mg_status
read_rollout(struct mg_sqlite *s, sqlite3_stmt *q, struct mg_rollout_row *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t kind = 0;

    MG_TRY(mg_sqlite_key(s, q, 0, &r->key, err));
    MG_TRY(mg_sqlite_u32(s, q, 4, &r->calls, err));
    MG_TRY(mg_sqlite_bool(s, q, 5, &r->format, err));
    MG_TRY(mg_sqlite_verdict(s, q, 6, &r->verdict, err));
    MG_TRY(mg_sqlite_u32(s, q, 8, &kind, err));
    MG_REQUIRE(kind <= MG_REWARD_UNAVAILABLE, MG_INPUT, "store %s is damaged: a reward of kind %u", s->store.address,
               kind);
    r->kind = (enum mg_reward_kind)kind;
    MG_TRY(mg_sqlite_real(s, q, 9, &r->reward, err));
    MG_TRY(mg_sqlite_text(s, q, 10, MG_STORE_TEXT_MAX, &r->answer, err));
out:
    return st;
}

static enum mg_status
put_rollout(struct mg_sqlite *s, const struct mg_rollout_row *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_sqlite_sql(s, MG_SQL_PUT_ROLLOUT);
    struct mg_rollout_row there = {.key = r->key};
    bool fresh, row;

    sqlite3_bind_int64(q, 1, r->key.phase);
    sqlite3_bind_int64(q, 2, r->key.question);
    sqlite3_bind_int64(q, 3, r->key.rollout);
    sqlite3_bind_int64(q, 4, r->calls);
    sqlite3_bind_int(q, 5, r->format);
    sqlite3_bind_int(q, 6, (int)r->verdict.kind);
    sqlite3_bind_double(q, 7, r->verdict.value);
    sqlite3_bind_int(q, 8, (int)r->kind);
    sqlite3_bind_double(q, 9, r->reward);
    mg_sqlite_bind_text(q, 10, r->answer);
    MG_TRY(mg_sqlite_run(s, q, &fresh, err));
    if (fresh)
        return MG_OK;
    q = mg_sqlite_sql(s, MG_SQL_GET_ROLLOUT);
    sqlite3_bind_int64(q, 1, r->key.phase);
    sqlite3_bind_int64(q, 2, r->key.question);
    sqlite3_bind_int64(q, 3, r->key.rollout);
    MG_TRY(mg_sqlite_step(s, q, &row, err));
    if (row)
        MG_TRY(read_rollout(s, q, &there, err));
    MG_TRY(mg_rollout_row_compare(&s->store, &there, r, err));
out:
    sqlite3_reset(q);
    return st;
}

enum mg_status
mg_sqlite_phase(struct mg_sqlite *s, uint32_t phase, bool *closed, uint32_t counts[2], struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_sqlite_sql(s, MG_SQL_GET_PHASE);

    sqlite3_bind_int64(q, 1, phase);
    MG_TRY(mg_sqlite_step(s, q, closed, err));
    if (*closed) {
        MG_TRY(mg_sqlite_u32(s, q, 0, &counts[0], err));
        MG_TRY(mg_sqlite_u32(s, q, 1, &counts[1], err));
    }
out:
    sqlite3_reset(q);
    return st;
}

/* The phase ends with as many subtasks as were asked: one that is missing was lost. */
static enum mg_status
count_subtasks(struct mg_sqlite *s, uint32_t phase, uint32_t *n, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_sqlite_sql(s, MG_SQL_COUNT_SUBTASKS);
    bool row;

    sqlite3_bind_int64(q, 1, phase);
    sqlite3_bind_null(q, 2);
    MG_TRY(mg_sqlite_step(s, q, &row, err));
    MG_TRY(mg_sqlite_u32(s, q, 0, n, err));
out:
    sqlite3_reset(q);
    return st;
}

static enum mg_status
close_phase(struct mg_sqlite *s, uint32_t phase, const uint32_t counts[2], struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_sqlite_sql(s, MG_SQL_PUT_PHASE);
    uint32_t there[2] = {0, 0}, asked = 0;
    bool fresh, closed;

    MG_TRY(count_subtasks(s, phase, &asked, err));
    MG_REQUIRE(asked == counts[1], MG_FAIL, "store %s: phase %u ends with %u subtasks, %u were asked", s->store.address,
               phase, counts[1], asked);
    sqlite3_bind_int64(q, 1, phase);
    sqlite3_bind_int64(q, 2, counts[0]);
    sqlite3_bind_int64(q, 3, counts[1]);
    MG_TRY(mg_sqlite_run(s, q, &fresh, err));
    if (fresh)
        return MG_OK;
    MG_TRY(mg_sqlite_phase(s, phase, &closed, there, err));
    MG_TRY(mg_phase_compare(&s->store, phase, there, counts, err));
out:
    return st;
}

enum mg_status
mg_sqlite_hand_in(struct mg_store *store, uint32_t phase, size_t from, const struct mg_rollout_row *r, size_t n,
                  bool last, uint32_t subtasks, struct mg_err *err)
{
    struct mg_sqlite *s = (struct mg_sqlite *)store;
    enum mg_status st = MG_OK;
    const uint32_t counts[2] = {(uint32_t)(from + n), subtasks};

    MG_TRY(mg_sqlite_begin(s, true, err));
    for (size_t i = 0; i < n; i++)
        MG_TRY(put_rollout(s, &r[i], err));
    if (last)
        MG_TRY(close_phase(s, phase, counts, err));
out:
    return mg_sqlite_end(s, st, err);
}

static enum mg_status
read_rollouts(struct mg_sqlite *s, uint32_t phase, const struct mg_key *last, struct mg_rollout_rows *out,
              struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_sqlite_sql(s, MG_SQL_ROLLOUTS);
    bool row;

    sqlite3_bind_int64(q, 1, phase);
    sqlite3_bind_int64(q, 2, last != NULL ? (sqlite3_int64)last->question : -1);
    sqlite3_bind_int64(q, 3, last != NULL ? (sqlite3_int64)last->rollout : -1);
    sqlite3_bind_int(q, 4, MG_STORE_BATCH);
    MG_TRY(mg_sqlite_step(s, q, &row, err));
    while (row) {
        struct mg_rollout_row r = {0};

        MG_TRY(read_rollout(s, q, &r, err));
        MG_TRY(mg_rollout_rows_add(out, &r, err));
        MG_TRY(mg_sqlite_step(s, q, &row, err));
    }
out:
    sqlite3_reset(q);
    return st;
}

enum mg_status
mg_sqlite_rollouts(struct mg_store *store, uint32_t phase, size_t from, struct mg_rollout_rows *out, bool *closed,
                   uint32_t *rollouts, struct mg_err *err)
{
    struct mg_sqlite *s = (struct mg_sqlite *)store;
    enum mg_status st = MG_OK;
    uint32_t counts[2] = {0, 0};
    const struct mg_key last = from > 0 ? out->row[out->n - 1].key : (struct mg_key){0};

    MG_TRY(mg_sqlite_begin(s, false, err));
    MG_TRY(mg_sqlite_phase(s, phase, closed, counts, err));
    MG_TRY(read_rollouts(s, phase, from > 0 ? &last : NULL, out, err));
    *rollouts = counts[0];
out:
    return mg_sqlite_end(s, st, err);
}

/* ---- Notes ---- */

enum mg_status
mg_sqlite_put_note(struct mg_store *store, const struct mg_agent_note *n, struct mg_err *err)
{
    struct mg_sqlite *s = (struct mg_sqlite *)store;
    enum mg_status st = MG_OK;
    sqlite3_stmt *q;

    MG_TRY(mg_sqlite_begin(s, true, err));
    q = mg_sqlite_sql(s, MG_SQL_PUT_NOTE);
    mg_sqlite_bind_text(q, 1, store->agent);
    sqlite3_bind_int64(q, 2, n->phase);
    sqlite3_bind_int64(q, 3, n->version);
    sqlite3_bind_int64(q, 4, n->done);
    sqlite3_bind_int64(q, 5, n->total);
    sqlite3_bind_int(q, 6, n->training);
    sqlite3_bind_double(q, 7, n->tokens);
    sqlite3_bind_double(q, 8, n->reward);
    sqlite3_bind_double(q, 9, n->held_out);
    MG_TRY(mg_sqlite_run(s, q, NULL, err));
out:
    return mg_sqlite_end(s, st, err);
}

/* SQLite keeps NaN as NULL. */
static double
real_or_nan(sqlite3_stmt *q, int column)
{
    return sqlite3_column_type(q, column) == SQLITE_NULL ? (double)NAN : sqlite3_column_double(q, column);
}

enum mg_status
mg_sqlite_note(struct mg_store *store, const char *agent, struct mg_agent_note *n, bool *found, struct mg_err *err)
{
    struct mg_sqlite *s = (struct mg_sqlite *)store;
    enum mg_status st = MG_OK;
    sqlite3_stmt *q;

    *n = (struct mg_agent_note){.reward = (double)NAN, .held_out = (double)NAN};
    MG_TRY(mg_sqlite_begin(s, false, err));
    q = mg_sqlite_sql(s, MG_SQL_GET_NOTE);
    mg_sqlite_bind_text(q, 1, agent);
    MG_TRY(mg_sqlite_step(s, q, found, err));
    if (*found) {
        MG_TRY(mg_sqlite_u32(s, q, 0, &n->phase, err));
        MG_TRY(mg_sqlite_u32(s, q, 1, &n->version, err));
        MG_TRY(mg_sqlite_u32(s, q, 2, &n->done, err));
        MG_TRY(mg_sqlite_u32(s, q, 3, &n->total, err));
        MG_TRY(mg_sqlite_bool(s, q, 4, &n->training, err));
        n->tokens = sqlite3_column_double(q, 5);
        n->reward = real_or_nan(q, 6);
        n->held_out = real_or_nan(q, 7);
    }
    sqlite3_reset(q);
out:
    return mg_sqlite_end(s, st, err);
}
