/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "rows/quality.h"
#include "rows/row_groups.h"
#include "reference/ref_attention.h"
#include "reference/ref_gemm.h"
#include "reference/ref_linear_logprob.h"

/*
 * The largest error against double precision, relative to the sum of the magnitudes of the terms behind each result, in
 * units of the machine epsilon of f32. The bound is that of the tests: the error of as many independent roundings as a
 * sum has terms.
 */
static double
largest(const float *got, const double *want, const double *size, size_t n)
{
    double most = 0.0;

    for (size_t i = 0; i < n; i++)
        most = bench_larger(most, fabs((double)got[i] - want[i]) / (size[i] > 0.0 ? size[i] : 1.0));
    return most / FLT_EPSILON;
}

/* The larger of `most` and the largest error of the result t, which is read from the device. */
static double
compare(struct bench *b, const struct clgrpo_tensor *t, const double *want, const double *size, double most)
{
    float *got = quality_read(b, t);
    double error = got != NULL ? largest(got, want, size, clgrpo_tensor_elems(t)) : 0.0;

    free(got);
    return bench_larger(most, error);
}

static void
add(struct bench *b, const char *name, double error, double factor, double terms, double us)
{
    quality_add(b, name, "eps", error, factor * sqrt(terms), "bound", us);
}

static void
gemm_error(struct bench *b, const char *name)
{
    enum { M = 129, N = 131, K = 512 };
    struct plan *p = bench_alloc(b, 1, sizeof *p);
    double *want = bench_alloc(b, 2 * M * N, sizeof *want), us;
    struct ref_gemm_args ref = {.m = M, .n = N, .k = K, .alpha = 1.0f};
    struct clgrpo_tensor x, y, z;

    if (p != NULL && want != NULL) {
        p->b = b;
        x = plan_matrix(p, M, K), y = plan_matrix(p, K, N), z = plan_matrix(p, M, N);
        quality_plan_gemm(p, x, y, z);
        us = quality_time_again(p);
        ref.a = quality_read(b, &x), ref.b = quality_read(b, &y);
        if (!b->failed) {
            ref_gemm(&ref, want, want + M * N);
            add(b, name, compare(b, &z, want, want + M * N, 0.0), 2.0, K, us);
        }
        plan_release(p);
        free((void *)(uintptr_t)ref.a);
        free((void *)(uintptr_t)ref.b);
    }
    free(p);
    free(want);
}

/* Attention in double precision: inputs, results, and for each result the sum of the magnitudes of its terms. */
struct truth {
    double *o, *lse, *o_size, *lse_size, *q, *k, *v, *dout;
    struct ref_attention_gradients g;
};

static bool
allocate(struct bench *b, struct truth *t, size_t q, size_t k, size_t lse)
{
    double **all[] = {&t->o,         &t->o_size, &t->g.dq,      &t->g.dq_size, &t->g.dk,
                      &t->g.dk_size, &t->g.dv,   &t->g.dv_size, &t->lse,       &t->lse_size};
    const size_t n[] = {q, q, q, q, k, k, k, k, lse, lse};
    bool good = true;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        good = (*all[i] = bench_alloc(b, n[i], sizeof(double))) != NULL && good;
    return good;
}

static void
release(struct truth *t)
{
    double *all[] = {t->o,    t->lse,  t->o_size, t->lse_size, t->q,         t->k,         t->v,
                     t->dout, t->g.dq, t->g.dk,   t->g.dv,     t->g.dq_size, t->g.dk_size, t->g.dv_size};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

static void
attention_errors(struct bench *b, const char *forward, const char *backward)
{
    enum { TOKENS = 260, HEADS = 4, KEY_HEADS = 2, D = 64, LENGTH = 130 };
    static const int32_t offsets[] = {0, LENGTH, TOKENS};
    struct plan *p = bench_alloc(b, 1, sizeof *p);
    struct truth t = {0};
    struct ref_attention ref = {
        .n_sequences = 2, .H = HEADS, .K = KEY_HEADS, .D = D, .offsets = offsets, .causal = true};
    struct quality_attention a;
    struct quality_gradients g;
    double us, error;

    if (p == NULL || !allocate(b, &t, TOKENS * HEADS * D, TOKENS * KEY_HEADS * D, TOKENS * HEADS))
        goto out;
    p->b = b;
    a = quality_attention_inputs(p, TOKENS, HEADS, KEY_HEADS, D);
    a.offsets = quality_offsets(p, 2, LENGTH);
    a.max_len = LENGTH;
    ref.scale = (double)quality_scale(&a);
    quality_plan_attention(p, &a);
    quality_plan_attention_backward(p, &a, &g);
    us = quality_time_again(p);
    t.q = quality_read_double(b, &a.q), t.k = quality_read_double(b, &a.k), t.v = quality_read_double(b, &a.v);
    t.dout = quality_read_double(b, &g.dout);
    if (!b->failed) {
        ref_attention_forward(&ref, t.q, t.k, t.v, t.o, t.lse, t.o_size, t.lse_size);
        ref_attention_backward(&ref, t.q, t.k, t.v, t.dout, &t.g);
        error = compare(b, &a.o, t.o, t.o_size, 0.0);
        error = compare(b, &a.lse, t.lse, t.lse_size, error);
        if (quality_wanted(b, forward))
            add(b, forward, error, 1.0, D + LENGTH, us);
        error = compare(b, &g.dq, t.g.dq, t.g.dq_size, 0.0);
        error = compare(b, &g.dk, t.g.dk, t.g.dk_size, error);
        error = compare(b, &g.dv, t.g.dv, t.g.dv_size, error);
        if (quality_wanted(b, backward))
            add(b, backward, error, 1.0, D + LENGTH * HEADS / KEY_HEADS, us);
    }
    plan_release(p);
out:
    release(&t);
    free(p);
}

static void
head_errors(struct bench *b, const char *forward, const char *backward)
{
    enum { N = 60, E = 128, V = 1500 };
    struct plan *p = bench_alloc(b, 1, sizeof *p);
    struct ref_linear_logprob_args ref = {.n = N, .e = E, .v = V, .inv_temperature = 1.0};
    struct clgrpo_tensor g, dx, dw;
    struct quality_head h;
    double us, error;

    if (p == NULL)
        return;
    p->b = b;
    h = quality_head_inputs(p, N, E, V);
    g = plan_vector(p, N), dx = plan_matrix(p, N, E), dw = plan_matrix(p, V, E);
    PLAN(p, zero, dw);
    quality_plan_head(p, &h);
    quality_plan_head_backward(p, &h, g, dx, dw);
    us = quality_time_again(p);
    ref.x = quality_read_double(b, &h.x), ref.w = quality_read_double(b, &h.w), ref.g = quality_read_double(b, &g);
    ref.target = (const int32_t *)(const void *)quality_read(b, &h.target);
    if (!b->failed) {
        ref_linear_logprob(&ref);
        ref_linear_logprob_backward(&ref);
        if (quality_wanted(b, forward))
            add(b, forward, compare(b, &h.logprob, ref.logprob, ref.size, 0.0), 2.0, E, us);
        error = compare(b, &dx, ref.dx, ref.dx_size, 0.0);
        error = compare(b, &dw, ref.dw, ref.dw_size, error);
        if (quality_wanted(b, backward))
            add(b, backward, error, 2.0, E + V, us);
        ref_linear_logprob_free(&ref);
    }
    plan_release(p);
    free((void *)(uintptr_t)ref.x);
    free((void *)(uintptr_t)ref.w);
    free((void *)(uintptr_t)ref.g);
    free((void *)(uintptr_t)ref.target);
    free(p);
}

void
rows_error(struct bench *b)
{
    static const char gemm[] = "quality.error.gemm", attention[] = "quality.error.attention.fwd",
                      attention_backward[] = "quality.error.attention.bwd", head[] = "quality.error.head.fwd",
                      head_backward[] = "quality.error.head.bwd";
    bool first, second;

    if (quality_wanted(b, gemm))
        gemm_error(b, gemm);
    first = quality_wanted(b, attention), second = quality_wanted(b, attention_backward);
    if (first || second)
        attention_errors(b, attention, attention_backward);
    first = quality_wanted(b, head), second = quality_wanted(b, head_backward);
    if (first || second)
        head_errors(b, head, head_backward);
}
