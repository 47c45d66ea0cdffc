/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_STORE_H
#define MGRPO_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "run/key.h"

/*
 * The one place where agents meet (mgrpo-store(5)): a log of subtasks, results and rewards in SQLite. Rows are keyed by
 * what they are about, written once, never changed: to write a row again is free if it says the same and MG_FAIL,
 * "diverged", if it does not. So an agent that died and started again repeats its work, and the store checks it.
 *
 * A store that is locked, full or out of reach is waited out: the transaction runs again until it succeeds, for
 * MG_STORE_PATIENCE seconds at most. One thread at a time uses a store.
 */
struct mg_store;

enum {
    MG_STORE_TEXT_MAX = 4096, /* bytes of any text in it */
    MG_STORE_PATIENCE = 600,  /* seconds */
    MG_STALENESS = 0          /* steps by which weights may lag behind those that asked for a subtask */
};

/*
 * Creates the file if needed. `run` names the configuration (any text of up to 128 bytes): a store of another run is
 * MG_INPUT.
 */
enum mg_status mg_store_open(const char *path, const char *run, struct mg_store **out, struct mg_err *err);
void mg_store_close(struct mg_store *s); /* accepts NULL */

/*
 * Becomes the holder of a role: its epoch is one more than that of the last holder, whose claims are void from now on.
 * What a former holder still tries to write is MG_FAIL. Who may hold a role is settled outside, by a lock.
 */
enum mg_status mg_store_hold(struct mg_store *s, enum mg_side side, struct mg_err *err);

/*
 * Runs `body` in one transaction, again from the start after an outage: `body` must begin by forgetting what an earlier
 * run of it left in memory. All functions below are called inside a body. With `write`, the epoch is checked first.
 */
typedef enum mg_status mg_store_body(struct mg_store *s, void *arg, struct mg_err *err);
enum mg_status mg_store_transact(struct mg_store *s, bool write, mg_store_body *body, void *arg, struct mg_err *err);

/*
 * While on, a transaction that writes returns when it, and all before it, would survive a power failure. Off at first:
 * then the last ones may be lost, as a whole and in order.
 */
enum mg_status mg_store_durable(struct mg_store *s, bool on, struct mg_err *err);

/* Whether another process has written since the last call; true at first. Costs microseconds. */
enum mg_status mg_store_changed(struct mg_store *s, bool *changed, struct mg_err *err);

/* ---- Subtasks and results: rows arrive in the order of `seq`, which only grows. Texts live until the call returns.
 * ---- */

struct mg_subtask {
    struct mg_key key;
    uint32_t version; /* of the weights that asked */
    const char *text;
};
enum mg_status mg_store_put_subtask(struct mg_store *s, const struct mg_subtask *t, struct mg_err *err);
/* Claims all subtasks of a phase that this holder has not claimed yet and may serve with weights of `version`. */
typedef enum mg_status mg_subtask_taker(void *arg, const struct mg_subtask *t, struct mg_err *err);
enum mg_status mg_store_claim(struct mg_store *s, uint32_t phase, uint32_t version, mg_subtask_taker *take, void *arg,
                              struct mg_err *err);

/* The acknowledgement of a subtask. */
struct mg_result {
    struct mg_key key;
    bool format;      /* the dialogue was well formed */
    bool known;       /* there is a verdict on the result itself */
    double expert;    /* that verdict, 0 to 1 */
    const char *text; /* NULL: the dialogue gave none */
};
enum mg_status mg_store_put_result(struct mg_store *s, const struct mg_result *r, struct mg_err *err);
/* Gives the results of a phase with seq > *cursor and moves the cursor. */
typedef enum mg_status mg_result_taker(void *arg, const struct mg_result *r, struct mg_err *err);
enum mg_status mg_store_results(struct mg_store *s, uint32_t phase, int64_t *cursor, mg_result_taker *take, void *arg,
                                struct mg_err *err);

/* ---- Ends of rollouts and phases ---- */

struct mg_rollout_row {
    struct mg_key key; /* call is 0 */
    uint32_t calls;
    bool format;
    double correct, reward;
    enum mg_reward_kind kind;
    const char *answer; /* NULL: none */
};
enum mg_status mg_store_put_rollout(struct mg_store *s, const struct mg_rollout_row *r, struct mg_err *err);
typedef enum mg_status mg_rollout_taker(void *arg, const struct mg_rollout_row *r, struct mg_err *err);
enum mg_status mg_store_rollouts(struct mg_store *s, uint32_t phase, mg_rollout_taker *take, void *arg,
                                 struct mg_err *err);
/* After this no subtask of the phase can come. */
enum mg_status mg_store_close_phase(struct mg_store *s, uint32_t phase, uint32_t rollouts, uint32_t subtasks,
                                    struct mg_err *err);
enum mg_status mg_store_phase_closed(struct mg_store *s, uint32_t phase, bool *closed, uint32_t *subtasks,
                                     struct mg_err *err);

/* ---- What agents tell of themselves, for the eyes only ---- */

struct mg_agent_note {
    uint32_t phase, version; /* the phase it is in; optimiser steps committed */
    uint32_t done, total;    /* dialogues of the phase */
    bool training;           /* rollouts are over */
    double tokens;           /* generated since the start */
    double reward;           /* mean of the last train step; NaN: none yet */
    double held_out;         /* success of the last evaluation as sampled; NaN: none yet */
};
enum mg_status mg_store_put_note(struct mg_store *s, const struct mg_agent_note *n, struct mg_err *err);
/* *found is false if no such agent has told anything. */
enum mg_status mg_store_note(struct mg_store *s, enum mg_side side, struct mg_agent_note *n, bool *found,
                             struct mg_err *err);

#endif
