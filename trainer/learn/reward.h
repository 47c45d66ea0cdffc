/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_REWARD_H
#define MGRPO_REWARD_H

#include "run/config.h"
#include "run/key.h"

struct mg_reward {
    enum mg_reward_kind kind;
    double value;
};

/* M-GRPO eq. 4: main_format + main_correct * correct; INVALID if the format is. correct is 0 to 1, NaN if there is no
 * verdict. */
struct mg_reward mg_reward_main(const struct mg_reward_config *c, bool format, double correct);
/*
 * Eq. 5: sub_format + sub_main * correct + sub_expert * expert. Where there is no verdict on the result itself (known
 * false), the weight of the expert and the correctness become those of the paper without an expert: sub_format and
 * sub_main are scaled to the same total, 0.2 and 0.8 for the default 0.1, 0.4, 0.5; UNAVAILABLE if both are 0, since
 * there is then nothing to share it out to. correct and expert are 0 to 1, NaN if the judge failed.
 */
struct mg_reward mg_reward_sub(const struct mg_reward_config *c, bool format, double correct, bool known,
                               double expert);

#endif
