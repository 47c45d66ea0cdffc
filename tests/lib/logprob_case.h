/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_TESTS_LOGPROB_CASE_H
#define CLGRPO_TESTS_LOGPROB_CASE_H

#include "fixture.h"
#include "ref_linear_logprob.h"

struct shape {
    size_t n, e, v;
};

/* Inputs on the host, and the same as doubles; views with rows PAD longer than they are wide. */
enum { PAD = 3 };
struct head {
    struct shape s;
    float *x, *w, *g, *h;
    int32_t *target;
    double *x64, *w64, *g64, *h64;
    struct clgrpo_linear_logprob_args fwd;
    struct clgrpo_linear_logprob_backward_args bwd;
    struct ref_linear_logprob_args ref;
};

/* Inputs and outputs of both passes; entropy only if wanted. */
struct head head_make(struct clgrpo_context *ctx, struct shape s, bool with_entropy, float inv_temperature);
void head_release(struct head *h);
void head_forward(struct clgrpo_context *ctx, struct head *h);
/* After the forward. dw starts from w, so that accumulation shows. */
void head_backward(struct clgrpo_context *ctx, struct head *h);
/*
 * Samples tokens for rows first .. first + n - 1 alone, from logits by clgrpo_gemm: the log-probabilities that the
 * sampler logs must be the bits that the forward of all s.n rows gives for those tokens.
 */
void sampler_agrees(struct clgrpo_context *ctx, struct shape s, size_t first, size_t n, float temperature);

#endif
