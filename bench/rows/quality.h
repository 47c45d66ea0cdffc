/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that tell no speed: whether bits repeat, and how large errors are. */
#ifndef CLGRPO_BENCH_QUALITY_H
#define CLGRPO_BENCH_QUALITY_H

#include "rows/plan.h"

/* bench_wanted, and the row's data are then the same whatever ran before it. */
bool quality_wanted(struct bench *b, const char *name);
/* value of limit; `us` is what one run took. */
void quality_add(struct bench *b, const char *name, const char *unit, double value, double limit,
                 const char *limit_name, double us);
/* The plan once, waited for; us, or negative if something failed. */
double quality_time(struct plan *p);
/* The same a second time, so that no program is built meanwhile. */
double quality_time_again(struct plan *p);
/* The tensor's elements, dense, f32 or integers of four bytes; NULL, and the run has failed, where that is not
 * possible. */
float *quality_read(struct bench *b, const struct clgrpo_tensor *t);
double *quality_read_double(struct bench *b, const struct clgrpo_tensor *t);
/* Rows first .. first+n-1. */
struct clgrpo_tensor quality_rows(struct clgrpo_tensor t, size_t first, size_t n);
/* Equal sequences from `first` on. */
struct clgrpo_tensor quality_offsets(struct plan *p, size_t sequences, size_t length);

/* Appends one call to a plan. */
void quality_gemm(struct plan *p, struct clgrpo_tensor a, struct clgrpo_tensor b, struct clgrpo_tensor c);
struct quality_attention {
    struct clgrpo_tensor q, k, v, o, lse, offsets;
    size_t max_len;
};
struct quality_attention quality_attention_inputs(struct plan *p, size_t tokens, size_t heads, size_t key_heads,
                                                  size_t dim);
float quality_scale(const struct quality_attention *a);
void quality_attention(struct plan *p, const struct quality_attention *a);
struct quality_gradients {
    struct clgrpo_tensor dout, dq, dk, dv;
};
void quality_attention_backward(struct plan *p, const struct quality_attention *a, struct quality_gradients *g);
struct quality_head {
    struct clgrpo_tensor x, w, target, logprob, lse;
};
struct quality_head quality_head_inputs(struct plan *p, size_t n, size_t e, size_t v);
void quality_head(struct plan *p, const struct quality_head *h);
void quality_head_backward(struct plan *p, const struct quality_head *h, struct clgrpo_tensor dlogprob,
                           struct clgrpo_tensor dx, struct clgrpo_tensor dw);

/* Groups of rows, of bench_quality. */
void quality_repeat(struct bench *b);
void quality_batch(struct bench *b);
void quality_error(struct bench *b);
void quality_gap(struct bench *b);

#endif
