/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_TESTS_REF_GEMM_H
#define CLGRPO_TESTS_REF_GEMM_H

#include <stdbool.h>
#include <stddef.h>

/* C = alpha op(A) op(B) (+ C) of dense host arrays: a [m][k] or [k][m], b [k][n] or [n][k], c [m][n] as it was. */
struct ref_gemm_args {
    size_t m, n, k;
    bool trans_a, trans_b, accumulate;
    float alpha;
    const float *a, *b, *c;
};
/* In double: the truth, and the sum of |terms|. */
void ref_gemm(const struct ref_gemm_args *g, double *want, double *magnitude);
/* The float chain that the contract promises, bit by bit. */
void ref_gemm_chain(const struct ref_gemm_args *g, float *want);

#endif
