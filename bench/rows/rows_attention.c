/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "peers/peers.h"
#include "rows/rows.h"

struct attention {
    struct clgrpo_attention_args fwd;
    struct clgrpo_attention_backward_args bwd;
};

/* Lengths that run evenly from shortest to longest, or as rollouts: by equal factors, with a quarter cut at longest. */
enum lengths { EVEN, ROLLOUTS };
enum { MAX_COUNT = 64 };
/* One batch of `count` sequences. */
struct shape {
    const char *label;
    size_t heads, kv_heads, dim, count, shortest, longest;
    enum lengths lengths;
    bool full; /* without the causal mask */
    bool large;
};
static const struct shape shapes[] = {
    {"d64.s1024.causal", 8, 8, 64, 1, 1024, 1024, EVEN, false, false},
    {"d64.s2048.causal", 8, 8, 64, 1, 2048, 2048, EVEN, false, false},
    {"d64.s4096.causal", 4, 4, 64, 1, 4096, 4096, EVEN, false, false},
    {"d64.s8192.causal", 2, 2, 64, 1, 8192, 8192, EVEN, false, false},
    {"d128.s1024.causal", 8, 8, 128, 1, 1024, 1024, EVEN, false, false},
    {"d128.s2048.causal", 4, 4, 128, 1, 2048, 2048, EVEN, false, false},
    {"d128.s4096.causal", 4, 4, 128, 1, 4096, 4096, EVEN, false, false},
    {"d64.gqa4.s2048.causal", 8, 2, 64, 1, 2048, 2048, EVEN, false, false},
    {"d64.s1024.full", 8, 8, 64, 1, 1024, 1024, EVEN, true, false},
    {"d128.gqa32-8.s1024.causal", 32, 8, 128, 1, 1024, 1024, EVEN, false, false},
    {"d128.gqa28-4.s1024.causal", 28, 4, 128, 1, 1024, 1024, EVEN, false, false},
    {"d32.packed.32x50-300", 4, 4, 32, 32, 50, 300, EVEN, false, false},
    {"d64.rollouts.48x64-1024", 8, 2, 64, 48, 64, 1024, ROLLOUTS, false, false},
    {"d64.s16384.causal", 1, 1, 64, 1, 16384, 16384, EVEN, false, true},
    {"d64.h32.8x2048.causal", 32, 32, 64, 8, 2048, 2048, EVEN, false, true},
    {"d64.h32.2x8192.causal", 32, 32, 64, 2, 8192, 8192, EVEN, false, true},
    {"d64.h32.s16384.causal", 32, 32, 64, 1, 16384, 16384, EVEN, false, true},
    {"d128.s8192.causal", 2, 2, 128, 1, 8192, 8192, EVEN, false, true},
    {"d128.h16.8x2048.causal", 16, 16, 128, 8, 2048, 2048, EVEN, false, true},
    {"d128.h16.s16384.causal", 16, 16, 128, 1, 16384, 16384, EVEN, false, true},
    {"d128.h16.8x2048.full", 16, 16, 128, 8, 2048, 2048, EVEN, true, true},
};

static enum clgrpo_status
run_forward(struct bench *b, void *arg)
{
    return clgrpo_attention(b->ctx, &((struct attention *)arg)->fwd, b->queue, 0, NULL, NULL);
}

static enum clgrpo_status
run_backward(struct bench *b, void *arg)
{
    return clgrpo_attention_backward(b->ctx, &((struct attention *)arg)->bwd, b->queue, 0, NULL, NULL);
}

static size_t
length_of(const struct shape *s, size_t i)
{
    const double at = s->count > 1 ? (double)i / (double)(s->count - 1) : 1.0;

    if (s->lengths == EVEN)
        return s->shortest + (size_t)((double)(s->longest - s->shortest) * at);
    return (size_t)((double)s->shortest * pow((double)s->longest / (double)s->shortest, fmin(at / 0.75, 1.0)) + 0.5);
}

/* offsets[0..count]; returns (query, key) pairs of the mask. */
static double
layout(const struct shape *s, cl_int *offsets)
{
    double pairs = 0.0;

    offsets[0] = 0;
    for (size_t i = 0; i < s->count; i++) {
        const double n = (double)length_of(s, i);

        offsets[i + 1] = offsets[i] + (cl_int)n;
        pairs += s->full ? n * n : 0.5 * n * (n + 1.0);
    }
    return pairs;
}

/* prefix[0..count-1], or NULL */
static void
prepare(struct bench *b, const struct shape *s, const cl_int *offsets, const cl_int *prefix, struct attention *a)
{
    struct clgrpo_attention_args fwd = CLGRPO_ATTENTION_ARGS_INIT;
    struct clgrpo_attention_backward_args bwd = CLGRPO_ATTENTION_BACKWARD_ARGS_INIT;
    size_t n = (size_t)offsets[s->count], bytes = 0;

    fwd.q = bwd.q = bench_random(b, 3, BENCH_SHAPE(n, s->heads, s->dim));
    fwd.k = bwd.k = bench_random(b, 3, BENCH_SHAPE(n, s->kv_heads, s->dim));
    fwd.v = bwd.v = bench_random(b, 3, BENCH_SHAPE(n, s->kv_heads, s->dim));
    fwd.o = bwd.o = bench_random(b, 3, BENCH_SHAPE(n, s->heads, s->dim));
    fwd.lse = bwd.lse = bench_random(b, 2, BENCH_SHAPE(n, s->heads));
    fwd.offsets = bwd.offsets = bench_ints(b, s->count + 1, offsets);
    if (prefix != NULL)
        fwd.prefix = bwd.prefix = bench_ints(b, s->count, prefix);
    bwd.dout = bench_random(b, 3, BENCH_SHAPE(n, s->heads, s->dim));
    bwd.dq = bench_random(b, 3, BENCH_SHAPE(n, s->heads, s->dim));
    bwd.dk = bench_random(b, 3, BENCH_SHAPE(n, s->kv_heads, s->dim));
    bwd.dv = bench_random(b, 3, BENCH_SHAPE(n, s->kv_heads, s->dim));
    fwd.max_len = bwd.max_len = s->longest;
    fwd.causal = bwd.causal = !s->full;
    fwd.scale = bwd.scale = 1.0f / sqrtf((float)s->dim);
    bench_ok(b, clgrpo_attention_workspace(b->ctx, &fwd, &bytes), s->label);
    fwd.workspace = bench_workspace(b, bytes);
    bench_ok(b, clgrpo_attention_backward_workspace(b->ctx, &bwd, &bytes), s->label);
    bwd.workspace = bench_workspace(b, bytes);
    a->fwd = fwd;
    a->bwd = bwd;
}

static void
release(struct attention *a)
{
    struct clgrpo_tensor *all[] = {&a->fwd.q,      &a->fwd.k,    &a->fwd.v,  &a->fwd.o,  &a->fwd.lse, &a->fwd.offsets,
                                   &a->fwd.prefix, &a->bwd.dout, &a->bwd.dq, &a->bwd.dk, &a->bwd.dv};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        bench_release(all[i]);
    bench_release_workspace(&a->fwd.workspace);
    bench_release_workspace(&a->bwd.workspace);
}

/*
 * `count` continuations of one prefix, which is in the batch once; the peer is the batch in which each carries it
 * itself. What binds is that one's speed, as both count the same work: times the pairs that need not be visited again.
 */
struct family {
    const char *label;
    size_t heads, kv_heads, dim, count, past, length;
};
static const struct family families[] = {
    {"d64.g4.p512.l256", 8, 2, 64, 4, 512, 256},     {"d64.g16.p512.l256", 8, 2, 64, 16, 512, 256},
    {"d64.g8.p512.l1024", 8, 2, 64, 8, 512, 1024},   {"d128.g8.p512.l256", 8, 2, 128, 8, 512, 256},
    {"d64.g8.p4096.l256", 2, 2, 64, 8, 4096, 256},   {"d64.g4.p4096.l1024", 2, 2, 64, 4, 4096, 1024},
    {"d64.g16.p4096.l256", 2, 2, 64, 16, 4096, 256},
};

static void
family_rows(struct bench *b, const struct family *f)
{
    const double past = (double)f->past, length = (double)f->length, n = (double)f->count;
    const double own = 0.5 * length * (length + 1.0) + past * length, alone = 0.5 * past * (past + 1.0);
    const struct shape one = {.heads = f->heads,
                              .kv_heads = f->kv_heads,
                              .dim = f->dim,
                              .count = f->count,
                              .shortest = f->past + f->length,
                              .longest = f->past + f->length};
    struct shape shared = one;
    struct bench_case fwd = {.kind = BENCH_FLOP}, bwd = {.kind = BENCH_FLOP};
    struct attention a[2] = {0};
    cl_int offsets[MAX_COUNT + 2] = {0, (cl_int)f->past}, repeated[MAX_COUNT + 1], prefix[MAX_COUNT + 1] = {-1};

    snprintf(fwd.row, sizeof fwd.row, "attention.prefix.fwd.f32.%s", f->label);
    snprintf(bwd.row, sizeof bwd.row, "attention.prefix.bwd.f32.%s", f->label);
    if (!bench_wanted(b, fwd.row) && !bench_wanted(b, bwd.row))
        return;
    for (size_t i = 1; i <= f->count; i++)
        offsets[i + 1] = offsets[i] + (cl_int)f->length;
    shared.count++;
    shared.longest = f->past > f->length ? f->past : f->length;
    layout(&one, repeated);
    prepare(b, &shared, offsets, prefix, &a[0]);
    prepare(b, &one, repeated, NULL, &a[1]);
    fwd.run = run_forward;
    bwd.run = run_backward;
    fwd.arg = bwd.arg = &a[0];
    bench_add_own(&fwd, "repeated", run_forward, &a[1], 0);
    bench_add_own(&bwd, "repeated", run_backward, &a[1], 0);
    fwd.work = 4.0 * (alone + n * own) * (double)(f->heads * f->dim);
    bwd.work = 2.5 * fwd.work;
    fwd.peer_limit = bwd.peer_limit = n * (alone + own) / (alone + n * own);
    if (!b->failed)
        bench_run(b, &fwd);
    if (!b->failed && bench_ok(b, run_forward(b, &a[0]), fwd.row) && bench_ok(b, run_forward(b, &a[1]), fwd.row))
        bench_run(b, &bwd);
    release(&a[0]);
    release(&a[1]);
}

/* Of a row that takes `flop`: five tensors of queries' size there, and as many of keys' size. */
static bool
wanted(struct bench *b, const struct shape *s, size_t tokens, const char *row, double flop)
{
    const double largest = 4.0 * (double)(tokens * s->heads * s->dim);
    const struct bench_need need = {8.0 * largest, largest, flop};

    return s->large ? bench_wanted_large(b, row, &need) : bench_wanted(b, row);
}

void
rows_attention(struct bench *b)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const struct shape *s = &shapes[i];
        struct bench_case fwd = {.kind = BENCH_FLOP, .run = run_forward},
                          bwd = {.kind = BENCH_FLOP, .run = run_backward};
        struct attention a = {0};
        struct peer_naive *naive;
        cl_int offsets[MAX_COUNT + 1];
        double pairs;
        bool forward, backward;

        snprintf(fwd.row, sizeof fwd.row, "attention.fwd.f32.%s", s->label);
        snprintf(bwd.row, sizeof bwd.row, "attention.bwd.f32.%s", s->label);
        pairs = layout(s, offsets);
        fwd.work = 4.0 * pairs * (double)(s->heads * s->dim); /* two products */
        bwd.work = 2.5 * fwd.work;                            /* nominally five */
        forward = wanted(b, s, (size_t)offsets[s->count], fwd.row, fwd.work);
        backward = wanted(b, s, (size_t)offsets[s->count], bwd.row, bwd.work);
        if (!forward && !backward)
            continue;
        prepare(b, s, offsets, NULL, &a);
        fwd.arg = bwd.arg = &a;
        fwd.bytes = 4.0 * (double)(a.fwd.q.shape[0] * (2 * s->heads * s->dim + 2 * s->kv_heads * s->dim + s->heads));
        bwd.bytes = 4.0 * (double)(a.fwd.q.shape[0] * (4 * s->heads * s->dim + 4 * s->kv_heads * s->dim + s->heads));
        if (forward && !b->failed) {
            naive = peer_add_naive_attention(b, &fwd, &a.fwd);
            bench_run(b, &fwd);
            peer_naive_destroy(naive);
        }
        if (backward && !b->failed && bench_ok(b, run_forward(b, &a), fwd.row))
            bench_run(b, &bwd);
        release(&a);
    }
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        family_rows(b, &families[i]);
}
