/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_KEY_H
#define MGRPO_KEY_H

#include <stdbool.h>
#include <stdint.h>

enum { MG_MAX_AGENTS = 16, MG_AGENT_NAME_MAX = 31 };
/* 1 to MG_AGENT_NAME_MAX small letters, digits and "-", a letter first: it is also the name of a folder. */
bool mg_is_agent_name(const char *name);

/*
 * What a dialogue is about: the phase of the run, the question's number in it, the rollout of that question, and the
 * call of that rollout (0 for the agent that was asked the question).
 */
struct mg_key {
    uint32_t phase, question, rollout, call;
};

/*
 * A reward has three states. VALUE: a number. INVALID: the agent's own fault, 0. UNAVAILABLE: judge, tool or store
 * failed; the trajectory leaves its group and is counted: an infrastructure fault is never a policy's punishment.
 */
enum mg_reward_kind { MG_REWARD_VALUE, MG_REWARD_INVALID, MG_REWARD_UNAVAILABLE };

#endif
