/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_ADVANTAGE_H
#define MGRPO_ADVANTAGE_H

#include "run/config.h"

/*
 * Group-relative advantages of n rewards in n_groups groups (offsets[0] = 0 .. offsets[n_groups] = n), by the library's
 * operation on its device. weight may be NULL. M-GRPO eq. 9-13; a group of equal rewards gives exactly 0.
 */
enum mg_status mg_advantages(struct clgrpo_context *ctx, const struct mg_config *c, const float *reward,
                             const float *weight, uint32_t n, const int32_t *offsets, uint32_t n_groups,
                             float *advantage, struct mg_err *err);

#endif
