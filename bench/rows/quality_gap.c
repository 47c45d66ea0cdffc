/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "rows/quality.h"
#include "rows/row_groups.h"

/*
 * Log-probabilities of one sequence, by attention and the head as in training, and token by token with a cache as in
 * decoding. With a cache in f32 the bits must be equal. In f16 and bf16 the keys and values are rounded, with a
 * relative error of at most u, and the errors that follow are at most:
 *
 *   a score            u s, where s = scale sum |q k|
 *   a softmax weight   2 u s of the weight
 *   an element of o    e = u (1 + 2 s) max |v|
 *   a logit            e times the Euclidean length of the token's column of the head: its terms err independently
 *   a log-probability  twice that of a logit
 */
enum { TOKENS = 192, HEADS = 4, KEY_HEADS = 2, D = 64, WIDTH = HEADS * D, VOCABULARY = 1000 };

struct gap {
    struct plan p; /* the forward pass as in training */
    struct quality_attention a;
    struct quality_head h;
    struct clgrpo_tensor decoded; /* log-probabilities */
};

static void
prepare(struct gap *g, struct bench *b)
{
    g->p = (struct plan){.b = b};
    g->a = quality_attention_inputs(&g->p, TOKENS, HEADS, KEY_HEADS, D);
    g->a.offsets = quality_offsets(&g->p, 1, TOKENS);
    g->a.max_len = TOKENS;
    g->h = quality_head_inputs(&g->p, TOKENS, WIDTH, VOCABULARY);
    g->h.x = clgrpo_tensor_view(g->a.o.buf, 0, CLGRPO_F32, 2, BENCH_SHAPE(TOKENS, WIDTH));
    g->decoded = plan_vector(&g->p, TOKENS);
    quality_plan_attention(&g->p, &g->a);
    quality_plan_head(&g->p, &g->h);
}

static struct clgrpo_tensor
empty_cache(struct plan *p, enum clgrpo_dtype dtype, const size_t *shape)
{
    struct clgrpo_tensor t = plan_random(p, dtype, 4, shape);

    bench_ok(p->b, clgrpo_tensor_zero(p->b->ctx, &t, p->b->queue, 0, NULL, NULL), "cache");
    return t;
}

/* Decodes all tokens one by one, in slot 0 of a cache of `dtype`. */
static void
decode_all(struct gap *g, enum clgrpo_dtype dtype)
{
    struct bench *b = g->p.b;
    struct plan *step = bench_alloc(b, 1, sizeof *step);
    struct clgrpo_kv_append_args append = CLGRPO_KV_APPEND_ARGS_INIT;
    struct clgrpo_attention_decode_args d = CLGRPO_ATTENTION_DECODE_ARGS_INIT;
    const struct clgrpo_tensor o = plan_heads(&g->p, TOKENS, HEADS, D);
    cl_int position[TOKENS], slot[TOKENS] = {0};

    for (cl_int i = 0; i < TOKENS; i++)
        position[i] = i;
    append.k_cache = d.k_cache = empty_cache(&g->p, dtype, BENCH_SHAPE(1, KEY_HEADS, TOKENS / 64, D * 64));
    append.v_cache = d.v_cache = empty_cache(&g->p, dtype, BENCH_SHAPE(1, KEY_HEADS, TOKENS, D));
    append.slot = plan_ints(&g->p, TOKENS, slot);
    append.position = plan_ints(&g->p, TOKENS, position);
    d.scale = quality_scale(&g->a);
    for (size_t i = 0; i < TOKENS && !b->failed; i++) {
        struct clgrpo_kv_append_args one = append;
        struct quality_head h = g->h;

        *step = (struct plan){.b = b};
        one.k = quality_rows(g->a.k, i, 1);
        one.v = quality_rows(g->a.v, i, 1);
        one.slot = d.slot = quality_rows(append.slot, i, 1);
        one.position = d.position = quality_rows(append.position, i, 1);
        d.q = quality_rows(g->a.q, i, 1);
        d.o = quality_rows(o, i, 1);
        h.x = clgrpo_tensor_view(o.buf, i * WIDTH, CLGRPO_F32, 2, BENCH_SHAPE(1, WIDTH));
        h.target = quality_rows(h.target, i, 1);
        h.lse = quality_rows(h.lse, i, 1);
        h.logprob = quality_rows(g->decoded, i, 1);
        PLAN(step, kv_append, one);
        PLAN(step, attention_decode, d);
        quality_plan_head(step, &h);
        quality_time(step);
        plan_release(step);
    }
    free(step);
}

static double
most_of(const float *x, size_t n)
{
    double most = 0.0;

    for (size_t i = 0; i < n; i++)
        most = bench_larger(most, fabs((double)x[i]));
    return most;
}

/* s, or more: the largest sum of |q| of a head, times the largest |k| and the scale. */
static double
largest_score(const struct quality_attention *a, const float *q, double most_k)
{
    double most = 0.0;

    for (size_t i = 0; i < TOKENS * HEADS; i++) {
        double sum = 0.0;

        for (size_t d = 0; d < D; d++)
            sum += fabs((double)q[i * D + d]);
        most = bench_larger(most, sum);
    }
    return (double)quality_scale(a) * most * most_k;
}

static double
bound(struct gap *g, enum clgrpo_dtype dtype)
{
    struct bench *b = g->p.b;
    const double u = dtype == CLGRPO_F16 ? 1.0 / 2048.0 : 1.0 / 256.0;
    float *q = quality_read(b, &g->a.q), *k = quality_read(b, &g->a.k), *v = quality_read(b, &g->a.v),
          *w = quality_read(b, &g->h.w);
    double longest = 0.0, s = 0.0, value = 0.0;

    if (!b->failed) {
        for (size_t i = 0; i < VOCABULARY; i++) {
            double square = 0.0;

            for (size_t e = 0; e < WIDTH; e++)
                square += (double)w[i * WIDTH + e] * (double)w[i * WIDTH + e];
            longest = bench_larger(longest, sqrt(square));
        }
        s = largest_score(&g->a, q, most_of(k, TOKENS * KEY_HEADS * D));
        value = 2.0 * u * (1.0 + 2.0 * s) * most_of(v, TOKENS * KEY_HEADS * D) * longest;
    }
    free(q), free(k), free(v), free(w);
    return value;
}

static void
gap_row(struct bench *b, const char *name, enum clgrpo_dtype dtype)
{
    static struct gap g;
    float *trained = NULL, *decoded = NULL;
    double us, most = 0.0, same = 0.0;

    if (!quality_wanted(b, name))
        return;
    prepare(&g, b);
    us = quality_time_again(&g.p);
    decode_all(&g, dtype);
    trained = quality_read(b, &g.h.logprob);
    decoded = quality_read(b, &g.decoded);
    for (size_t i = 0; i < TOKENS && !b->failed; i++) {
        same += trained[i] == decoded[i];
        most = bench_larger(most, fabs((double)trained[i] - (double)decoded[i]));
    }
    if (dtype == CLGRPO_F32)
        quality_add(b, name, "rows", same, TOKENS, "promise", us);
    else
        quality_add(b, name, "eps", most / FLT_EPSILON, bound(&g, dtype) / FLT_EPSILON, "bound", us);
    free(trained);
    free(decoded);
    plan_release(&g.p);
}

void
rows_gap(struct bench *b)
{
    gap_row(b, "quality.gap.f32", CLGRPO_F32);
    gap_row(b, "quality.gap.f16", CLGRPO_F16);
    gap_row(b, "quality.gap.bf16", CLGRPO_BF16);
}
