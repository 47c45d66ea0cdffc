/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_ROLLOUT_H
#define MGRPO_ROLLOUT_H

#include "dialogue/dialogue.h"
#include "policy/policy.h"
#include "run/key.h"
#include "tools/tools.h"

/*
 * Dialogues of one agent under one policy, by continuous batching: all dialogues that wait for a token go through one
 * forward, a dialogue that ends gives its place in the cache to the next one.
 *
 * A dialogue is a function of the weights and its key alone: not of which dialogues run beside it, nor of time.
 */
struct mg_rollouts;

/* Which turns an agent may write. */
enum mg_rules {
    MG_RULES_MAIN,   /* <user>: then sub or answer */
    MG_RULES_SEARCH, /* <task>: then search, open or answer */
    MG_RULES_SINGLE  /* <user>: then search, open or answer */
};
struct mg_rollout_limits {
    enum mg_rules rules;
    uint32_t turns;   /* of its own; the last one must be the answer */
    uint32_t new_max; /* tokens of a turn, its role and <end> included */
    uint32_t context; /* tokens of the dialogue */
    uint32_t slots;   /* dialogues at once; not more than the policy's */
};

enum mg_rollout_state {
    MG_ROLLOUT_QUEUED,  /* no place in the cache yet */
    MG_ROLLOUT_WRITING, /* wants a token */
    MG_ROLLOUT_WAITING, /* `task` is with the sub-agent */
    MG_ROLLOUT_DONE
};
/* Why a dialogue is not well formed; each is the agent's own doing. */
enum mg_fault {
    MG_FAULT_NONE,
    MG_FAULT_TURN,    /* a turn of the wrong kind, or malformed */
    MG_FAULT_LENGTH,  /* a turn too long */
    MG_FAULT_CONTEXT, /* the dialogue too long */
    MG_FAULT_TURNS    /* no answer in the last turn */
};
const char *mg_fault_name(enum mg_fault fault); /* "turn" */

struct mg_rollout {
    struct mg_key key;
    struct mg_dialogue d;
    enum mg_rollout_state state;
    enum mg_fault fault;
    char *opening;       /* the text of its first turn */
    char *task;          /* the last subtask, or NULL */
    char *answer;        /* NULL while or where there is none */
    uint32_t turns;      /* own turns ended */
    uint32_t calls;      /* subtasks, or uses of a tool */
    struct mg_hits hits; /* of its last search */
    uint32_t slot, fed;  /* its place in the cache, and the tokens already there */
    bool copies, lends;  /* its place is written, or read, by a fork of this tick */
    size_t drawn;        /* the feed of this tick behind which it draws */
    uint64_t draw;       /* what its draws are keyed by */
};

/* What happened, told from inside add, deliver and tick: state is MG_ROLLOUT_WAITING (a new task) or MG_ROLLOUT_DONE.
 */
typedef enum mg_status mg_rollout_event(void *arg, struct mg_rollout *r, struct mg_err *err);

struct mg_rollouts_config {
    struct mg_policy *policy;
    struct mg_tokenizer *tok;
    const struct mg_tools *tools; /* NULL for MG_RULES_MAIN */
    struct mg_rollout_limits limits;
    uint64_t seed; /* of the run and the agent */
    mg_rollout_event *event;
    void *arg;
};
enum mg_status mg_rollouts_create(const struct mg_rollouts_config *config, struct mg_rollouts **out,
                                  struct mg_err *err);
void mg_rollouts_destroy(struct mg_rollouts *b); /* accepts NULL */
/* Forgets all dialogues; the next ones are drawn by `how`. */
void mg_rollouts_begin(struct mg_rollouts *b, const struct mg_sampling *how);
/* A new dialogue; `opening` is the question or the subtask. An opening that fills the context ends it at once. */
enum mg_status mg_rollouts_add(struct mg_rollouts *b, const struct mg_key *key, const char *opening,
                               struct mg_err *err);
/* The result of the task that `r` waits for; NULL: the sub-agent gave none. */
enum mg_status mg_rollouts_deliver(struct mg_rollouts *b, struct mg_rollout *r, const char *result, struct mg_err *err);
/* One token for every dialogue that wants one; *busy is false if none does. */
enum mg_status mg_rollouts_tick(struct mg_rollouts *b, bool *busy, struct mg_err *err);

size_t mg_rollouts_count(const struct mg_rollouts *b);
size_t mg_rollouts_done(const struct mg_rollouts *b);
/* In the order of their adding; the pointer is good until the next begin. */
struct mg_rollout *mg_rollouts_get(struct mg_rollouts *b, size_t i);
/* The dialogue with a key, or NULL; for dialogues that were added in the order of their keys, or sorted. */
struct mg_rollout *mg_rollouts_find(struct mg_rollouts *b, const struct mg_key *key);
/* Puts the dialogues in the order of their keys: what is computed over them is then independent of time. */
void mg_rollouts_sort(struct mg_rollouts *b);
/* What the draws of an agent are keyed by in a run with a seed. */
uint64_t mg_side_seed(uint64_t seed, enum mg_side side);
/* Tokens sampled since the creation. */
uint64_t mg_rollouts_tokens(const struct mg_rollouts *b);

#endif
