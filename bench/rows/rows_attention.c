/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>

#include "peers/peers.h"
#include "rows/plan.h"
#include "rows/row_groups.h"

/* A forward and a backward call on the same tensors, which belong to the forward plan. */
struct attention {
    struct plan forward, backward;
};

/* The lengths of a batch's sequences: from the shortest to the longest by equal steps, or as of rollouts: by equal
 * factors, and the last quarter has the longest, at which rollouts are cut off. */
enum lengths { EVEN, ROLLOUTS };
enum { MAX_COUNT = 64 };

/* A batch of `count` sequences. */
struct shape {
    const char *label;
    size_t heads, kv_heads, dim, count, shortest, longest;
    enum lengths lengths;
    bool full;   /* without the causal mask */
    bool large;  /* for large machines only */
    bool halves; /* in f16 and bf16 too */
};
static const struct shape shapes[] = {
    {"d64.s1024.causal", 8, 8, 64, 1, 1024, 1024, EVEN, false, false, true},
    {"d64.s2048.causal", 8, 8, 64, 1, 2048, 2048, EVEN, false, false, false},
    {"d64.s4096.causal", 4, 4, 64, 1, 4096, 4096, EVEN, false, false, true},
    {"d64.s8192.causal", 2, 2, 64, 1, 8192, 8192, EVEN, false, false, false},
    {"d128.s1024.causal", 8, 8, 128, 1, 1024, 1024, EVEN, false, false, false},
    {"d128.s2048.causal", 4, 4, 128, 1, 2048, 2048, EVEN, false, false, true},
    {"d128.s4096.causal", 4, 4, 128, 1, 4096, 4096, EVEN, false, false, false},
    {"d64.gqa4.s2048.causal", 8, 2, 64, 1, 2048, 2048, EVEN, false, false, true},
    {"d64.s1024.full", 8, 8, 64, 1, 1024, 1024, EVEN, true, false, false},
    {"d128.gqa32-8.s1024.causal", 32, 8, 128, 1, 1024, 1024, EVEN, false, false, false},
    {"d128.gqa28-4.s1024.causal", 28, 4, 128, 1, 1024, 1024, EVEN, false, false, false},
    {"d32.packed.32x50-300", 4, 4, 32, 32, 50, 300, EVEN, false, false, true},
    {"d64.rollouts.48x64-1024", 8, 2, 64, 48, 64, 1024, ROLLOUTS, false, false, false},
    {"d64.s16384.causal", 1, 1, 64, 1, 16384, 16384, EVEN, false, true, false},
    {"d64.h32.8x2048.causal", 32, 32, 64, 8, 2048, 2048, EVEN, false, true, false},
    {"d64.h32.2x8192.causal", 32, 32, 64, 2, 8192, 8192, EVEN, false, true, false},
    {"d64.h32.s16384.causal", 32, 32, 64, 1, 16384, 16384, EVEN, false, true, false},
    {"d128.s8192.causal", 2, 2, 128, 1, 8192, 8192, EVEN, false, true, false},
    {"d128.h16.8x2048.causal", 16, 16, 128, 8, 2048, 2048, EVEN, false, true, false},
    {"d128.h16.s16384.causal", 16, 16, 128, 1, 16384, 16384, EVEN, false, true, false},
    {"d128.h16.8x2048.full", 16, 16, 128, 8, 2048, 2048, EVEN, true, true, false},
};

static size_t
length_of(const struct shape *s, size_t i)
{
    const double at = s->count > 1 ? (double)i / (double)(s->count - 1) : 1.0;

    if (s->lengths == EVEN)
        return s->shortest + (size_t)((double)(s->longest - s->shortest) * at);
    return (size_t)((double)s->shortest * pow((double)s->longest / (double)s->shortest, fmin(at / 0.75, 1.0)) + 0.5);
}

/* Fills in offsets[0..count], and returns how many pairs of query and key the mask leaves. */
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

/* prefix [count], or NULL: without shared prefixes. */
static void
prepare(struct bench *b, const struct shape *s, enum clgrpo_dtype type, const cl_int *offsets, const cl_int *prefix,
        struct attention *a)
{
    struct clgrpo_attention_args fwd = CLGRPO_ATTENTION_ARGS_INIT;
    struct clgrpo_attention_backward_args bwd = CLGRPO_ATTENTION_BACKWARD_ARGS_INIT;
    struct plan *p = &a->forward;
    const size_t n = (size_t)offsets[s->count];

    a->forward = a->backward = (struct plan){.b = b};
    fwd.q = bwd.q = plan_random(p, type, 3, BENCH_SHAPE(n, s->heads, s->dim));
    fwd.k = bwd.k = plan_random(p, type, 3, BENCH_SHAPE(n, s->kv_heads, s->dim));
    fwd.v = bwd.v = plan_random(p, type, 3, BENCH_SHAPE(n, s->kv_heads, s->dim));
    fwd.o = bwd.o = plan_random(p, type, 3, BENCH_SHAPE(n, s->heads, s->dim));
    fwd.lse = bwd.lse = plan_matrix(p, n, s->heads);
    fwd.offsets = bwd.offsets = plan_ints(p, s->count + 1, offsets);
    if (prefix != NULL)
        fwd.prefix = bwd.prefix = plan_ints(p, s->count, prefix);
    bwd.dout = plan_random(p, type, 3, BENCH_SHAPE(n, s->heads, s->dim));
    bwd.dq = plan_random(p, type, 3, BENCH_SHAPE(n, s->heads, s->dim));
    bwd.dk = plan_random(p, type, 3, BENCH_SHAPE(n, s->kv_heads, s->dim));
    bwd.dv = plan_random(p, type, 3, BENCH_SHAPE(n, s->kv_heads, s->dim));
    fwd.max_len = bwd.max_len = s->longest;
    fwd.causal = bwd.causal = !s->full;
    fwd.scale = bwd.scale = 1.0f / sqrtf((float)s->dim);
    PLAN_WITH_SPACE(&a->forward, attention, fwd);
    PLAN_WITH_SPACE(&a->backward, attention_backward, bwd);
}

static void
release(struct attention *a)
{
    plan_release(&a->forward);
    plan_release(&a->backward);
}

/*
 * `count` continuations of one prefix, which is in the batch once. The peer is the batch in which every sequence has
 * its own copy of the prefix. The row counts the work without the copies; so the limit is the peer's speed times the
 * ratio of the pairs of query and key that the two batches visit.
 */
struct family {
    const char *label;
    size_t heads, kv_heads, dim, count;
    size_t past, length; /* of the prefix and of a continuation */
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
    static struct attention shared, repeated;
    struct shape batch = one;
    struct bench_case fwd = {.kind = BENCH_FLOP, .run = plan_run, .arg = &shared.forward},
                      bwd = {.kind = BENCH_FLOP, .run = plan_run, .arg = &shared.backward};
    cl_int offsets[MAX_COUNT + 2] = {0, (cl_int)f->past}, offsets_one[MAX_COUNT + 1], prefix[MAX_COUNT + 1] = {-1};

    snprintf(fwd.row, sizeof fwd.row, "attention.prefix.fwd.f32.%s", f->label);
    snprintf(bwd.row, sizeof bwd.row, "attention.prefix.bwd.f32.%s", f->label);
    if (!bench_wanted(b, fwd.row) && !bench_wanted(b, bwd.row))
        return;
    for (size_t i = 1; i <= f->count; i++)
        offsets[i + 1] = offsets[i] + (cl_int)f->length;
    batch.count++;
    batch.longest = f->past > f->length ? f->past : f->length;
    layout(&one, offsets_one);
    prepare(b, &batch, CLGRPO_F32, offsets, prefix, &shared);
    prepare(b, &one, CLGRPO_F32, offsets_one, NULL, &repeated);
    bench_add_own(&fwd, "repeated", plan_run, &repeated.forward, 0);
    bench_add_own(&bwd, "repeated", plan_run, &repeated.backward, 0);
    fwd.work = 4.0 * (alone + n * own) * (double)(f->heads * f->dim);
    bwd.work = 2.5 * fwd.work;
    fwd.peer_limit = bwd.peer_limit = n * (alone + own) / (alone + n * own);
    if (!b->failed)
        bench_run(b, &fwd);
    if (!b->failed && bench_ok(b, plan_run(b, &shared.forward), fwd.row) &&
        bench_ok(b, plan_run(b, &repeated.forward), fwd.row))
        bench_run(b, &bwd);
    release(&shared);
    release(&repeated);
}

/* Of tensors with a row for each token there are eight, none larger than the queries. */
static bool
wanted(struct bench *b, const struct shape *s, size_t tokens, const char *row, double flop)
{
    const double largest = 4.0 * (double)(tokens * s->heads * s->dim);
    const struct bench_need need = {8.0 * largest, largest, flop};

    return s->large ? bench_wanted_large(b, row, &need) : bench_wanted(b, row);
}

/* If type is f16 or bf16, the peer is the same in f32. */
static void
shape_rows(struct bench *b, const struct shape *s, enum clgrpo_dtype type)
{
    static struct attention a, f32;
    const double size = (double)clgrpo_dtype_bytes(type);
    struct bench_case fwd = {.kind = BENCH_FLOP, .run = plan_run, .arg = &a.forward},
                      bwd = {.kind = BENCH_FLOP, .run = plan_run, .arg = &a.backward};
    struct peer_naive *naive;
    cl_int offsets[MAX_COUNT + 1];
    const double pairs = layout(s, offsets), queries = (double)(s->heads * s->dim),
                 keys = (double)(s->kv_heads * s->dim), tokens = (double)offsets[s->count];
    bool forward, backward;

    snprintf(fwd.row, sizeof fwd.row, "attention.fwd.%s.%s", bench_dtype_name(type), s->label);
    snprintf(bwd.row, sizeof bwd.row, "attention.bwd.%s.%s", bench_dtype_name(type), s->label);
    fwd.work = 4.0 * pairs * queries; /* two products */
    bwd.work = 2.5 * fwd.work;        /* five */
    fwd.bytes = tokens * (size * (2.0 * queries + 2.0 * keys) + 4.0 * (double)s->heads);
    bwd.bytes = tokens * (size * (4.0 * queries + 4.0 * keys) + 4.0 * (double)s->heads);
    forward = wanted(b, s, (size_t)offsets[s->count], fwd.row, fwd.work);
    backward = wanted(b, s, (size_t)offsets[s->count], bwd.row, bwd.work);
    if (!forward && !backward)
        return;
    prepare(b, s, type, offsets, NULL, &a);
    if (type != CLGRPO_F32) {
        prepare(b, s, CLGRPO_F32, offsets, NULL, &f32);
        bench_add_own(&fwd, "f32", plan_run, &f32.forward, 0);
        bench_add_own(&bwd, "f32", plan_run, &f32.backward, 0);
    }
    if (forward && !b->failed) {
        naive = type == CLGRPO_F32 ? peer_add_naive_attention(b, &fwd, &a.forward.calls[0].args.attention) : NULL;
        bench_run(b, &fwd);
        peer_naive_destroy(naive);
    }
    if (backward && !b->failed && bench_ok(b, plan_run(b, &a.forward), fwd.row) &&
        (type == CLGRPO_F32 || bench_ok(b, plan_run(b, &f32.forward), fwd.row)))
        bench_run(b, &bwd);
    release(&a);
    if (type != CLGRPO_F32)
        release(&f32);
}

void
rows_attention(struct bench *b)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        shape_rows(b, &shapes[i], CLGRPO_F32);
    for (enum clgrpo_dtype type = CLGRPO_F16; type <= CLGRPO_BF16; type++)
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
            if (shapes[i].halves)
                shape_rows(b, &shapes[i], type);
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        family_rows(b, &families[i]);
}
