/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_TESTS_CANDIDATE_CASE_H
#define CLGRPO_TESTS_CANDIDATE_CASE_H

#include "fixture.h"

/* A small problem of an operation and class that have tuned parameters, and what must hold of it whatever their values
 * are. */
struct candidate_kind {
    void *(*make)(struct clgrpo_context *ctx, size_t m, size_t n, size_t k);
    /* All outputs, one behind the other, malloc'ed; how many floats. */
    float *(*run)(struct clgrpo_context *ctx, void *problem, size_t *n);
    /* Outputs against the double reference; `chain`: also the promised order of sums, where there is one. */
    void (*verify)(const void *problem, const float *all, bool chain);
    /* A row or sequence without the others has the bits that it has in `all`. */
    void (*alone)(struct clgrpo_context *ctx, void *problem, const float *all);
    void (*destroy)(void *problem);
};
struct candidate_case {
    const char *op, *shape_class;
    const struct candidate_kind *kind;
    size_t m, n, k; /* extents, whose meaning is the kind's */
};

/* m x n x k, B transposed; A transposed. */
extern const struct candidate_kind candidate_gemm_nt, candidate_gemm_tn;
/* Sequences up to length m, n query heads to each of two key heads, head dimension k. */
extern const struct candidate_kind candidate_attention, candidate_attention_backward;
/* m rows of width k over n tokens, with the entropy. */
extern const struct candidate_kind candidate_logprob;
/* RMSNorm of m rows of width n, its gradients, and the norm of all elements. */
extern const struct candidate_kind candidate_rows;

#endif
