/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_REWARD_H
#define MGRPO_REWARD_H

#include "run/config.h"
#include "run/key.h"

struct mg_reward {
    enum mg_reward_kind kind;
    double value;
};

/* Of the root, M-GRPO eq. 4: format + correct * `correct`; INVALID if the format is. correct is 0 to 1, NaN if there is
 * no verdict. */
struct mg_reward mg_reward_root(const struct mg_reward_config *c, bool format, double correct);
/*
 * Of an agent that it called, eq. 5: format + correct * `correct` + expert * `expert`, where `correct` is the root's.
 * Where there is no verdict on the result itself (known false), the weight of the expert is shared out: format and
 * correct are scaled to the same total, 0.2 and 0.8 for the paper's 0.1, 0.4, 0.5; UNAVAILABLE if both are 0, since
 * there is then nothing to share it out to. correct and expert are 0 to 1, NaN if the judge failed.
 */
struct mg_reward mg_reward_sub(const struct mg_reward_config *c, bool format, double correct, bool known,
                               double expert);

#endif
