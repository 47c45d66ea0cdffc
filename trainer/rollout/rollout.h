/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_ROLLOUT_H
#define MGRPO_ROLLOUT_H

#include "dialogue/format.h"
#include "policy/policy.h"
#include "rollout/tool_log.h"

/*
 * Dialogues of one agent under one policy, by continuous batching: all dialogues that wait for a token go through one
 * forward, a dialogue that ends leaves its slot of the KV cache to the next one.
 *
 * A dialogue is a function of the weights and its key alone: not of which dialogues run beside it, nor of time.
 */
struct mg_rollouts;

/* What an agent may call; the names outlive the rollouts. */
struct mg_rollout_part {
    const char *format;        /* mg_format_spec says which there are */
    bool root;                 /* it is asked the question; the others are given subtasks */
    const char *const *agents; /* n_agents whom it may give subtasks */
    const char *const *tools;  /* n_tools that it may use */
    size_t n_agents, n_tools;
};
struct mg_rollout_limits {
    uint32_t turns;   /* of its own; the last one must be the answer */
    uint32_t new_max; /* tokens of a turn, with all that the format makes the agent write */
    uint32_t context; /* tokens of the dialogue */
    uint32_t slots;   /* dialogues at once; not more than the policy's */
};

enum mg_rollout_state {
    MG_ROLLOUT_QUEUED,  /* has no slot of the KV cache yet */
    MG_ROLLOUT_WRITING, /* wants a token */
    MG_ROLLOUT_WAITING, /* `task` is with the sub-agent `callee` */
    MG_ROLLOUT_CALLING, /* a tool is at work */
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
    struct mg_trajectory t;
    enum mg_rollout_state state;
    enum mg_fault fault;
    char *unavailable;               /* why it ended through no fault of its own; NULL: it did not */
    const char *failed[2];           /* what failed it: "tool", "agent" or "question", and its name */
    const char *question;            /* the question that it is about, for people */
    char *opening;                   /* the question or the subtask */
    const char *callee;              /* whom it asked last */
    char *task;                      /* and what, or NULL */
    char *answer;                    /* NULL while or where there is none */
    bool judged;                     /* the verdict is there */
    uint32_t turns;                  /* own turns ended */
    uint32_t calls;                  /* of agents and tools */
    size_t callable;                 /* what its last call was of */
    char *arguments;                 /* of its last call of a tool, or NULL */
    struct mg_tool_session *session; /* from its first use of a tool to its end */
    struct mg_tool_call *call;       /* of MG_ROLLOUT_CALLING */
    uint32_t slot, fed;              /* its slot of the KV cache, and the tokens already in it */
    bool copies, lends;              /* its slot is written, or read, by a fork of this tick */
    size_t drawn;                    /* the feed of this tick behind which it draws */
    uint64_t draw;                   /* what its draws are keyed by */
};

/* What happened, told from inside add, deliver and tick: state is MG_ROLLOUT_WAITING (a new task) or
 * MG_ROLLOUT_DONE. */
typedef enum mg_status mg_rollout_event(void *arg, struct mg_rollout *r, struct mg_err *err);

struct mg_rollouts_config {
    struct mg_policy *policy;
    struct mg_tokenizer *tok;
    struct mg_rollout_part part;
    struct mg_tools *tools; /* with those of `part`; may be NULL where it has none */
    struct mg_rollout_limits limits;
    bool no_wait;  /* a tick never waits for tools: whoever ticks has other agents to tick */
    uint64_t seed; /* of the run and the agent */
    mg_rollout_event *event;
    void *arg;
};
enum mg_status mg_rollouts_create(const struct mg_rollouts_config *config, struct mg_rollouts **out,
                                  struct mg_err *err);
void mg_rollouts_destroy(struct mg_rollouts *b); /* accepts NULL */
/* Forgets all dialogues; the next ones are drawn by `how`. What tools gave that vary is taken from `log` and added to
 * it; NULL: it is asked for each time, and not kept. */
void mg_rollouts_begin(struct mg_rollouts *b, const struct mg_sampling *how, struct mg_tool_log *log);
/* What follows is drawn as in a phase with so many fewer before it. */
void mg_rollouts_leave_out(struct mg_rollouts *b, uint32_t extra);
/* A new dialogue; `question` names what it is about and outlives it, `opening` is the question or the subtask. What
 * cannot be read, and a question too long for the context, ends it at once as unavailable. */
enum mg_status mg_rollouts_add(struct mg_rollouts *b, const struct mg_key *key, const char *question,
                               const char *opening, struct mg_err *err);
/* The result of the task that `r` waits for; NULL: the sub-agent gave none. */
enum mg_status mg_rollouts_deliver(struct mg_rollouts *b, struct mg_rollout *r, const char *result, struct mg_err *err);
/* Ends a dialogue that waits, without a fault of its own: the agent that it waits for failed. */
enum mg_status mg_rollouts_fail(struct mg_rollouts *b, struct mg_rollout *r, struct mg_err *err);
/* One token for every dialogue that wants one. *busy is false if none does and no tool is at work; where only tools
 * are, it waits for them a little, unless `no_wait`. */
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
uint64_t mg_agent_seed(uint64_t seed, uint32_t agent);
/* Tokens sampled since the creation. */
uint64_t mg_rollouts_tokens(const struct mg_rollouts *b);

#endif
