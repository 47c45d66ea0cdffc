/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_PLAY_H
#define MGRPO_PLAY_H

#include "rollout/judging.h"

/*
 * All agents in one process, the subtasks handed over in memory: for questions that are asked outside of a run. The
 * dialogues are the same as those of a run, where each agent is a process and subtasks go through the store.
 */
struct mg_play;

struct mg_play_config {
    uint32_t n_agents; /* agent 0 is the root */
    const char *name[MG_MAX_AGENTS];
    struct mg_policy *policy[MG_MAX_AGENTS];
    struct mg_rollout_part part[MG_MAX_AGENTS];
    struct mg_rollout_limits limits[MG_MAX_AGENTS];
    struct mg_tokenizer *tok;
    struct mg_tools *tools;
    struct mg_judging *judging; /* NULL: nothing is judged */
    uint64_t seed;
};
enum mg_status mg_play_create(const struct mg_play_config *config, struct mg_play **out, struct mg_err *err);
void mg_play_destroy(struct mg_play *p); /* accepts NULL */
void mg_play_begin(struct mg_play *p, const struct mg_sampling *how);
/* In the order of the keys; key->call is 0. `asked`: the question in its file, by which the answer is
 * judged; NULL: it has none there, and is not judged. */
enum mg_status mg_play_add(struct mg_play *p, const struct mg_key *key, const char *question,
                           const struct mg_asked *asked, struct mg_err *err);
/* Until all dialogues are over and judged; MG_STOP between two tokens if a stop is wanted. */
enum mg_status mg_play_run(struct mg_play *p, struct mg_err *err);
/* The dialogues of an agent, in the order of their keys after a run. */
struct mg_rollouts *mg_play_rollouts(struct mg_play *p, uint32_t agent);

#endif
