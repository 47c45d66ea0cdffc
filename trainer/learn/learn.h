/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_LEARN_H
#define MGRPO_LEARN_H

#include "run/config.h"
#include "policy/policy.h"

/* A trajectory with its advantage, as it was drawn or as it was logged. */
struct mg_learn_row {
    const int32_t *ids;
    const uint8_t *mask;  /* 1: sampled by the agent */
    const float *logprob; /* the sampler's, where mask is 1 */
    uint32_t len;
    float weight, advantage; /* alignment weight */
};

/* The learning rate of train step 0 .. steps - 1: up over lr_warmup steps, down to lr * lr_end at the last. */
double mg_learning_rate(const struct mg_config *c, uint32_t step);

/*
 * One optimiser step of an agent over the rows of a train step, in their order: token weights by the objective,
 * gradient, AdamW. The rows are on-policy: a ratio other than exactly 1 is MG_FAIL. A function of its arguments: the
 * same rows give the same bits of weights.
 */
enum mg_status mg_learn(struct mg_policy *p, const struct mg_config *c, bool main_agent, uint32_t step,
                        const struct mg_learn_row *rows, uint32_t n, struct mg_train_stats *stats, double *grad_norm,
                        struct mg_err *err);

#endif
