/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_ALIGN_H
#define MGRPO_ALIGN_H

#include "run/config.h"

/*
 * Trajectory alignment (M-GRPO section 3): every rollout weighs as if it had exactly `calls` (d) sub-trajectories.
 *
 * EXPECT gives each of a rollout's n sub-trajectories the weight d / n, the expected number of copies. DRAW gives the
 * number of copies that a draw with replacement (n < d) or without (n > d) made. COPY is DRAW with the copies as rows
 * of their own: the caller repeats a row weight times at weight 1. NONE aligns nothing: each weighs 1, and a rollout as
 * much as it has sub-trajectories. n = 0: nothing; the rollout is left out of the sub
 * group. Draws are keyed by (seed, step, question, rollout): any process can repeat them.
 */
void mg_align(enum mg_alignment mode, uint32_t calls, uint64_t seed, uint32_t step, uint32_t question, uint32_t rollout,
              uint32_t n, float *weight);

#endif
