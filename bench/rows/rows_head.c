/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "peers/peers.h"
#include "rows/plan.h"
#include "rows/row_groups.h"

/* Calls on the same tensors, which belong to the forward plan. */
struct head {
    struct plan forward; /* with log-probabilities and entropies */
    struct plan alone;   /* with log-probabilities only */
    struct plan both;    /* forward and backward */
};

struct shape {
    size_t n, e, v;
    bool large; /* for large machines only */
};
static const struct shape shapes[] = {
    {4096, 128, 1024, false},   {512, 576, 49152, false},    {1024, 896, 151936, true},   {4096, 896, 151936, true},
    {16384, 896, 151936, true}, {1024, 2048, 128256, true},  {4096, 2048, 128256, true},  {16384, 2048, 128256, true},
    {1024, 4096, 128256, true}, {4096, 4096, 128256, true},  {16384, 4096, 128256, true}, {1024, 2304, 256000, true},
    {4096, 2304, 256000, true}, {16384, 2304, 256000, true},
};

static void
prepare(struct bench *b, enum clgrpo_dtype dtype, const struct shape *s, struct head *h)
{
    struct clgrpo_linear_logprob_args fwd = CLGRPO_LINEAR_LOGPROB_ARGS_INIT;
    struct clgrpo_linear_logprob_backward_args bwd = CLGRPO_LINEAR_LOGPROB_BACKWARD_ARGS_INIT;
    struct plan *p = &h->forward;

    h->forward = h->alone = h->both = (struct plan){.b = b};
    fwd.target = bwd.target = plan_indices(p, s->n, 1, 7919, s->v);
    fwd.x = bwd.x = plan_random(p, dtype, 2, BENCH_SHAPE(s->n, s->e));
    fwd.w = bwd.w = plan_random(p, dtype, 2, BENCH_SHAPE(s->v, s->e));
    fwd.logprob = plan_vector(p, s->n);
    fwd.lse = bwd.lse = plan_vector(p, s->n);
    fwd.entropy = plan_vector(p, s->n);
    bwd.dlogprob = plan_vector(p, s->n);
    bwd.dx = plan_matrix(p, s->n, s->e);
    bwd.dw = plan_matrix(p, s->v, s->e);
    PLAN_WITH_SPACE(&h->forward, linear_logprob, fwd);
    PLAN(&h->both, linear_logprob, fwd);
    PLAN_WITH_SPACE(&h->both, linear_logprob_backward, bwd);
    fwd.entropy.buf = NULL;
    PLAN(&h->alone, linear_logprob, fwd);
}

static void
release(struct head *h)
{
    plan_release(&h->forward);
    plan_release(&h->alone);
    plan_release(&h->both);
}

/* Most memory goes to the weights and their gradient. */
static bool
wanted(struct bench *b, const struct shape *s, const char *row, double flop)
{
    const double weights = 4.0 * (double)(s->v * s->e);
    const struct bench_need need = {2.0 * weights + 16.0 * (double)(s->n * s->e), weights, flop};

    return s->large ? bench_wanted_large(b, row, &need) : bench_wanted(b, row);
}

/* The larger of the two workspaces, as a share of the logits, which are never stored. */
static void
memory_row(struct bench *b, const char *name, const struct shape *s, const struct head *h)
{
    const double logits = 4.0 * (double)(s->n * s->v), fwd = (double)h->forward.calls[0].space.bytes,
                 bwd = (double)h->both.calls[1].space.bytes, mib = 1.0 / (1 << 20);
    struct bench_row row = {.kind = BENCH_OTHER, .unit = "MiB", .limit_name = "logits", .rounds = 1};

    if (b->failed)
        return;
    snprintf(row.row, sizeof row.row, "%s", name);
    row.value = mib * (fwd > bwd ? fwd : bwd);
    row.limit = mib * logits;
    row.ratio = row.value / row.limit;
    bench_add_row(b, &row);
}

/* Log-probabilities with entropies; the peer is log-probabilities without them. */
static void
entropy_row(struct bench *b, const char *name, const struct bench_case *fwd, struct head *h)
{
    struct bench_case c = *fwd;

    snprintf(c.row, sizeof c.row, "%s", name);
    bench_add_own(&c, "without", plan_run, &h->alone, 0);
    bench_run(b, &c);
}

enum { FORWARD, BOTH, ENTROPY, MEMORY, N_ROWS };

/* With weights in bf16 the peer is the same in f32; the rows of entropy and memory are of f32 alone. */
static void
head_rows(struct bench *b, enum clgrpo_dtype dtype, const struct shape *s)
{
    static const char *const kinds[N_ROWS] = {"fwd", "fwdbwd", "entropy", "memory"};
    const double gemm = 2.0 * (double)(s->n * s->e) * (double)s->v,
                 io = (double)clgrpo_dtype_bytes(dtype) * (double)s->e * (double)(s->n + s->v);
    static struct head h, f32;
    struct bench_case fwd = {.kind = BENCH_FLOP, .work = gemm, .bytes = io, .run = plan_run, .arg = &h.forward};
    struct bench_case both = {
        .kind = BENCH_FLOP, .work = 4.0 * gemm, .bytes = 3.0 * io, .run = plan_run, .arg = &h.both};
    struct peer_naive *naive;
    char names[N_ROWS][80];
    bool want[N_ROWS] = {false}, any = false;

    for (int i = 0; i < (dtype == CLGRPO_F32 ? N_ROWS : ENTROPY); i++) {
        snprintf(names[i], sizeof names[i], "linear_logprob.%s.%s.%zux%zux%zu", kinds[i], bench_dtype_name(dtype), s->n,
                 s->e, s->v);
        want[i] = wanted(b, s, names[i], i == MEMORY ? 0.0 : i == BOTH ? both.work : gemm);
        any = any || want[i];
    }
    if (!any)
        return;
    prepare(b, dtype, s, &h);
    if (want[ENTROPY])
        entropy_row(b, names[ENTROPY], &fwd, &h);
    if (want[MEMORY])
        memory_row(b, names[MEMORY], s, &h);
    if (dtype != CLGRPO_F32) {
        prepare(b, CLGRPO_F32, s, &f32);
        bench_add_own(&fwd, "f32", plan_run, &f32.forward, 0);
        bench_add_own(&both, "f32", plan_run, &f32.both, 0);
    }
    snprintf(fwd.row, sizeof fwd.row, "%s", names[FORWARD]);
    snprintf(both.row, sizeof both.row, "%s", names[BOTH]);
    if (want[FORWARD]) {
        naive = peer_add_naive_logprob(b, &fwd, &h.forward.calls[0].args.linear_logprob);
        bench_run(b, &fwd);
        peer_naive_destroy(naive);
    }
    if (want[BOTH])
        bench_run(b, &both);
    release(&h);
    release(&f32);
}

void
rows_head(struct bench *b)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        head_rows(b, CLGRPO_F32, &shapes[i]);
        if (!shapes[i].large)
            head_rows(b, CLGRPO_BF16, &shapes[i]);
    }
}
