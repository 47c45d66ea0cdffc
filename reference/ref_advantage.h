/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_TESTS_REF_ADVANTAGE_H
#define CLGRPO_TESTS_REF_ADVANTAGE_H

#include <stddef.h>
#include <stdint.h>

#include "clgrpo.h"

/* Advantages in double; weight may be NULL. `size`: what an error of one rounding in the inputs of an element scales
 * with. */
void ref_advantage(enum clgrpo_advantage_kind kind, double eps, size_t n_groups, const int32_t *offsets,
                   const float *reward, const float *weight, double *advantage, double *size);

#endif
