/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_LEARN_H
#define MGRPO_LEARN_H

#include "run/config.h"
#include "dialogue/trajectory.h"
#include "policy/policy.h"

/* The learning rate of train step 0 .. steps - 1: up over lr_warmup steps, down to lr * lr_end at the last. Of a run
 * that was extended, the steps before keep theirs, and those behind have what they would have had in a run of as many
 * steps. */
double mg_learning_rate(const struct mg_config *c, uint32_t step);

/* The loss of a sampled token, without its weight. */
struct mg_loss_params mg_loss_params_of(const struct mg_config *c);

/*
 * One optimiser step of an agent over the n trajectories of a train step, each with its weight and advantage: token
 * weights by the objective, gradient in the order of the rows, AdamW. The rows are on-policy: a ratio other than
 * exactly 1 is MG_FAIL. The same rows give the same bits of weights. Rows that have nothing to teach, all advantages
 * being 0, are no step: weights and optimiser stay. MG_END: mg_policy_step()'s, with the number of the step.
 */
enum mg_status mg_learn(struct mg_policy *p, const struct mg_config *c, const struct mg_agent_config *agent,
                        uint32_t step, const struct mg_trajectory *const *rows, uint32_t n,
                        struct mg_train_stats *stats, double *grad_norm, struct mg_err *err);

#endif
