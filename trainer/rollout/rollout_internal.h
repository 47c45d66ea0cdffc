/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_ROLLOUT_INTERNAL_H
#define MGRPO_ROLLOUT_INTERNAL_H

#include "rollout/rollout.h"

struct mg_rollouts {
    struct mg_rollouts_config config;
    struct mg_format *format;
    size_t *tool; /* of each that the agent may use, its number in config.tools */
    struct mg_sampling how;
    struct mg_tool_log *log; /* borrowed; may be NULL */
    uint32_t extra;          /* phases that draws leave out */
    struct mg_rollout **all; /* n of them, in the order of their adding */
    size_t n, room, n_admitted, n_done;
    struct mg_rollout **active; /* those with a slot: n_active of limits.slots */
    size_t n_active;
    size_t n_calling;            /* of the active ones, those that wait for a tool */
    struct mg_rollout **writing; /* of the active ones, by their tokens */
    struct mg_fork *fork;
    uint32_t *free_slot;
    size_t n_free;
    struct mg_feed *feed; /* of one tick, with what was drawn after each */
    int32_t *token;
    float *logprob;
    size_t feed_room;
    uint64_t tokens;
};

/* Before slots are reassigned: dialogues that have diverged copy the prefix that they share with others. */
enum mg_status mg_rollouts_fork(struct mg_rollouts *b, struct mg_err *err);
/* The tokens that the cache lacks, of all dialogues that want one more: *n_feeds in b->feed. */
enum mg_status mg_rollouts_gather(struct mg_rollouts *b, size_t *n_feeds, struct mg_err *err);

/* The rules: what an agent may write, and what follows. All may end the dialogue. */
enum mg_status mg_rollout_open(struct mg_rollouts *b, struct mg_rollout *r, struct mg_err *err);
/* `from`: the tool or the agent whose result it is. */
enum mg_status mg_rollout_result(struct mg_rollouts *b, struct mg_rollout *r, const char *from, const char *result,
                                 struct mg_err *err);
enum mg_status mg_rollout_fail(struct mg_rollouts *b, struct mg_rollout *r, const char *kind, const char *name,
                               const char *why, struct mg_err *err);
enum mg_status mg_rollout_token(struct mg_rollouts *b, struct mg_rollout *r, int32_t token, float logprob,
                                struct mg_err *err);
/* Takes the results of tools that are there. */
enum mg_status mg_rollouts_collect(struct mg_rollouts *b, struct mg_err *err);

#endif
