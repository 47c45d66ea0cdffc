/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows/quality.h"

bool
quality_wanted(struct bench *b, const char *name)
{
    if (!bench_wanted(b, name))
        return false;
    b->seed = 0;
    return true;
}

void
quality_add(struct bench *b, const char *name, const char *unit, double value, double limit, const char *limit_name,
            double us)
{
    struct bench_row row = {.kind = BENCH_OTHER, .value = value, .limit = limit, .median_us = us, .rounds = 1};

    if (us < 0.0 || b->failed)
        return;
    if (!isfinite(value)) { /* JSON cannot hold it */
        bench_fail(b, "%s: the value is %g", name, value);
        return;
    }
    snprintf(row.row, sizeof row.row, "%s", name);
    snprintf(row.unit, sizeof row.unit, "%s", unit);
    snprintf(row.limit_name, sizeof row.limit_name, "%s", limit_name);
    row.ratio = limit > 0.0 ? value / limit : 0.0;
    bench_add_row(b, &row);
}

double
quality_time(struct plan *p)
{
    const double start = bench_now_us();

    if (p->b->failed || !bench_ok(p->b, plan_run(p->b, p), "quality") ||
        !bench_ok(p->b, clgrpo_queue_finish(p->b->ctx, p->b->queue), "quality"))
        return -1.0;
    return bench_now_us() - start;
}

double
quality_time_again(struct plan *p)
{
    return quality_time(p) < 0.0 ? -1.0 : quality_time(p);
}

float *
quality_read(struct bench *b, const struct clgrpo_tensor *t)
{
    const size_t n = clgrpo_tensor_elems(t);
    float *host = b->failed ? NULL : bench_alloc(b, n + 1, sizeof *host);

    if (host != NULL && !bench_ok(b, clgrpo_tensor_read(b->ctx, b->queue, t, host, n * sizeof *host), "quality")) {
        free(host);
        host = NULL;
    }
    return host;
}

double *
quality_read_double(struct bench *b, const struct clgrpo_tensor *t)
{
    const size_t n = clgrpo_tensor_elems(t);
    float *host = quality_read(b, t);
    double *out = host != NULL ? bench_alloc(b, n + 1, sizeof *out) : NULL;

    for (size_t i = 0; out != NULL && i < n; i++)
        out[i] = (double)host[i];
    free(host);
    return out;
}

void
quality_zero(struct bench *b, const struct quality_outputs *o)
{
    for (unsigned i = 0; i < o->n; i++)
        bench_ok(b, clgrpo_tensor_zero(b->ctx, &o->t[i], b->queue, 0, NULL, NULL), "quality");
}

bool
quality_read_all(struct bench *b, const struct quality_outputs *o, float *host[])
{
    for (unsigned i = 0; i < o->n; i++)
        host[i] = quality_read(b, &o->t[i]);
    return !b->failed;
}

struct clgrpo_tensor
quality_rows(struct clgrpo_tensor t, size_t first, size_t n)
{
    t.offset += first * t.stride[0];
    t.shape[0] = n;
    return t;
}

struct clgrpo_tensor
quality_offsets(struct plan *p, size_t sequences, size_t length)
{
    return plan_indices(p, sequences + 1, 1, length, sequences * length + 1);
}

void
quality_plan_gemm(struct plan *p, struct clgrpo_tensor a, struct clgrpo_tensor b, struct clgrpo_tensor c)
{
    struct clgrpo_gemm_args g = CLGRPO_GEMM_ARGS_INIT;

    g.a = a;
    g.b = b;
    g.c = c;
    PLAN_WITH_SPACE(p, gemm, g);
}

struct quality_attention
quality_attention_inputs(struct plan *p, size_t tokens, size_t heads, size_t key_heads, size_t dim)
{
    struct quality_attention a = {0};

    a.q = plan_heads(p, tokens, heads, dim);
    a.k = plan_heads(p, tokens, key_heads, dim);
    a.v = plan_heads(p, tokens, key_heads, dim);
    a.o = plan_heads(p, tokens, heads, dim);
    a.lse = plan_matrix(p, tokens, heads);
    return a;
}

float
quality_scale(const struct quality_attention *a)
{
    return 1.0f / sqrtf((float)a->q.shape[2]);
}

void
quality_plan_attention(struct plan *p, const struct quality_attention *a)
{
    struct clgrpo_attention_args fwd = CLGRPO_ATTENTION_ARGS_INIT;

    fwd.q = a->q, fwd.k = a->k, fwd.v = a->v, fwd.o = a->o, fwd.lse = a->lse;
    fwd.offsets = a->offsets;
    fwd.max_len = a->max_len;
    fwd.scale = quality_scale(a);
    PLAN_WITH_SPACE(p, attention, fwd);
}

void
quality_plan_attention_backward(struct plan *p, const struct quality_attention *a, struct quality_gradients *g)
{
    struct clgrpo_attention_backward_args bwd = CLGRPO_ATTENTION_BACKWARD_ARGS_INIT;
    const size_t n = a->q.shape[0], heads = a->q.shape[1], key_heads = a->k.shape[1], dim = a->q.shape[2];

    bwd.q = a->q, bwd.k = a->k, bwd.v = a->v, bwd.o = a->o, bwd.lse = a->lse;
    bwd.dout = g->dout = plan_heads(p, n, heads, dim);
    bwd.dq = g->dq = plan_heads(p, n, heads, dim);
    bwd.dk = g->dk = plan_heads(p, n, key_heads, dim);
    bwd.dv = g->dv = plan_heads(p, n, key_heads, dim);
    bwd.offsets = a->offsets;
    bwd.max_len = a->max_len;
    bwd.scale = quality_scale(a);
    PLAN_WITH_SPACE(p, attention_backward, bwd);
}

struct quality_head
quality_head_inputs(struct plan *p, size_t n, size_t e, size_t v)
{
    struct quality_head h = {.x = plan_matrix(p, n, e), .w = plan_matrix(p, v, e)};

    h.target = plan_indices(p, n, 1, 7919, v);
    h.logprob = plan_vector(p, n);
    h.lse = plan_vector(p, n);
    return h;
}

void
quality_plan_head(struct plan *p, const struct quality_head *h)
{
    struct clgrpo_linear_logprob_args fwd = CLGRPO_LINEAR_LOGPROB_ARGS_INIT;

    fwd.x = h->x, fwd.w = h->w, fwd.target = h->target;
    fwd.logprob = h->logprob, fwd.lse = h->lse;
    PLAN_WITH_SPACE(p, linear_logprob, fwd);
}

void
quality_plan_head_backward(struct plan *p, const struct quality_head *h, struct clgrpo_tensor dlogprob,
                           struct clgrpo_tensor dx, struct clgrpo_tensor dw)
{
    struct clgrpo_linear_logprob_backward_args bwd = CLGRPO_LINEAR_LOGPROB_BACKWARD_ARGS_INIT;

    bwd.x = h->x, bwd.w = h->w, bwd.target = h->target, bwd.lse = h->lse;
    bwd.dlogprob = dlogprob;
    bwd.dx = dx, bwd.dw = dw;
    PLAN_WITH_SPACE(p, linear_logprob_backward, bwd);
}
