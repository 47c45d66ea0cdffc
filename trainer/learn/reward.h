/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_REWARD_H
#define MGRPO_REWARD_H

#include "question/verdict.h"
#include "run/config.h"
#include "run/key.h"

enum mg_reward_part { MG_PART_FORMAT, MG_PART_CORRECT, MG_PART_EXPERT, MG_PART_LENGTH, MG_N_PARTS };
struct mg_reward {
    enum mg_reward_kind kind;
    double value;
    double part[MG_N_PARTS]; /* what it is the sum of */
};

/* The soft punishment of length, arXiv 2503.14476, eq. 13, of a dialogue of `tokens`: 0 up to context - overlong_tokens
 * of them, and from there in a straight line to -overlong_penalty at the context. It is added to a reward that is a
 * value. */
void mg_reward_add_length(struct mg_reward *reward, const struct mg_agent_config *agent, uint32_t tokens);

/* Of the root, M-GRPO eq. 4: format + correct * answer; INVALID if the format is, UNAVAILABLE if the verdict on its
 * answer is not a value: there is nothing else to tell its rollouts apart by. */
struct mg_reward mg_reward_root(const struct mg_reward_config *c, bool format, const struct mg_verdict *answer);
/*
 * Of an agent that it called, eq. 5: format + correct * answer + expert * result, where `answer` is the verdict on the
 * root's. Where that on the result itself is UNKNOWN, the weight of the expert is shared out: format and correct are
 * scaled to the same total, 0.2 and 0.8 for the paper's 0.1, 0.4, 0.5; UNAVAILABLE if both are 0, since there is then
 * nothing to share it out to, and where a judge failed.
 */
struct mg_reward mg_reward_sub(const struct mg_reward_config *c, bool format, const struct mg_verdict *answer,
                               const struct mg_verdict *result);

#endif
