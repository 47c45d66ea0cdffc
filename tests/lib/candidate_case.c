/* SPDX-License-Identifier: Apache-2.0 */
#include "candidate_case.h"

#include <stdlib.h>
#include <string.h>

#include "attention_gradients.h"
#include "gemm_case.h"
#include "logprob_case.h"

/* The outputs so far, and n more; frees those. */
static float *
join(float *all, size_t *n_all, float *more, size_t n)
{
    all = realloc(all, (*n_all + n + 1) * sizeof *all);
    ck_assert_ptr_nonnull(all);
    memcpy(all + *n_all, more, n * sizeof *all);
    *n_all += n;
    free(more);
    return all;
}

/* ---- Products ---- */

static void *
make_gemm(struct clgrpo_context *ctx, size_t m, size_t n, size_t k, unsigned flags)
{
    struct gemm_product *p = malloc(sizeof *p);

    ck_assert_ptr_nonnull(p);
    *p = gemm_product_make(ctx, (struct gemm_shape){m, n, k}, flags, 1.0f, 3);
    return p;
}

static void *
make_gemm_nt(struct clgrpo_context *ctx, size_t m, size_t n, size_t k)
{
    return make_gemm(ctx, m, n, k, 2);
}

static void *
make_gemm_tn(struct clgrpo_context *ctx, size_t m, size_t n, size_t k)
{
    return make_gemm(ctx, m, n, k, 1);
}

static float *
run_gemm(struct clgrpo_context *ctx, void *problem, size_t *n)
{
    struct gemm_product *p = problem;

    *n = p->ref.m * p->ref.n;
    return gemm_product_run(ctx, p);
}

static void
verify_gemm(const void *problem, const float *all, bool chain)
{
    (chain ? gemm_product_verify : gemm_product_verify_near)(problem, all);
}

static void
gemm_alone(struct clgrpo_context *ctx, void *problem, const float *all)
{
    const struct gemm_product *p = problem;
    const size_t row = p->ref.m / 2, n = p->ref.n;
    struct gemm_product one = *p;
    float *got;

    one.args.a.offset += row * (p->ref.trans_a ? 1 : one.args.a.stride[0]);
    one.args.a.shape[p->ref.trans_a ? 1 : 0] = 1;
    one.args.c = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(1, n));
    one.args.workspace = (struct clgrpo_workspace){0};
    got = gemm_product_run(ctx, &one);
    fx_same_bits("a row alone", got, all + row * n, n * sizeof *got);
    free(got);
    fx_release(&one.args.c);
    fx_workspace_release(&one.args.workspace);
}

static void
destroy_gemm(void *problem)
{
    gemm_product_free(problem);
    free(problem);
}

const struct candidate_kind candidate_gemm_nt = {make_gemm_nt, run_gemm, verify_gemm, gemm_alone, destroy_gemm};
const struct candidate_kind candidate_gemm_tn = {make_gemm_tn, run_gemm, verify_gemm, gemm_alone, destroy_gemm};

/* ---- Attention ---- */

/* A batch, and its sequence WHICH as a batch of its own. */
enum { WHICH = 3 };
struct attention_problem {
    struct attention_case *all, *one;
    size_t at; /* the sequence's first row */
};

static void *
make_attention(struct clgrpo_context *ctx, size_t m, size_t n, size_t k)
{
    struct attention_problem *p = malloc(sizeof *p);
    struct attention_shape s = {
        .H = 2 * n, .K = 2, .D = k, .causal = true, .size = 1.0f, .n_sequences = 5, .lens = {2, m, 0, 65, 1}};
    struct attention_shape one = s;

    ck_assert_ptr_nonnull(p);
    one.n_sequences = 1;
    one.lens[0] = s.lens[WHICH];
    p->all = attention_case_create(ctx, &s, 300);
    p->one = attention_case_create(ctx, &one, 301);
    p->at = (size_t)p->all->offsets_host[WHICH];
    memcpy(p->one->q_host, p->all->q_host + p->at * s.H * k, one.lens[0] * s.H * k * sizeof(float));
    memcpy(p->one->k_host, p->all->k_host + p->at * s.K * k, one.lens[0] * s.K * k * sizeof(float));
    memcpy(p->one->v_host, p->all->v_host + p->at * s.K * k, one.lens[0] * s.K * k * sizeof(float));
    memcpy(p->one->dout_host, p->all->dout_host + p->at * s.H * k, one.lens[0] * s.H * k * sizeof(float));
    attention_case_refresh(ctx, p->one);
    return p;
}

/* o, then lse. */
static float *
run_forward(struct clgrpo_context *ctx, void *problem, size_t *n)
{
    struct attention_case *c = ((struct attention_problem *)problem)->all;
    float *lse, *o = attention_case_forward(ctx, c, &lse);

    *n = c->n * c->shape.H * c->shape.D;
    return join(o, n, lse, c->n * c->shape.H);
}

static void
verify_forward(const void *problem, const float *all, bool chain)
{
    const struct attention_case *c = ((const struct attention_problem *)problem)->all;

    (void)chain;
    attention_forward_verify(c, all, all + c->n * c->shape.H * c->shape.D);
}

static void
forward_alone(struct clgrpo_context *ctx, void *problem, const float *all)
{
    const struct attention_problem *p = problem;
    const size_t h = p->all->shape.H, row = h * p->all->shape.D;
    float *lse, *o = attention_case_forward(ctx, p->one, &lse);

    fx_same_bits("o of a sequence alone", o, all + p->at * row, p->one->n * row * sizeof *o);
    fx_same_bits("lse of a sequence alone", lse, all + p->all->n * row + p->at * h, p->one->n * h * sizeof *o);
    free(o);
    free(lse);
}

/* dq, dk, dv. */
static float *
run_backward(struct clgrpo_context *ctx, void *problem, size_t *n)
{
    struct attention_case *c = ((struct attention_problem *)problem)->all;
    struct attention_gradients g = attention_case_backward(ctx, c);
    const size_t kv = c->n * c->shape.K * c->shape.D;

    *n = c->n * c->shape.H * c->shape.D;
    return join(join(g.dq, n, g.dk, kv), n, g.dv, kv);
}

static struct attention_gradients
parts(const struct attention_case *c, const float *all)
{
    const size_t q = c->n * c->shape.H * c->shape.D, kv = c->n * c->shape.K * c->shape.D;
    float *at = (float *)(uintptr_t)all;

    return (struct attention_gradients){at, at + q, at + q + kv};
}

static void
verify_backward(const void *problem, const float *all, bool chain)
{
    const struct attention_case *c = ((const struct attention_problem *)problem)->all;
    const struct attention_gradients got = parts(c, all);

    (void)chain;
    attention_backward_verify(c, &got);
}

static void
backward_alone(struct clgrpo_context *ctx, void *problem, const float *all)
{
    const struct attention_problem *p = problem;
    const struct attention_gradients in_all = parts(p->all, all);
    struct attention_gradients g = attention_case_backward(ctx, p->one);
    const size_t q = p->all->shape.H * p->all->shape.D, kv = p->all->shape.K * p->all->shape.D, n = p->one->n;

    fx_same_bits("dq of a sequence alone", g.dq, in_all.dq + p->at * q, n * q * sizeof *g.dq);
    fx_same_bits("dk of a sequence alone", g.dk, in_all.dk + p->at * kv, n * kv * sizeof *g.dk);
    fx_same_bits("dv of a sequence alone", g.dv, in_all.dv + p->at * kv, n * kv * sizeof *g.dv);
    attention_gradients_free(&g);
}

static void
destroy_attention(void *problem)
{
    struct attention_problem *p = problem;

    attention_case_destroy(p->all);
    attention_case_destroy(p->one);
    free(p);
}

const struct candidate_kind candidate_attention = {make_attention, run_forward, verify_forward, forward_alone,
                                                   destroy_attention};
const struct candidate_kind candidate_attention_backward = {make_attention, run_backward, verify_backward,
                                                            backward_alone, destroy_attention};

/* ---- Log-probabilities ---- */

static void *
make_logprob(struct clgrpo_context *ctx, size_t m, size_t n, size_t k)
{
    struct head *h = malloc(sizeof *h);

    ck_assert_ptr_nonnull(h);
    *h = head_make(ctx, (struct shape){m, k, n}, true, 0.7f);
    ref_linear_logprob(&h->ref);
    return h;
}

/* logprob, lse, entropy. */
static float *
run_logprob(struct clgrpo_context *ctx, void *problem, size_t *n)
{
    struct head *h = problem;
    float *all;

    head_forward(ctx, h);
    *n = h->s.n;
    all = fx_download(ctx, &h->fwd.logprob);
    all = join(all, n, fx_download(ctx, &h->fwd.lse), h->s.n);
    return join(all, n, fx_download(ctx, &h->fwd.entropy), h->s.n);
}

static void
verify_logprob(const void *problem, const float *all, bool chain)
{
    const struct head *h = problem;
    const size_t n = h->s.n;
    double *size = malloc(n * sizeof *size);

    (void)chain;
    for (size_t i = 0; i < n; i++)
        size[i] = h->ref.size[i] * (1.0 + h->ref.entropy[i]);
    fx_close("logprob", all, h->ref.logprob, h->ref.size, n, 2.0, h->s.e);
    fx_close("lse", all + n, h->ref.lse, h->ref.size, n, 2.0, h->s.e);
    fx_close("entropy", all + 2 * n, h->ref.entropy, size, n, 2.0, h->s.e);
    free(size);
}

static void
logprob_alone(struct clgrpo_context *ctx, void *problem, const float *all)
{
    const struct head *h = problem;
    const size_t row = h->s.n / 2;
    struct head one = *h;
    float *got;
    size_t n;

    one.s.n = 1;
    one.fwd.x.offset += row * one.fwd.x.stride[0];
    one.fwd.target.offset += row;
    one.fwd.x.shape[0] = one.fwd.target.shape[0] = 1;
    one.fwd.logprob = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(1));
    one.fwd.lse = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(1));
    one.fwd.entropy = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(1));
    one.fwd.workspace = (struct clgrpo_workspace){0};
    got = run_logprob(ctx, &one, &n);
    for (size_t i = 0; i < n; i++)
        fx_same_bits("a row alone", got + i, all + i * h->s.n + row, sizeof *got);
    free(got);
    fx_release_all(&one.fwd.logprob, &one.fwd.lse, &one.fwd.entropy);
    fx_workspace_release(&one.fwd.workspace);
}

static void
destroy_logprob(void *problem)
{
    head_release(problem);
    free(problem);
}

const struct candidate_kind candidate_logprob = {make_logprob, run_logprob, verify_logprob, logprob_alone,
                                                 destroy_logprob};
