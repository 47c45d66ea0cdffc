/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_SFT_H
#define MGRPO_SFT_H

#include "learn/demo_file.h"
#include "policy/policy.h"

/*
 * Supervised fine-tuning on demonstrations: the warm start. The loss of a batch is the weighted mean of -log p over its
 * tokens, weight 1 on the agent's own turns and context_weight on what it reads. Batches are packed, whole
 * demonstrations of a shuffled window in a fixed order, so two runs give the same bits.
 */
struct mg_sft_config {
    uint64_t seed;
    double tokens;         /* budget, all tokens that go through the model */
    uint32_t batch_tokens; /* per optimiser step */
    uint32_t max_len;
    float context_weight;
    float lr; /* peak; warm-up over 100 steps, then linear to lr_end times it at the end of the budget */
    float lr_end;
    float weight_decay;
};

struct mg_sft_progress {
    double tokens, seconds, loss; /* loss: mean -log p of own tokens over the last batches */
    uint64_t steps, epochs;
};
/* Called after every step; MG_STOP ends the run early and is not an error. */
typedef enum mg_status mg_sft_watch(void *arg, const struct mg_sft_progress *now);

/* A batch in which nothing has a weight is no step. MG_INPUT: none of the first demonstrations, some thousand, has a
 * turn of the agent's own; mg_sft_score(): none at all has. */
enum mg_status mg_sft_run(struct mg_policy *p, struct mg_demo_file *demos, const struct mg_sft_config *config,
                          mg_sft_watch *watch, void *arg, struct mg_sft_progress *done, struct mg_err *err);

/* Teacher-forced exactness: the share of demonstrations, and of own turns by role, in which every token of the agent is
 * the arg-max. */
struct mg_sft_scores {
    uint32_t n, exact;
    uint32_t turns[MG_N_ROLES], turns_exact[MG_N_ROLES];
    double own_tokens, own_logprob; /* sum over own tokens */
};
enum mg_status mg_sft_score(struct mg_policy *p, struct mg_demo_file *demos, uint32_t max_len, uint32_t count,
                            struct mg_sft_scores *out, struct mg_err *err);

#endif
