/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_TESTS_ATTENTION_GRADIENTS_H
#define CLGRPO_TESTS_ATTENTION_GRADIENTS_H

#include "attention_case.h"

/* What the tests of attention's backward share. Rows past the sequences are left out: dq [n][H][D], dk, dv
 * [n][K][D]. */
struct attention_gradients {
    float *dq, *dk, *dv;
};
void attention_gradients_free(struct attention_gradients *g);

/* The arguments over views of one gradient buffer, with a forward's o and lse. */
void attention_backward_args_create(struct clgrpo_context *ctx, struct attention_case *c,
                                    struct clgrpo_attention_backward_args *args, struct clgrpo_tensor *all);
void attention_backward_args_release(struct clgrpo_attention_backward_args *args, struct clgrpo_tensor *all);
/* The operation's; rows past the sequences must be untouched. */
struct attention_gradients attention_case_backward(struct clgrpo_context *ctx, struct attention_case *c);

struct ref_attention_gradients attention_ref_gradients(const struct attention_case *c);
void attention_ref_gradients_free(struct ref_attention_gradients *g);

/* Results against the reference; the operation against it. */
void attention_backward_verify(const struct attention_case *c, const struct attention_gradients *got);
void attention_backward_check(struct clgrpo_context *ctx, const struct attention_shape *shape, uint64_t seed);
/* Some elements of the reference's gradients against differences of its loss, sum dout o: with the causal mask and
 * without. */
void attention_check_slopes(struct attention_shape shape, uint64_t seed);
/* n rows of both have the same bits, from row `at` of a and `from` of b on. */
void attention_same_rows(const struct attention_shape *s, const struct attention_gradients *a, size_t at,
                         const struct attention_gradients *b, size_t from, size_t n);
/* The same bits in both; frees them. */
void attention_same_gradients(const struct attention_case *c, struct attention_gradients a,
                              struct attention_gradients b);

#endif
