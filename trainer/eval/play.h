/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_PLAY_H
#define MGRPO_PLAY_H

#include "rollout/rollout.h"

/*
 * Both agents in one process, the subtasks handed over in memory: for questions that are asked outside of a run. The
 * dialogues are those that two processes with a store would hold.
 */
struct mg_play;

struct mg_play_config {
    struct mg_policy *policy[MG_N_SIDES]; /* [MG_SIDE_SEARCH] is NULL where main has the tools itself */
    struct mg_rollout_part part[MG_N_SIDES];
    struct mg_rollout_limits limits[MG_N_SIDES];
    struct mg_tokenizer *tok;
    struct mg_tools *tools;
    uint64_t seed;
};
enum mg_status mg_play_create(const struct mg_play_config *config, struct mg_play **out, struct mg_err *err);
void mg_play_destroy(struct mg_play *p); /* accepts NULL */
void mg_play_begin(struct mg_play *p, const struct mg_sampling *how);
/* In the order of the keys; key->call is 0. */
enum mg_status mg_play_add(struct mg_play *p, const struct mg_key *key, const char *question, struct mg_err *err);
/* Until all dialogues are over; MG_STOP between two tokens if a stop is wanted. */
enum mg_status mg_play_run(struct mg_play *p, struct mg_err *err);
/* The dialogues of an agent, in the order of their keys after a run; NULL if there is no such agent. */
struct mg_rollouts *mg_play_rollouts(struct mg_play *p, enum mg_side side);

#endif
