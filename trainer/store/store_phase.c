/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>

#include "store/store_internal.h"

static enum mg_status
read_rollout(struct mg_store *s, sqlite3_stmt *q, int column, struct mg_rollout_row *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t kind = 0;

    MG_TRY(mg_store_u32(s, q, column, &r->calls, err));
    MG_TRY(mg_store_bool(s, q, column + 1, &r->format, err));
    MG_TRY(mg_store_real(s, q, column + 2, &r->correct, err));
    MG_TRY(mg_store_u32(s, q, column + 3, &kind, err));
    MG_REQUIRE(kind <= MG_REWARD_UNAVAILABLE, MG_INPUT, "store %s is damaged: a reward of kind %u", s->path, kind);
    r->kind = (enum mg_reward_kind)kind;
    MG_TRY(mg_store_real(s, q, column + 4, &r->reward, err));
    MG_TRY(mg_store_text(s, q, column + 5, &r->answer, err));
out:
    return st;
}

static void
describe(const struct mg_rollout_row *r, char *out, size_t n)
{
    snprintf(out, n, "%.80s, %u calls, reward %.9g", r->answer != NULL ? r->answer : "(none)", r->calls, r->reward);
}

static enum mg_status
compare_rollout(struct mg_store *s, const struct mg_rollout_row *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_store_sql(s, MG_SQL_GET_ROLLOUT);
    struct mg_rollout_row there = {0};
    char a[160], b[160];
    bool row;

    sqlite3_bind_int64(q, 1, r->key.phase);
    sqlite3_bind_int64(q, 2, r->key.question);
    sqlite3_bind_int64(q, 3, r->key.rollout);
    MG_TRY(mg_store_step(s, q, &row, err));
    if (row)
        MG_TRY(read_rollout(s, q, 0, &there, err));
    if (row && there.calls == r->calls && there.format == r->format && there.correct == r->correct &&
        there.kind == r->kind && there.reward == r->reward && mg_store_same(there.answer, r->answer))
        goto out;
    describe(&there, a, sizeof a);
    describe(r, b, sizeof b);
    st = mg_store_diverged(s, "rollout", &r->key, a, b, err);
out:
    sqlite3_reset(q);
    return st;
}

enum mg_status
mg_store_put_rollout(struct mg_store *s, const struct mg_rollout_row *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_store_sql(s, MG_SQL_PUT_ROLLOUT);
    bool fresh;

    sqlite3_bind_int64(q, 1, r->key.phase);
    sqlite3_bind_int64(q, 2, r->key.question);
    sqlite3_bind_int64(q, 3, r->key.rollout);
    sqlite3_bind_int64(q, 4, r->calls);
    sqlite3_bind_int(q, 5, r->format);
    sqlite3_bind_double(q, 6, r->correct);
    sqlite3_bind_int(q, 7, (int)r->kind);
    sqlite3_bind_double(q, 8, r->reward);
    mg_store_bind_text(q, 9, r->answer);
    MG_TRY(mg_store_run(s, q, &fresh, err));
    if (!fresh)
        MG_TRY(compare_rollout(s, r, err));
out:
    return st;
}

enum mg_status
mg_store_rollouts(struct mg_store *s, uint32_t phase, mg_rollout_taker *take, void *arg, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_store_sql(s, MG_SQL_ROLLOUTS);
    bool row;

    sqlite3_bind_int64(q, 1, phase);
    MG_TRY(mg_store_step(s, q, &row, err));
    while (row) {
        struct mg_rollout_row r = {0};

        MG_TRY(mg_store_key(s, q, 0, &r.key, err));
        MG_TRY(read_rollout(s, q, 4, &r, err));
        MG_TRY(take(arg, &r, err));
        MG_TRY(mg_store_step(s, q, &row, err));
    }
out:
    sqlite3_reset(q);
    return st;
}

static enum mg_status
get_phase(struct mg_store *s, uint32_t phase, bool *found, uint32_t *rollouts, uint32_t *subtasks, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_store_sql(s, MG_SQL_GET_PHASE);

    sqlite3_bind_int64(q, 1, phase);
    MG_TRY(mg_store_step(s, q, found, err));
    if (*found) {
        MG_TRY(mg_store_u32(s, q, 0, rollouts, err));
        MG_TRY(mg_store_u32(s, q, 1, subtasks, err));
    }
out:
    sqlite3_reset(q);
    return st;
}

enum mg_status
mg_store_close_phase(struct mg_store *s, uint32_t phase, uint32_t rollouts, uint32_t subtasks, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_store_sql(s, MG_SQL_PUT_PHASE);
    uint32_t old_rollouts = 0, old_subtasks = 0;
    bool fresh, found;

    sqlite3_bind_int64(q, 1, phase);
    sqlite3_bind_int64(q, 2, rollouts);
    sqlite3_bind_int64(q, 3, subtasks);
    MG_TRY(mg_store_run(s, q, &fresh, err));
    if (fresh)
        return MG_OK;
    MG_TRY(get_phase(s, phase, &found, &old_rollouts, &old_subtasks, err));
    MG_REQUIRE(found && old_rollouts == rollouts && old_subtasks == subtasks, MG_FAIL,
               "store %s: the end of phase %u diverged: %u rollouts and %u subtasks, now %u and %u", s->path, phase,
               old_rollouts, old_subtasks, rollouts, subtasks);
out:
    return st;
}

enum mg_status
mg_store_phase_closed(struct mg_store *s, uint32_t phase, bool *closed, uint32_t *subtasks, struct mg_err *err)
{
    uint32_t rollouts;

    return get_phase(s, phase, closed, &rollouts, subtasks, err);
}

enum mg_status
mg_store_put_note(struct mg_store *s, const struct mg_agent_note *n, struct mg_err *err)
{
    sqlite3_stmt *q = mg_store_sql(s, MG_SQL_PUT_NOTE);

    mg_store_bind_text(q, 1, mg_side_name(s->side));
    sqlite3_bind_int64(q, 2, n->phase);
    sqlite3_bind_int64(q, 3, n->version);
    sqlite3_bind_int64(q, 4, n->done);
    sqlite3_bind_int64(q, 5, n->total);
    sqlite3_bind_int(q, 6, n->training);
    sqlite3_bind_double(q, 7, n->tokens);
    sqlite3_bind_double(q, 8, n->reward);
    sqlite3_bind_double(q, 9, n->held_out);
    return mg_store_run(s, q, NULL, err);
}

/* SQLite keeps NaN as NULL. */
static double
real_or_nan(sqlite3_stmt *q, int column)
{
    return sqlite3_column_type(q, column) == SQLITE_NULL ? (double)NAN : sqlite3_column_double(q, column);
}

enum mg_status
mg_store_note(struct mg_store *s, enum mg_side side, struct mg_agent_note *n, bool *found, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *q = mg_store_sql(s, MG_SQL_GET_NOTE);

    *n = (struct mg_agent_note){.reward = (double)NAN, .held_out = (double)NAN};
    mg_store_bind_text(q, 1, mg_side_name(side));
    MG_TRY(mg_store_step(s, q, found, err));
    if (*found) {
        MG_TRY(mg_store_u32(s, q, 0, &n->phase, err));
        MG_TRY(mg_store_u32(s, q, 1, &n->version, err));
        MG_TRY(mg_store_u32(s, q, 2, &n->done, err));
        MG_TRY(mg_store_u32(s, q, 3, &n->total, err));
        MG_TRY(mg_store_bool(s, q, 4, &n->training, err));
        n->tokens = sqlite3_column_double(q, 5);
        n->reward = real_or_nan(q, 6);
        n->held_out = real_or_nan(q, 7);
    }
out:
    sqlite3_reset(q);
    return st;
}
