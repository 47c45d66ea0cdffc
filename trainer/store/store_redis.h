/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_STORE_REDIS_H
#define MGRPO_STORE_REDIS_H

#include <hiredis/hiredis.h>

#include "store/store_engine.h"

/* Scripts: each is one act of the server, and begins with the fence. */
enum mg_script {
    MG_SCRIPT_BOOT,
    MG_SCRIPT_AGREE,
    MG_SCRIPT_HOLD,
    MG_SCRIPT_LEAVE,
    MG_SCRIPT_SYNC,
    MG_SCRIPT_ASK,
    MG_SCRIPT_SERVE,
    MG_SCRIPT_HAND_IN,
    MG_SCRIPT_ROLLOUTS,
    MG_SCRIPT_PUT_NOTE,
    MG_SCRIPT_NOTE,
    MG_N_SCRIPTS
};
const char *mg_script_text(enum mg_script which);

enum { MG_REDIS_SHA = 40, MG_REDIS_KEY = 192 };

struct mg_redis {
    struct mg_store store;
    char *host, *user, *password; /* the last two NULL: none */
    int port;
    unsigned database;
    char name[MG_STORE_NAME_MAX + 1];
    char *holder;
    redisContext *link;
    char sha[MG_N_SCRIPTS][MG_REDIS_SHA + 1]; /* "": the server is not known to have it */
    char server[MG_REDIS_SHA + 1];            /* the server's own name of this run of it */
    int64_t seen;                             /* acts of the store that this one knows of */
    bool always;                              /* a reply means that it is on the disk */
    double refused_since;                     /* when the agent was first found to be another's; 0: it is not */
    struct {
        redisContext *link; /* sleeps in a read, which another's act ends */
        int64_t last;       /* the last act heard of */
        double asked;       /* when, by the clock */
    } watch;
};

/* ---- The connection ---- */

struct mg_redis_args {
    const char **text;
    size_t *bytes;
    char (*number)[24]; /* of numbers written as text */
    size_t n, room, n_numbers;
};
/* Room for at most `room` arguments; the texts must outlive the call they are for. */
enum mg_status mg_redis_args_init(struct mg_redis_args *a, size_t room, struct mg_err *err);
void mg_redis_args_free(struct mg_redis_args *a);
void mg_redis_arg(struct mg_redis_args *a, const char *text);
void mg_redis_arg_number(struct mg_redis_args *a, int64_t number);

/* A command and its reply on an open connection, which a failure closes; a reply that is an error is a failure. */
enum mg_status mg_redis_call(struct mg_redis *r, redisContext **link, const struct mg_redis_args *a, redisReply **reply,
                             struct mg_err *err);
enum mg_status mg_redis_command(struct mg_redis *r, redisContext **link, redisReply **reply, struct mg_err *err,
                                const char *word, ...);
/* Connects if it is not connected: gives the password, chooses the database. *fresh: it was not. */
enum mg_status mg_redis_open(struct mg_redis *r, redisContext **link, bool *fresh, struct mg_err *err);
/* Sends without waiting for a reply; a reply that is there, else *reply is NULL. */
enum mg_status mg_redis_send(struct mg_redis *r, redisContext **link, const struct mg_redis_args *a,
                             struct mg_err *err);
enum mg_status mg_redis_receive(struct mg_redis *r, redisContext **link, redisReply **reply, struct mg_err *err);
void mg_redis_close(redisContext **link);
/* MG_FAIL to be waited out. */
enum mg_status mg_redis_outage(struct mg_redis *r, struct mg_err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* MG_INPUT: what the server says cannot have been written by this program. */
enum mg_status mg_redis_damaged(const struct mg_redis *r, struct mg_err *err, const char *what);

/* ---- Scripts ---- */

/* "mg:{name}:" and the rest. */
void mg_redis_key(const struct mg_redis *r, char out[MG_REDIS_KEY], const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Keys that a script touches; the first three are the fence's. */
enum { MG_REDIS_AGENTS = 64, MG_REDIS_KEYS = 8 + MG_REDIS_AGENTS };
/* One run of a script: what it is given, and what came back. Zeroed before the first call, freed after the last. */
struct mg_redis_act {
    char key[MG_REDIS_KEYS][MG_REDIS_KEY];
    size_t n_keys;
    struct mg_redis_args args;
    redisReply *reply;
    const char *word; /* the reply's first text, "" if it is a count of acts; its elements follow */
};
void mg_redis_act_free(struct mg_redis_act *a);
void mg_redis_fence(const struct mg_redis *r, const char *agent, struct mg_redis_act *a);
/* "what", or "what:phase". */
void mg_redis_add_key(const struct mg_redis *r, struct mg_redis_act *a, const char *what);
void mg_redis_add_phase_key(const struct mg_redis *r, struct mg_redis_act *a, const char *what, uint32_t phase);
/* Begins the arguments: the keys, those of the fence, and room for more. */
enum mg_status mg_redis_begin(struct mg_redis *r, struct mg_redis_act *a, size_t room, struct mg_err *err);
/*
 * Runs it on a connection whose server is checked. An act that was refused is a failure: the agent is another's, or
 * the store has lost what it held.
 */
enum mg_status mg_redis_run(struct mg_redis *r, enum mg_script which, struct mg_redis_act *a, struct mg_err *err);

/* ---- Rows as texts: fields end with a unit separator, the text comes last ---- */

enum { MG_REDIS_FIELDS = 256, MG_REDIS_ROW = MG_REDIS_FIELDS + MG_STORE_TEXT_MAX };
void mg_redis_pack_key(char out[MG_REDIS_FIELDS], const struct mg_key *key);
void mg_redis_pack_subtask(char out[MG_REDIS_ROW], const struct mg_subtask *t);
void mg_redis_pack_result(char out[MG_REDIS_ROW], const struct mg_result *r);
void mg_redis_pack_rollout(char out[MG_REDIS_ROW], const struct mg_rollout_row *r);
void mg_redis_pack_note(char out[MG_REDIS_ROW], const struct mg_agent_note *n);
/* Whether a reply is such a text. The texts in a row are those of the reply. */
bool mg_redis_unpack_key(const redisReply *e, uint32_t phase, struct mg_key *key);
bool mg_redis_unpack_subtask(redisReply *e, struct mg_subtask *t);
bool mg_redis_unpack_result(redisReply *e, struct mg_result *r);
bool mg_redis_unpack_rollout(redisReply *e, uint32_t phase, struct mg_rollout_row *r);
bool mg_redis_unpack_note(redisReply *e, struct mg_agent_note *n);
/* "rollouts,subtasks" of a closed phase; "": it is open. */
bool mg_redis_unpack_end(const redisReply *e, bool *closed, uint32_t counts[2]);

#endif
