/* SPDX-License-Identifier: Apache-2.0 */
/* What the rows of quality share: whether bits repeat, and how large errors are. */
#ifndef CLGRPO_BENCH_QUALITY_H
#define CLGRPO_BENCH_QUALITY_H

#include "rows/plan.h"

/* As bench_wanted. If the row runs, its random data do not depend on which rows ran before. */
bool quality_wanted(struct bench *b, const char *name);
/* Adds a row with the value and its limit; `us` is the time of one run, and if it is negative there is no row. */
void quality_add(struct bench *b, const char *name, const char *unit, double value, double limit,
                 const char *limit_name, double us);
/* Runs the plan once and waits for it. The time in us, negative if something failed. */
double quality_time(struct plan *p);
/* Runs the plan twice, and returns the time of the second run, in which no program is compiled. */
double quality_time_again(struct plan *p);
/* A copy of a dense tensor's elements of four bytes, f32 or integers, for the caller to free; NULL, and the run has
 * failed, if it cannot be made. */
float *quality_read(struct bench *b, const struct clgrpo_tensor *t);
/* The same of f32, as doubles. */
double *quality_read_double(struct bench *b, const struct clgrpo_tensor *t);
/* Tensors that a plan writes. */
enum { QUALITY_OUTPUTS = 6 };
struct quality_outputs {
    struct clgrpo_tensor t[QUALITY_OUTPUTS];
    unsigned n;
};
void quality_zero(struct bench *b, const struct quality_outputs *o);
/* quality_read of each; false if the run has failed. */
bool quality_read_all(struct bench *b, const struct quality_outputs *o, float *host[]);

/* The rows first .. first+n-1 of the tensor. */
struct clgrpo_tensor quality_rows(struct clgrpo_tensor t, size_t first, size_t n);
/* The offsets of packed sequences of equal length. */
struct clgrpo_tensor quality_offsets(struct plan *p, size_t sequences, size_t length);

/* Tensors for an operation, and calls of it that are appended to the plan. */
void quality_plan_gemm(struct plan *p, struct clgrpo_tensor a, struct clgrpo_tensor b, struct clgrpo_tensor c);
struct quality_attention {
    struct clgrpo_tensor q, k, v, o, lse, offsets;
    size_t max_len;
};
struct quality_attention quality_attention_inputs(struct plan *p, size_t tokens, size_t heads, size_t key_heads,
                                                  size_t dim);
float quality_scale(const struct quality_attention *a);
void quality_plan_attention(struct plan *p, const struct quality_attention *a);
struct quality_gradients {
    struct clgrpo_tensor dout, dq, dk, dv;
};
void quality_plan_attention_backward(struct plan *p, const struct quality_attention *a, struct quality_gradients *g);
struct quality_head {
    struct clgrpo_tensor x, w, target, logprob, lse;
};
struct quality_head quality_head_inputs(struct plan *p, size_t n, size_t e, size_t v);
void quality_plan_head(struct plan *p, const struct quality_head *h);
void quality_plan_head_backward(struct plan *p, const struct quality_head *h, struct clgrpo_tensor dlogprob,
                                struct clgrpo_tensor dx, struct clgrpo_tensor dw);

#endif
