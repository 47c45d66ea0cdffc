/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_TESTS_ATTENTION_CASE_H
#define CLGRPO_TESTS_ATTENTION_CASE_H

#include "fixture.h"
#include "ref_attention.h"

/*
 * Inputs of the attention tests: a packed batch in one buffer of rows [q: H D | k: K D | v: K D] with a gap between
 * rows, and `SPARE_ROWS` rows past offsets[B].
 */
enum { SPARE_ROWS = 3, CASE_MAX_SEQUENCES = 16 };

struct attention_shape {
    size_t H, K, D;
    bool causal;
    float size; /* of q and k: 1, or more for large scores */
    size_t n_sequences, lens[CASE_MAX_SEQUENCES];
    const int32_t *prefix;  /* [n_sequences], or NULL */
    enum clgrpo_dtype type; /* of all tensors of heads in storage; the host's values are such */
};

struct attention_case {
    struct attention_shape shape;
    size_t n, n_rows, max_len; /* n: rows of sequences, n_rows: with the spare ones */
    float scale;
    int32_t offsets_host[CASE_MAX_SEQUENCES + 1], prefix_host[CASE_MAX_SEQUENCES];
    float *q_host, *k_host, *v_host, *dout_host; /* dense, [n_rows] */
    double *q64, *k64, *v64, *dout64;
    struct clgrpo_tensor qkv, q, k, v, offsets, prefix, dout;
    struct ref_attention ref;
};

/* Lengths 0, 1, 2, 63, 64, 65, 130 in one batch, or few and short ones for a slow device. */
void attention_mixed_lens(struct attention_shape *shape);

struct attention_case *attention_case_create(struct clgrpo_context *ctx, const struct attention_shape *shape,
                                             uint64_t seed);
/* Four query heads of 32 over two key heads, causal, of mixed lengths; in f32, and in a type of storage. */
struct attention_case *attention_case_usual(struct clgrpo_context *ctx, uint64_t seed);
struct attention_case *attention_case_usual_in(struct clgrpo_context *ctx, enum clgrpo_dtype type, uint64_t seed);
/* Uploads again after the test has changed q_host, k_host, v_host or dout_host. */
void attention_case_refresh(struct clgrpo_context *ctx, struct attention_case *c);
void attention_case_destroy(struct attention_case *c);

/* o [n_rows][H][D] of the operation, malloc'ed; lse likewise unless NULL. Rows past the sequences must be untouched. */
float *attention_case_forward(struct clgrpo_context *ctx, struct attention_case *c, float **lse);
/* Results against the reference; the operation against it. */
void attention_forward_verify(const struct attention_case *c, const float *o, const float *lse);
void attention_forward_check(struct clgrpo_context *ctx, const struct attention_shape *shape, uint64_t seed);
/* Both cases' rows of sequences have the same bits of o. */
void attention_same_forward(struct clgrpo_context *ctx, struct attention_case *a, struct attention_case *b);
/*
 * A check of either direction, attention_forward_check or attention_backward_check, over head counts and sizes, without
 * the causal mask, with scores far apart, and with one long sequence; of halves fewer.
 */
void attention_check_shapes(struct clgrpo_context *ctx, enum clgrpo_dtype type,
                            void (*check)(struct clgrpo_context *, const struct attention_shape *, uint64_t));
/* Puts the rows of `from`'s sequence b at row `at` of `to`'s host data; without their dout unless `loss`. */
void attention_copy_rows(struct attention_case *to, size_t at, const struct attention_case *from, size_t b, bool loss);
/* The parts of a [n_rows][(H + 2 K) D] view. */
void attention_split(const struct attention_shape *s, const struct clgrpo_tensor *all, struct clgrpo_tensor *q,
                     struct clgrpo_tensor *k, struct clgrpo_tensor *v);
/* Every float from `from` to `to` is NaN, as outputs start. */
void attention_untouched(const char *what, const float *x, size_t from, size_t to);

#endif
