/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_LEARN_H
#define MGRPO_LEARN_H

#include "run/config.h"
#include "dialogue/trajectory.h"
#include "learn/batch_rows.h"

/* The learning rate of train step 0 .. steps - 1: up over lr_warmup steps, down to lr * lr_end at the last. Of a run
 * that was extended, the steps before keep theirs, and those behind have what they would have had in a run of as many
 * steps. */
double mg_learning_rate(const struct mg_config *c, uint32_t step);

/* The loss of a sampled token, without its weight. */
struct mg_loss_params mg_loss_params_of(const struct mg_config *c);

/* The frozen policy of the KL term: the agent's first model, in the storage of reference_type. NULL where kl_beta is 0. */
enum mg_status mg_reference_open(const struct mg_config *c, const struct mg_agent_config *agent, struct mg_policy **out,
                                 struct mg_err *err);

/* What an agent learnt in a train step, over all passes. */
struct mg_lesson_sums {
    struct mg_train_stats stats;
    double grad_norm; /* the largest, before it is clipped */
    uint32_t updates; /* steps of the optimiser */
};

/*
 * Trains an agent on the n trajectories of a train step, each with its weight and advantage: `epochs` passes over them, each
 * in `mini_batches` parts by question, with a step of the optimiser for each part. Token weights are by the objective, the
 * gradient in the order of the rows, then AdamW. As long as the weights are those that sampled the rows, a ratio other
 * than exactly 1 is MG_FAIL. The same rows give the same bits of weights. A part that has nothing to teach, all advantages
 * being 0, is no step: weights and optimiser stay. MG_END: mg_policy_step()'s, with the number of the step.
 *
 * reference: the frozen policy of the KL term; not read where kl_beta is 0.
 */
enum mg_status mg_learn(struct mg_policy *p, struct mg_policy *reference, const struct mg_config *c,
                        const struct mg_agent_config *agent, uint32_t step, const struct mg_trajectory *const *rows,
                        uint32_t n, struct mg_lesson_sums *sums, struct mg_err *err);

#endif
