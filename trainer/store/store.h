/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_STORE_H
#define MGRPO_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "question/verdict.h"
#include "run/key.h"

/*
 * What the agents of a run exchange (mgrpo-store(5)): a log of subtasks, results and rewards. Rows are keyed by what
 * they are about, written once, never changed: to write a row again has no effect if it is equal and is MG_FAIL,
 * "diverged", if it is not. So an agent that died and started again repeats its work, and the store checks it.
 *
 * Every function that writes is one act: all of it takes effect or nothing. More than MG_STORE_BATCH rows are several
 * acts, in the order of the rows. A store that is locked, full or out of reach is waited out: the act is repeated until
 * it succeeds, for MG_STORE_PATIENCE seconds at most. MG_STOP if a stop is wanted meanwhile. Texts are UTF-8.
 * One thread at a time uses a store.
 */
struct mg_store;

enum {
    MG_STORE_TEXT_MAX = 4096,   /* bytes of a text in a row */
    MG_STORE_VALUE_MAX = 65536, /* bytes of a value that all agree on */
    MG_STORE_NAME_MAX = 64,     /* bytes of an agent's name */
    MG_STORE_BATCH = 1024,      /* rows of one act */
    MG_STORE_PATIENCE = 600,    /* seconds */
    MG_STORE_LEASE = 30,        /* seconds */
    MG_STALENESS = 0            /* steps by which weights may lag behind those that asked for a subtask */
};

struct mg_store_place {
    /* redis://[USER@]HOST[:PORT][/DATABASE[/NAME]], or the path of a file, which is created if needed. */
    const char *address;
    const char *password_file; /* NULL or "": the password is that of the environment, MGRPO_REDIS_PASSWORD, if any */
    const char *holder;        /* where agents are held from: who comes from the same place takes one back at once */
    double patience;           /* seconds; 0: MG_STORE_PATIENCE */
    /* Told of an outage that lasts longer than two seconds, and of its end; NULL: nobody is. */
    void (*say)(void *arg, const char *sentence);
    void *arg;
};
enum mg_status mg_store_open(const struct mg_store_place *place, struct mg_store **out, struct mg_err *err);
void mg_store_close(struct mg_store *s); /* accepts NULL */

/*
 * What all agents of a run must have in common: the first to come says it. *other is NULL if the store has the same
 * value now, else what it has (the caller frees it).
 */
enum mg_status mg_store_agree(struct mg_store *s, const char *what, const char *value, char **other,
                              struct mg_err *err);

/*
 * Becomes the holder of an agent: its epoch is one more than that of the last holder; *first: there was none.
 * What a former holder still tries to write is MG_FAIL. A file's holders are settled outside, by a lock; on a server an
 * agent is leased for MG_STORE_LEASE seconds after each act, and MG_INPUT if somebody elsewhere keeps it longer than
 * that.
 */
enum mg_status mg_store_hold(struct mg_store *s, const char *agent, bool *first, struct mg_err *err);

/* Returns when all that was written so far would survive a power failure. Before: the last acts may be lost, each as a
 * whole and in order. For a holder. */
enum mg_status mg_store_durable(struct mg_store *s, struct mg_err *err);

/* Whether another process has written since the last call; true at first, and at times once too often. Costs
 * microseconds. */
enum mg_status mg_store_changed(struct mg_store *s, bool *changed, struct mg_err *err);

/* ---- Subtasks and results. Those that are read belong to the caller: arrays in the order of their writing, to which
 * is added; start from {0}. A cursor says how far they were read; start from 0. ---- */

struct mg_subtask {
    struct mg_key key;
    uint32_t version;  /* of the weights that asked */
    const char *agent; /* who is asked */
    const char *text;
};
struct mg_subtasks {
    struct mg_subtask *row;
    size_t n, room;
};
void mg_subtasks_free(struct mg_subtasks *t); /* leaves {0} */

/* The acknowledgement of a subtask. */
struct mg_result {
    struct mg_key key;
    bool format;               /* the dialogue was well formed */
    struct mg_verdict verdict; /* on the result itself */
    const char *text;          /* NULL: the dialogue gave none */
};
struct mg_results {
    struct mg_result *row;
    size_t n, room;
};
void mg_results_free(struct mg_results *r); /* leaves {0} */

/* For those who ask: writes n subtasks of a phase, then reads the results of the phase behind *cursor. */
enum mg_status mg_store_ask(struct mg_store *s, uint32_t phase, const struct mg_subtask *t, size_t n, int64_t *cursor,
                            struct mg_results *results, struct mg_err *err);

struct mg_phase_end {
    bool closed;       /* no further subtask of the phase can come */
    uint32_t subtasks; /* of the phase, asked of the agent so far */
};
/*
 * For the holder of an agent: writes n results, then claims the phase's subtasks of that agent behind *cursor that
 * weights of `version` may serve, up to the first that must wait for others; then tells whether the phase has ended. A
 * holder that starts from cursor 0 is given everything again.
 */
enum mg_status mg_store_serve(struct mg_store *s, uint32_t phase, uint32_t version, const struct mg_result *r, size_t n,
                              int64_t *cursor, struct mg_subtasks *claimed, struct mg_phase_end *end,
                              struct mg_err *err);

/* ---- Ends of rollouts and phases ---- */

struct mg_rollout_row {
    struct mg_key key; /* call is 0 */
    uint32_t calls;
    bool format;
    struct mg_verdict verdict; /* on the answer */
    enum mg_reward_kind kind;
    double reward;
    const char *answer; /* NULL: none */
};
struct mg_rollout_rows {
    struct mg_rollout_row *row;
    size_t n, room;
};
void mg_rollout_rows_free(struct mg_rollout_rows *r); /* leaves {0} */

/*
 * Ends a phase with its n rollouts, in the order of their keys, and so many subtasks of all agents: no more can come.
 * The phase is closed with the last of its rows; before, they are of use only to who hands them in.
 */
enum mg_status mg_store_hand_in(struct mg_store *s, uint32_t phase, const struct mg_rollout_row *r, size_t n,
                                uint32_t subtasks, struct mg_err *err);
/* The rollouts of a phase in the order of their keys; while it is not closed, those of a hand-in that was cut short. */
enum mg_status mg_store_rollouts(struct mg_store *s, uint32_t phase, bool *closed, struct mg_rollout_rows *out,
                                 struct mg_err *err);

/* ---- Progress of agents, for display only ---- */

struct mg_agent_note {
    uint32_t phase, version; /* the phase it is in; optimiser steps committed */
    uint32_t done, total;    /* dialogues of the phase */
    bool training;           /* rollouts are over */
    double tokens;           /* generated since the start */
    double reward;           /* mean of the last train step; NaN: none yet */
    double held_out;         /* success of the last evaluation as sampled; NaN: none yet */
};
/* Of the agent that is held. */
enum mg_status mg_store_put_note(struct mg_store *s, const struct mg_agent_note *n, struct mg_err *err);
/* *found is false if no such agent has told anything. */
enum mg_status mg_store_note(struct mg_store *s, const char *agent, struct mg_agent_note *n, bool *found,
                             struct mg_err *err);

#endif
