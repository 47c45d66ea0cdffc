/* SPDX-License-Identifier: Apache-2.0 */
/* Batches of tokens for the policy loss, on the host. */
#ifndef CLGRPO_TESTS_POLICY_LOSS_CASE_H
#define CLGRPO_TESTS_POLICY_LOSS_CASE_H

#include "fixture.h"
#include "ref_policy_loss.h"

struct policy_batch {
    size_t n, n_rows;
    float *logprob, *old_logprob, *sampled_logprob, *ref_logprob, *advantage, *weight;
    size_t n_stats;                         /* 0: all */
    int32_t *offsets;                       /* [n_rows + 1], or NULL */
    struct clgrpo_policy_loss_args options; /* all but the tensors */
};

/* Ratios on both sides of both clips, advantages of both signs, every fifth token masked; one row. */
struct policy_batch policy_batch_make(size_t n, bool with_ref);
/* Cuts the batch into rows of the given lengths, whose sum is n. */
void policy_batch_cut(struct policy_batch *b, size_t n_rows, const size_t *lengths);
void policy_batch_free(struct policy_batch *b);

struct policy_result {
    float *dlogprob, *stats;
};
struct policy_result policy_run(struct clgrpo_context *ctx, const struct policy_batch *b, bool in_place);
void policy_result_free(struct policy_result *r);
/* Two results of a batch, gradients and statistics, have the same bits. */
void policy_same_bits(const struct policy_batch *b, const struct policy_result *one, const struct policy_result *two);

/* The operation against the reference; of a batch of more than 100 tokens, that bounds and correction act in it. */
void policy_check(struct clgrpo_context *ctx, const struct policy_batch *b);
/* The reference's gradient against differences of its loss. */
void policy_check_slope(const struct policy_batch *b);

#endif
