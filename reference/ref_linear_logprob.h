/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_TESTS_REF_LINEAR_LOGPROB_H
#define CLGRPO_TESTS_REF_LINEAR_LOGPROB_H

#include <stddef.h>
#include <stdint.h>

/* The language-model head in double, all logits stored. dense x [n][e], w [v][e]; g, h [n] (h may be NULL). */
struct ref_linear_logprob_args {
    size_t n, e, v;
    const double *x, *w, *g, *h;
    const int32_t *target;
    double inv_temperature;
    /* results of ref_linear_logprob: z [n][v], the others [n]; `size` [n] bounds the terms that a row's error scales
     * with */
    double *z, *logprob, *lse, *entropy, *size;
    /* results of ref_linear_logprob_backward, with sums of |term| */
    double *dx, *dw, *dx_size, *dw_size;
};

void ref_linear_logprob(struct ref_linear_logprob_args *r);
/* Needs the forward's results. dw is written, not accumulated. */
void ref_linear_logprob_backward(struct ref_linear_logprob_args *r);
/* sum_n g logprob + h entropy, by a forward of its own. */
double ref_linear_logprob_objective(const struct ref_linear_logprob_args *r);
void ref_linear_logprob_free(struct ref_linear_logprob_args *r);

#endif
