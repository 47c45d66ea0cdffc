/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_TESTS_REF_SAMPLE_H
#define CLGRPO_TESTS_REF_SAMPLE_H

#include <stddef.h>

/*
 * The distribution that one row of n logits is sampled from, in double, by sorting. probability [n]: after both cuts, 0
 * for tokens cut. logprob [n]: before any cut. *margin: how far the mass of the kept set, or of the set without its
 * last token, is from top_p; a cut nearer than rounding is not decided.
 */
void ref_sample(const float *logits, size_t n, float temperature, unsigned top_k, double top_p, double *probability,
                double *logprob, double *margin);

/* Chance that a chi-square variable of `freedom` degrees exceeds `value` (Wilson and Hilferty's cube-root
 * approximation). */
double ref_chi_square_tail(double value, double freedom);

#endif
