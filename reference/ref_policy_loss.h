/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_TESTS_REF_POLICY_LOSS_H
#define CLGRPO_TESTS_REF_POLICY_LOSS_H

#include <stddef.h>

#include "clgrpo.h"

/* The clipped policy loss in double. ref and the results may be NULL. */
struct ref_policy_loss_args {
    size_t n;
    const double *logprob, *old_logprob, *ref_logprob, *advantage, *weight;
    double clip_low, clip_high, dual_clip, kl_beta;
    double *dlogprob, *dlogprob_size;                                   /* [n] */
    double stats[CLGRPO_POLICY_STATS], stats_size[CLGRPO_POLICY_STATS]; /* sums, and of |term| */
};

/* Fills the results and returns the loss. */
double ref_policy_loss(struct ref_policy_loss_args *r);

#endif
