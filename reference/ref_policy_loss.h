/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_TESTS_REF_POLICY_LOSS_H
#define CLGRPO_TESTS_REF_POLICY_LOSS_H

#include <stddef.h>
#include <stdint.h>

#include "clgrpo.h"

/*
 * The policy loss in double. sampled, ref, offsets and the results may be NULL.
 * stopped: the logprob at which CISPO's weights, which have no derivative, are taken; NULL: logprob itself.
 */
struct ref_policy_loss_args {
    size_t n, n_rows;
    const double *logprob, *old_logprob, *sampled_logprob, *ref_logprob, *advantage, *weight, *stopped;
    const int32_t *offsets; /* [n_rows + 1] */
    enum clgrpo_policy_ratio ratio;
    enum clgrpo_policy_surrogate surrogate;
    enum clgrpo_policy_kl kl;
    enum clgrpo_policy_correction correction;
    double ratio_min, ratio_max, dual_clip, kl_beta, correction_min, correction_max;
    double *dlogprob, *dlogprob_size;                                   /* [n] */
    double stats[CLGRPO_POLICY_STATS], stats_size[CLGRPO_POLICY_STATS]; /* sums, and of |term| */
};

/* Fills the results and returns the loss. */
double ref_policy_loss(struct ref_policy_loss_args *r);

#endif
