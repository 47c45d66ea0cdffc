/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_STORE_ENGINE_H
#define MGRPO_STORE_ENGINE_H

#include "store/store.h"

/* The first member of every engine's own struct. */
struct mg_store {
    const struct mg_store_engine *engine;
    char *address; /* for messages: without a password */
    double patience;
    void (*say)(void *arg, const char *sentence);
    void *arg;
    bool outage; /* set by the engine: the last failure is one to wait out */
    struct {
        double start; /* by the clock; 0: nothing is waited for */
        double pause; /* ms */
        bool said;
    } wait;
    bool holds;
    char agent[MG_STORE_NAME_MAX + 1]; /* while it holds */
    int64_t epoch;
};

/*
 * The verbs of an engine, one act each, tried once: a failure that is to be waited out sets `outage`. Whoever holds an
 * agent checks its epoch in the act, before anything is written. Rows were checked by the caller, and are at most
 * MG_STORE_BATCH; what is read is checked by the engine, and is at most MG_STORE_BATCH rows, so that the caller asks
 * again where it got as many.
 */
/* `create` makes the store of an address, `connect` opens it and may be tried again; `destroy` takes any state. */
typedef enum mg_status mg_create_verb(const struct mg_store_place *place, struct mg_store **out, struct mg_err *err);
typedef enum mg_status mg_connect_verb(struct mg_store *s, struct mg_err *err);
typedef void mg_destroy_verb(struct mg_store *s);
typedef enum mg_status mg_agree_verb(struct mg_store *s, const char *what, const char *value, char **other,
                                     struct mg_err *err);
typedef enum mg_status mg_hold_verb(struct mg_store *s, const char *agent, int64_t *epoch, struct mg_err *err);
typedef enum mg_status mg_durable_verb(struct mg_store *s, struct mg_err *err);
typedef enum mg_status mg_changed_verb(struct mg_store *s, bool *changed, struct mg_err *err);
typedef enum mg_status mg_ask_verb(struct mg_store *s, uint32_t phase, const struct mg_subtask *t, size_t n,
                                   int64_t *cursor, struct mg_results *out, struct mg_err *err);
typedef enum mg_status mg_serve_verb(struct mg_store *s, uint32_t phase, uint32_t version, const struct mg_result *r,
                                     size_t n, int64_t *cursor, struct mg_subtasks *out, struct mg_phase_end *end,
                                     struct mg_err *err);
/* The phase's rows from number `from` on; closes it with from + n rollouts if these are the last. */
typedef enum mg_status mg_hand_in_verb(struct mg_store *s, uint32_t phase, size_t from, const struct mg_rollout_row *r,
                                       size_t n, bool last, uint32_t subtasks, struct mg_err *err);
/* *closed: whether the phase is, and with how many; its rows from number `from` on, in the order of their keys. */
typedef enum mg_status mg_rollouts_verb(struct mg_store *s, uint32_t phase, size_t from, struct mg_rollout_rows *out,
                                        bool *closed, uint32_t *rollouts, struct mg_err *err);
typedef enum mg_status mg_put_note_verb(struct mg_store *s, const struct mg_agent_note *n, struct mg_err *err);
typedef enum mg_status mg_note_verb(struct mg_store *s, const char *agent, struct mg_agent_note *n, bool *found,
                                    struct mg_err *err);

struct mg_store_engine {
    const char *name;
    mg_create_verb *create;
    mg_connect_verb *connect;
    mg_destroy_verb *destroy;
    mg_agree_verb *agree;
    mg_hold_verb *hold;
    mg_durable_verb *durable;
    mg_changed_verb *changed;
    mg_ask_verb *ask;
    mg_serve_verb *serve;
    mg_hand_in_verb *hand_in;
    mg_rollouts_verb *rollouts;
    mg_put_note_verb *put_note;
    mg_note_verb *note;
};
/* The table of an engine, whose functions are mg_ENGINE_create and so on. */
#define MG_STORE_ENGINE(engine)                                                                                        \
    {                                                                                                                  \
        .name = #engine, .create = mg_##engine##_create, .connect = mg_##engine##_connect,                             \
        .destroy = mg_##engine##_destroy, .agree = mg_##engine##_agree, .hold = mg_##engine##_hold,                    \
        .durable = mg_##engine##_durable, .changed = mg_##engine##_changed, .ask = mg_##engine##_ask,                  \
        .serve = mg_##engine##_serve, .hand_in = mg_##engine##_hand_in, .rollouts = mg_##engine##_rollouts,            \
        .put_note = mg_##engine##_put_note, .note = mg_##engine##_note                                                 \
    }
extern const struct mg_store_engine mg_store_sqlite, mg_store_redis;
mg_create_verb mg_sqlite_create, mg_redis_create;
mg_connect_verb mg_sqlite_connect, mg_redis_connect;
mg_destroy_verb mg_sqlite_destroy, mg_redis_destroy;
mg_agree_verb mg_sqlite_agree, mg_redis_agree;
mg_hold_verb mg_sqlite_hold, mg_redis_hold;
mg_durable_verb mg_sqlite_durable, mg_redis_durable;
mg_changed_verb mg_sqlite_changed, mg_redis_changed;
mg_ask_verb mg_sqlite_ask, mg_redis_ask;
mg_serve_verb mg_sqlite_serve, mg_redis_serve;
mg_hand_in_verb mg_sqlite_hand_in, mg_redis_hand_in;
mg_rollouts_verb mg_sqlite_rollouts, mg_redis_rollouts;
mg_put_note_verb mg_sqlite_put_note, mg_redis_put_note;
mg_note_verb mg_sqlite_note, mg_redis_note;

/* ---- Waiting ---- */

/* Whether an act that ended with *st is to be tried again: after an outage, and a pause. */
bool mg_store_again(struct mg_store *s, enum mg_status *st, struct mg_err *err);
/* For an engine that waits inside an act, since `start`: says so once it is long. */
void mg_store_waits(struct mg_store *s, double start, const char *why);

/* ---- Rows ---- */

/* Adds a row with copies of its texts. */
enum mg_status mg_subtasks_add(struct mg_subtasks *t, const struct mg_subtask *row, struct mg_err *err);
enum mg_status mg_results_add(struct mg_results *r, const struct mg_result *row, struct mg_err *err);
enum mg_status mg_rollout_rows_add(struct mg_rollout_rows *r, const struct mg_rollout_row *row, struct mg_err *err);
/* Forgets the rows from n on. */
void mg_subtasks_cut(struct mg_subtasks *t, size_t n);
void mg_results_cut(struct mg_results *r, size_t n);
void mg_rollout_rows_cut(struct mg_rollout_rows *r, size_t n);

/* Whether a row may be written: MG_INPUT otherwise. */
enum mg_status mg_subtask_check(const struct mg_subtask *t, uint32_t phase, struct mg_err *err);
enum mg_status mg_result_check(const struct mg_result *r, uint32_t phase, struct mg_err *err);
enum mg_status mg_rollout_row_check(const struct mg_rollout_row *r, uint32_t phase, struct mg_err *err);
/* 1 to MG_STORE_NAME_MAX of the characters A-Z a-z 0-9 . _ - */
bool mg_store_name_valid(const char *name);
/* Whether a weight's version may serve a subtask that was asked for with weights of version `asked`. */
bool mg_store_serves(uint32_t version, uint32_t asked);

/* MG_OK if the row that is there says the same, else MG_FAIL with both. */
enum mg_status mg_subtask_compare(const struct mg_store *s, const struct mg_subtask *there, const struct mg_subtask *t,
                                  struct mg_err *err);
enum mg_status mg_result_compare(const struct mg_store *s, const struct mg_result *there, const struct mg_result *r,
                                 struct mg_err *err);
enum mg_status mg_rollout_row_compare(const struct mg_store *s, const struct mg_rollout_row *there,
                                      const struct mg_rollout_row *r, struct mg_err *err);
enum mg_status mg_phase_compare(const struct mg_store *s, uint32_t phase, const uint32_t there[2],
                                const uint32_t now[2], struct mg_err *err);
/* MG_FAIL: another process holds the agent, with a newer epoch. */
enum mg_status mg_store_fenced(const struct mg_store *s, int64_t epoch, struct mg_err *err);

#endif
