/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>

#include "rows/plan.h"
#include "rows/row_groups.h"

/* `slots` sequences of `length` cached keys, with one query each. In a row of prefixes, the first `prefix` keys are the
 * same in each group of `group` sequences. */
struct decode {
    const char *label;
    size_t heads, kv_heads, dim, slots, length;
    bool halves; /* in f16 and bf16 too */
    size_t prefix, group;
    bool large; /* for large machines only */
};
static const struct decode decodes[] = {
    {"d64.gqa4", 8, 2, 64, 1, 1024, false, 0, 1, false},       {"d64.gqa4", 8, 2, 64, 1, 8192, false, 0, 1, false},
    {"d64.gqa4", 8, 2, 64, 16, 1024, true, 0, 1, false},       {"d64.gqa4", 8, 2, 64, 16, 8192, true, 0, 1, false},
    {"d64.gqa4", 8, 2, 64, 64, 1024, false, 0, 1, false},      {"d64.gqa4", 8, 2, 64, 64, 2048, false, 0, 1, false},
    {"d64.gqa4", 8, 2, 64, 1, 32768, false, 0, 1, false},      {"d64.gqa4", 8, 2, 64, 16, 32768, false, 0, 1, false},
    {"d64.gqa4", 8, 2, 64, 256, 1024, false, 0, 1, false},     {"d64.gqa4", 8, 2, 64, 64, 32768, false, 0, 1, true},
    {"d64.gqa4", 8, 2, 64, 256, 8192, false, 0, 1, true},      {"d64.gqa4", 8, 2, 64, 256, 32768, false, 0, 1, true},
    {"d64.gqa4", 8, 2, 64, 64, 8192, false, 0, 1, false},      {"d64.mha", 8, 8, 64, 16, 2048, true, 0, 1, false},
    {"d128.gqa32-8", 32, 8, 128, 16, 1024, true, 0, 1, false},
};
/* Each sequence has 256 keys of its own behind the prefix. */
static const struct decode prefixes[] = {
    {"d64.mha", 8, 8, 64, 8, 1280, false, 1024, 8, false},   {"d64.mha", 8, 8, 64, 16, 1280, false, 1024, 16, false},
    {"d64.mha", 8, 8, 64, 8, 4352, false, 4096, 8, false},   {"d64.mha", 8, 8, 64, 16, 4352, false, 4096, 16, false},
    {"d64.gqa4", 8, 2, 64, 32, 1280, false, 1024, 8, false}, {"d64.gqa4", 8, 2, 64, 32, 4352, false, 4096, 16, false},
    {"d32.mha", 4, 4, 32, 32, 1280, false, 1024, 16, false},
};

/* With `shared`, the prefixes are in slots of their own behind the others, one for each group. */
static void
prepare(struct bench *b, const struct decode *d, enum clgrpo_dtype dtype, bool shared, struct plan *p)
{
    const size_t n = d->slots, slots = n + (shared ? n / d->group : 0), blocks = d->length / CLGRPO_ATTENTION_BLOCK;
    struct clgrpo_attention_decode_args a = CLGRPO_ATTENTION_DECODE_ARGS_INIT;

    *p = (struct plan){.b = b};
    a.q = plan_random(p, dtype, 3, BENCH_SHAPE(n, d->heads, d->dim));
    a.o = plan_random(p, dtype, 3, BENCH_SHAPE(n, d->heads, d->dim));
    a.k_cache = plan_random(p, dtype, 4, BENCH_SHAPE(slots, d->kv_heads, blocks, d->dim * CLGRPO_ATTENTION_BLOCK));
    a.v_cache = plan_random(p, dtype, 4, BENCH_SHAPE(slots, d->kv_heads, d->length, d->dim));
    a.slot = plan_series(p, n, 0, 1, 1);
    a.position = plan_series(p, n, d->length - 1, 1, 0);
    if (shared) {
        a.prefix_slot = plan_series(p, n, n, d->group, 1);
        a.prefix_length = plan_series(p, n, d->prefix, 1, 0);
    }
    a.scale = 1.0f / sqrtf((float)d->dim);
    PLAN(p, attention_decode, a);
}

/* What must be read of the cache, and the arithmetic without the softmax. */
static void
describe(const struct decode *d, enum clgrpo_dtype dtype, struct bench_case *c)
{
    const double own = (double)(d->slots * (d->length - d->prefix)), shared = (double)(d->slots / d->group * d->prefix);

    c->kind = BENCH_READ;
    c->run = plan_run;
    c->work = 2.0 * (double)(clgrpo_dtype_bytes(dtype) * d->kv_heads * d->dim) * (own + shared);
    c->flop = 4.0 * (double)(d->slots * d->length * d->heads * d->dim);
}

static bool
wanted(struct bench *b, const struct decode *d, const struct bench_case *c)
{
    const struct bench_need need = {c->work, 0.5 * c->work, c->flop};

    return d->large ? bench_wanted_large(b, c->row, &need) : bench_wanted(b, c->row);
}

static void
decode_row(struct bench *b, const struct decode *d, enum clgrpo_dtype dtype)
{
    static struct plan p, f32;
    struct bench_case c = {.arg = &p};

    snprintf(c.row, sizeof c.row, "attention.decode.%s.%s.b%zu.kv%zu", bench_dtype_name(dtype), d->label, d->slots,
             d->length);
    describe(d, dtype, &c);
    if (!wanted(b, d, &c))
        return;
    prepare(b, d, dtype, false, &p);
    if (dtype != CLGRPO_F32) {
        prepare(b, d, CLGRPO_F32, false, &f32);
        bench_add_own(&c, "f32", plan_run, &f32, 0);
    }
    bench_run(b, &c);
    plan_release(&p);
    plan_release(&f32);
}

/* The peer is decoding of the same sequences with a copy of the prefix in each one's slot. */
static void
prefix_row(struct bench *b, const struct decode *d)
{
    static struct plan p, copies;
    struct bench_case c = {.arg = &p};

    snprintf(c.row, sizeof c.row, "attention.decode.prefix.f32.%s.b%zu.g%zu.p%zu.kv%zu", d->label, d->slots, d->group,
             d->prefix, d->length);
    if (!bench_wanted(b, c.row))
        return;
    prepare(b, d, CLGRPO_F32, true, &p);
    prepare(b, d, CLGRPO_F32, false, &copies);
    describe(d, CLGRPO_F32, &c);
    bench_add_own(&c, "without sharing", plan_run, &copies, 0);
    c.peer_limit = (double)(d->group * d->length) / (double)(d->prefix + d->group * (d->length - d->prefix));
    bench_run(b, &c);
    plan_release(&p);
    plan_release(&copies);
}

/* The first `length` keys and values of `n` sequences are copied, each to a slot of its own: read once, written
 * once. */
struct fork {
    const char *label;
    size_t kv_heads, dim, n, length, n_positions;
};
static const struct fork forks[] = {
    {"d64.gqa2", 2, 64, 32, 1024, 1024},
    {"d64.gqa2", 2, 64, 1, 8192, 8192},
    {"d32.gqa2", 2, 32, 192, 150, 448},
};

static void
copy_row(struct bench *b, const struct fork *f)
{
    static struct plan p;
    const size_t n = f->n, slots = 2 * n, blocks = f->n_positions / CLGRPO_ATTENTION_BLOCK;
    struct clgrpo_kv_copy_args a = CLGRPO_KV_COPY_ARGS_INIT;
    struct bench_case c = {.kind = BENCH_COPY, .run = plan_run, .arg = &p};

    snprintf(c.row, sizeof c.row, "kv_copy.f32.%s.b%zu.kv%zu", f->label, n, f->length);
    if (!bench_wanted(b, c.row))
        return;
    p = (struct plan){.b = b};
    a.source = plan_series(&p, n, 0, 1, 2);
    a.target = plan_series(&p, n, 1, 1, 2);
    a.length = plan_series(&p, n, f->length, 1, 0);
    a.k_cache =
        plan_random(&p, CLGRPO_F32, 4, BENCH_SHAPE(slots, f->kv_heads, blocks, f->dim * CLGRPO_ATTENTION_BLOCK));
    a.v_cache = plan_random(&p, CLGRPO_F32, 4, BENCH_SHAPE(slots, f->kv_heads, f->n_positions, f->dim));
    PLAN(&p, kv_copy, a);
    c.work = 4.0 * 4.0 * (double)(n * f->kv_heads * f->length * f->dim);
    bench_run(b, &c);
    plan_release(&p);
}

void
rows_decode(struct bench *b)
{
    static const enum clgrpo_dtype stored[] = {CLGRPO_F32, CLGRPO_F16, CLGRPO_BF16};

    for (int t = 0; t < 3; t++)
        for (size_t i = 0; i < sizeof decodes / sizeof decodes[0]; i++)
            if (t == 0 || decodes[i].halves)
                decode_row(b, &decodes[i], stored[t]);
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        prefix_row(b, &prefixes[i]);
    for (size_t i = 0; i < sizeof forks / sizeof forks[0]; i++)
        copy_row(b, &forks[i]);
}
