/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_TESTS_REF_ADVANTAGE_H
#define CLGRPO_TESTS_REF_ADVANTAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clgrpo.h"

/* Of a group, or of all rewards. */
struct ref_moments {
    double total, mean, deviation, low, high; /* deviation: UNBIASED's of that kind */
    bool flat;
};

/* Advantages in double; weight may be NULL. `size`: what an error of one rounding in the inputs of an element scales
 * with. group [n_groups], or NULL: their moments. Returns those of all rewards together. */
struct ref_moments ref_advantage(enum clgrpo_advantage_kind kind, double eps, size_t n_groups, const int32_t *offsets,
                                 const float *reward, const float *weight, double *advantage, double *size,
                                 struct ref_moments *group);

#endif
