/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "naive.h"

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
    cl_int *target = calloc(n + 1, sizeof *target);
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

static void
head_rows(struct bench *b, enum clgrpo_dtype dtype, const char *type, size_t n, size_t e, size_t v)
{
    const double gemm = 2.0 * (double)n * (double)e * (double)v,
                 io = (double)clgrpo_dtype_bytes(dtype) * (double)e * (double)(n + v);
    struct bench_case fwd = {.kind = BENCH_FLOP, .work = gemm, .bytes = io, .run = run_forward};
    struct bench_case both = {.kind = BENCH_FLOP, .work = 4.0 * gemm, .bytes = 3.0 * io, .run = run_both};
    struct head h = {0}, f32 = {0};
    struct bench_naive *naive;

    snprintf(fwd.row, sizeof fwd.row, "linear_logprob.fwd.%s.%zux%zux%zu", type, n, e, v);
    snprintf(both.row, sizeof both.row, "linear_logprob.fwdbwd.%s.%zux%zux%zu", type, n, e, v);
    if (!bench_wanted(b, fwd.row) && !bench_wanted(b, both.row))
        return;
    prepare(b, dtype, n, e, v, &h);
    fwd.arg = both.arg = &h;
    if (dtype != CLGRPO_F32) {
        prepare(b, CLGRPO_F32, n, e, v, &f32);
        bench_add_own(&fwd, "f32", run_forward, &f32, 0);
        bench_add_own(&both, "f32", run_both, &f32, 0);
    }
    naive = bench_naive_logprob(b, &fwd, &h.fwd);
    bench_run(b, &fwd);
    bench_run(b, &both);
    bench_naive_destroy(naive);
    release(&h);
    release(&f32);
}

/* The simt family takes no weights of halves. */
void
bench_head(struct bench *b)
{
    head_rows(b, CLGRPO_F32, "f32", 4096, 128, 1024);
    head_rows(b, CLGRPO_F32, "f32", 512, 576, 49152);
    if (b->info.family != CLGRPO_FAMILY_CPU)
        return;
    head_rows(b, CLGRPO_BF16, "bf16", 4096, 128, 1024);
    head_rows(b, CLGRPO_BF16, "bf16", 512, 576, 49152);
}
