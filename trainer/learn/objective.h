/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_OBJECTIVE_H
#define MGRPO_OBJECTIVE_H

#include "run/config.h"
#include "policy/policy.h"

/*
 * What an objective is, beyond its clip bounds, is the weight of a token in the loss (mgrpo-objectives(7)). With w the
 * alignment weight of a trajectory, n its sampled tokens, sums over the trajectories of the step:
 *
 *   dapo      w / sum(w n)                 all tokens of the step alike (arXiv 2503.14476)
 *   mrlx      w / (n sum(w))               mean over the tokens of a trajectory, then over trajectories
 *   dr-grpo   w / (sum(w) new_max)         a constant: no trajectory's length matters (arXiv 2503.20783)
 *
 * Weights depend on the whole step, never on how it is cut into micro-batches.
 */
struct mg_step_sums {
    double weight, weighted_tokens; /* sum(w), sum(w n) */
    double new_max;                 /* dr-grpo: the most tokens that a dialogue can sample */
};
/* Weight of each sampled token of a trajectory of n of them and alignment weight w; 0 if the sums are. */
double mg_objective_weight(enum mg_objective objective, const struct mg_step_sums *sums, double w, uint32_t n);
struct mg_objective_params mg_objective_params(const struct mg_config *c);

#endif
