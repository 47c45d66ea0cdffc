/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "peers/peers.h"
#include "rows/rows.h"

struct head {
    struct clgrpo_linear_logprob_args fwd;
    struct clgrpo_linear_logprob_backward_args bwd;
};

static enum clgrpo_status
run_forward(struct bench *b, void *arg)
{
    return clgrpo_linear_logprob(b->ctx, &((struct head *)arg)->fwd, b->queue, 0, NULL, NULL);
}

static enum clgrpo_status
run_both(struct bench *b, void *arg)
{
    struct head *h = arg;
    enum clgrpo_status st = clgrpo_linear_logprob(b->ctx, &h->fwd, b->queue, 0, NULL, NULL);

    return st != CLGRPO_OK ? st : clgrpo_linear_logprob_backward(b->ctx, &h->bwd, b->queue, 0, NULL, NULL);
}

static void
prepare(struct bench *b, enum clgrpo_dtype dtype, size_t n, size_t e, size_t v, struct head *h)
{
    struct clgrpo_linear_logprob_args fwd = CLGRPO_LINEAR_LOGPROB_ARGS_INIT;
    struct clgrpo_linear_logprob_backward_args bwd = CLGRPO_LINEAR_LOGPROB_BACKWARD_ARGS_INIT;
    cl_int *target = bench_alloc(b, n + 1, sizeof *target);
    size_t bytes = 0;

    for (size_t i = 0; target != NULL && i < n; i++)
        target[i] = (cl_int)(i * 7919 % v);
    fwd.x = bwd.x = bench_random_as(b, dtype, 2, BENCH_SHAPE(n, e));
    fwd.w = bwd.w = bench_random_as(b, dtype, 2, BENCH_SHAPE(v, e));
    fwd.target = bwd.target = bench_ints(b, n, target);
    fwd.logprob = bench_random(b, 1, BENCH_SHAPE(n));
    fwd.lse = bwd.lse = bench_random(b, 1, BENCH_SHAPE(n));
    fwd.entropy = bench_random(b, 1, BENCH_SHAPE(n));
    bwd.dlogprob = bench_random(b, 1, BENCH_SHAPE(n));
    bwd.dx = bench_random(b, 2, BENCH_SHAPE(n, e));
    bwd.dw = bench_random(b, 2, BENCH_SHAPE(v, e));
    bench_ok(b, clgrpo_linear_logprob_workspace(b->ctx, &fwd, &bytes), "linear_logprob");
    fwd.workspace = bench_workspace(b, bytes);
    bench_ok(b, clgrpo_linear_logprob_backward_workspace(b->ctx, &bwd, &bytes), "linear_logprob");
    bwd.workspace = bench_workspace(b, bytes);
    h->fwd = fwd;
    h->bwd = bwd;
    free(target);
}

static void
release(struct head *h)
{
    struct clgrpo_tensor *all[] = {&h->fwd.x,       &h->fwd.w,        &h->fwd.target, &h->fwd.logprob, &h->fwd.lse,
                                   &h->fwd.entropy, &h->bwd.dlogprob, &h->bwd.dx,     &h->bwd.dw};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        bench_release(all[i]);
    bench_release_workspace(&h->fwd.workspace);
    bench_release_workspace(&h->bwd.workspace);
}

struct shape {
    size_t n, e, v;
    bool large;
};
static const struct shape shapes[] = {
    {4096, 128, 1024, false},   {512, 576, 49152, false},    {1024, 896, 151936, true},   {4096, 896, 151936, true},
    {16384, 896, 151936, true}, {1024, 2048, 128256, true},  {4096, 2048, 128256, true},  {16384, 2048, 128256, true},
    {1024, 4096, 128256, true}, {4096, 4096, 128256, true},  {16384, 4096, 128256, true}, {1024, 2304, 256000, true},
    {4096, 2304, 256000, true}, {16384, 2304, 256000, true},
};

/* The weights and their gradient are what is large. */
static bool
wanted(struct bench *b, const struct shape *s, const char *row, double flop)
{
    const double weights = 4.0 * (double)(s->v * s->e);
    const struct bench_need need = {2.0 * weights + 16.0 * (double)(s->n * s->e), weights, flop};

    return s->large ? bench_wanted_large(b, row, &need) : bench_wanted(b, row);
}

/* The larger workspace, as a share of the logits that are never stored. */
static void
memory_row(struct bench *b, const char *name, const struct shape *s, const struct head *h)
{
    const double logits = 4.0 * (double)(s->n * s->v), fwd = (double)h->fwd.workspace.bytes,
                 bwd = (double)h->bwd.workspace.bytes, mib = 1.0 / (1 << 20);
    struct bench_row row = {.kind = BENCH_OTHER, .unit = "MiB", .limit_name = "logits", .rounds = 1};

    if (b->failed)
        return;
    snprintf(row.row, sizeof row.row, "%s", name);
    row.value = mib * (fwd > bwd ? fwd : bwd);
    row.limit = mib * logits;
    row.ratio = row.value / row.limit;
    bench_add_row(b, &row);
}

/* Log-probabilities with entropies, beside those alone. */
static void
entropy_row(struct bench *b, const char *name, const struct bench_case *fwd, const struct head *h)
{
    struct bench_case c = *fwd;
    struct head alone = *h;

    snprintf(c.row, sizeof c.row, "%s", name);
    alone.fwd.entropy.buf = NULL;
    bench_add_own(&c, "without", run_forward, &alone, 0);
    bench_run(b, &c);
}

enum { FORWARD, BOTH, ENTROPY, MEMORY, N_ROWS };

/* Halves beside f32; entropy and memory of f32 alone. */
static void
head_rows(struct bench *b, enum clgrpo_dtype dtype, const char *type, const struct shape *s)
{
    static const char *const kinds[N_ROWS] = {"fwd", "fwdbwd", "entropy", "memory"};
    const double gemm = 2.0 * (double)(s->n * s->e) * (double)s->v,
                 io = (double)clgrpo_dtype_bytes(dtype) * (double)s->e * (double)(s->n + s->v);
    struct bench_case fwd = {.kind = BENCH_FLOP, .work = gemm, .bytes = io, .run = run_forward};
    struct bench_case both = {.kind = BENCH_FLOP, .work = 4.0 * gemm, .bytes = 3.0 * io, .run = run_both};
    struct head h = {0}, f32 = {0};
    struct peer_naive *naive;
    char names[N_ROWS][80];
    bool want[N_ROWS] = {false}, any = false;

    for (int i = 0; i < (dtype == CLGRPO_F32 ? N_ROWS : ENTROPY); i++) {
        snprintf(names[i], sizeof names[i], "linear_logprob.%s.%s.%zux%zux%zu", kinds[i], type, s->n, s->e, s->v);
        want[i] = wanted(b, s, names[i], i == MEMORY ? 0.0 : i == BOTH ? both.work : gemm);
        any = any || want[i];
    }
    if (!any)
        return;
    prepare(b, dtype, s->n, s->e, s->v, &h);
    fwd.arg = both.arg = &h;
    if (want[ENTROPY])
        entropy_row(b, names[ENTROPY], &fwd, &h);
    if (want[MEMORY])
        memory_row(b, names[MEMORY], s, &h);
    if (dtype != CLGRPO_F32) {
        prepare(b, CLGRPO_F32, s->n, s->e, s->v, &f32);
        bench_add_own(&fwd, "f32", run_forward, &f32, 0);
        bench_add_own(&both, "f32", run_both, &f32, 0);
    }
    snprintf(fwd.row, sizeof fwd.row, "%s", names[FORWARD]);
    snprintf(both.row, sizeof both.row, "%s", names[BOTH]);
    if (want[FORWARD]) {
        naive = peer_add_naive_logprob(b, &fwd, &h.fwd);
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
        head_rows(b, CLGRPO_F32, "f32", &shapes[i]);
        if (!shapes[i].large)
            head_rows(b, CLGRPO_BF16, "bf16", &shapes[i]);
    }
}
