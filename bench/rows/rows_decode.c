/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "rows/rows.h"

/* `slots` sequences of `length` cached keys, one query each, of which the first `prefix` are one and the same in every
 * `group` sequences. */
struct decode {
    const char *label;
    size_t heads, kv_heads, dim, slots, length;
    bool halves; /* in storage of f16 and bf16 too */
    size_t prefix, group;
    bool large;
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
/* The suffix is 256; the keys that are read once per group and those that are not. */
static const struct decode prefixes[] = {
    {"d64.mha", 8, 8, 64, 8, 1280, false, 1024, 8, false},   {"d64.mha", 8, 8, 64, 16, 1280, false, 1024, 16, false},
    {"d64.mha", 8, 8, 64, 8, 4352, false, 4096, 8, false},   {"d64.mha", 8, 8, 64, 16, 4352, false, 4096, 16, false},
    {"d64.gqa4", 8, 2, 64, 32, 1280, false, 1024, 8, false}, {"d64.gqa4", 8, 2, 64, 32, 4352, false, 4096, 16, false},
    {"d32.mha", 4, 4, 32, 32, 1280, false, 1024, 16, false},
};

static enum clgrpo_status
run_decode(struct bench *b, void *arg)
{
    return clgrpo_attention_decode(b->ctx, arg, b->queue, 0, NULL, NULL);
}

static struct clgrpo_tensor
ints(struct bench *b, const struct decode *d, size_t first, size_t step, size_t group)
{
    cl_int *host = bench_alloc(b, d->slots, sizeof *host);
    struct clgrpo_tensor t = {0};

    for (size_t i = 0; host != NULL && i < d->slots; i++)
        host[i] = (cl_int)(first + i / group * step);
    if (host != NULL)
        t = bench_ints(b, d->slots, host);
    free(host);
    return t;
}

/* With the prefix in slots of its own behind the others', one for each group, or without. */
static void
prepare(struct bench *b, const struct decode *d, enum clgrpo_dtype dtype, bool shared,
        struct clgrpo_attention_decode_args *dec)
{
    const size_t slots = d->slots + (shared ? d->slots / d->group : 0), blocks = d->length / CLGRPO_ATTENTION_BLOCK;
    struct clgrpo_attention_decode_args init = CLGRPO_ATTENTION_DECODE_ARGS_INIT;

    *dec = init;
    dec->q = bench_random(b, 3, BENCH_SHAPE(d->slots, d->heads, d->dim));
    dec->o = bench_random(b, 3, BENCH_SHAPE(d->slots, d->heads, d->dim));
    dec->k_cache =
        bench_random_as(b, dtype, 4, BENCH_SHAPE(slots, d->kv_heads, blocks, d->dim * CLGRPO_ATTENTION_BLOCK));
    dec->v_cache = bench_random_as(b, dtype, 4, BENCH_SHAPE(slots, d->kv_heads, d->length, d->dim));
    dec->slot = ints(b, d, 0, 1, 1);
    dec->position = ints(b, d, d->length - 1, 0, 1);
    if (shared) {
        dec->prefix_slot = ints(b, d, d->slots, 1, d->group);
        dec->prefix_length = ints(b, d, d->prefix, 0, 1);
    }
    dec->scale = 1.0f / sqrtf((float)d->dim);
}

static void
release(struct clgrpo_attention_decode_args *dec)
{
    bench_release(&dec->q);
    bench_release(&dec->o);
    bench_release(&dec->k_cache);
    bench_release(&dec->v_cache);
    bench_release(&dec->slot);
    bench_release(&dec->position);
    bench_release(&dec->prefix_slot);
    bench_release(&dec->prefix_length);
}

/* What must be read of the cache, and the arithmetic, in which an exponential is one operation. */
static void
describe(const struct decode *d, enum clgrpo_dtype dtype, struct bench_case *c)
{
    const double own = (double)(d->slots * (d->length - d->prefix)), shared = (double)(d->slots / d->group * d->prefix);

    c->kind = BENCH_READ;
    c->run = run_decode;
    c->work = 2.0 * (double)(clgrpo_dtype_bytes(dtype) * d->kv_heads * d->dim) * (own + shared);
    c->flop = 4.0 * (double)(d->slots * d->length * d->heads * d->dim);
}

static bool
wanted(struct bench *b, const struct decode *d, const struct bench_case *c)
{
    const struct bench_need need = {c->work, 0.5 * c->work, c->flop};

    return d->large ? bench_wanted_large(b, c->row, &need) : bench_wanted(b, c->row);
}

/* Halves beside f32. */
static void
decode_row(struct bench *b, const struct decode *d, enum clgrpo_dtype dtype, const char *type)
{
    struct clgrpo_attention_decode_args dec, f32;
    struct bench_case c = {0};

    snprintf(c.row, sizeof c.row, "attention.decode.%s.%s.b%zu.kv%zu", type, d->label, d->slots, d->length);
    describe(d, dtype, &c);
    if (!wanted(b, d, &c))
        return;
    prepare(b, d, dtype, false, &dec);
    c.arg = &dec;
    if (dtype != CLGRPO_F32) {
        prepare(b, d, CLGRPO_F32, false, &f32);
        bench_add_own(&c, "f32", run_decode, &f32, 0);
    }
    bench_run(b, &c);
    release(&dec);
    if (dtype != CLGRPO_F32)
        release(&f32);
}

/* Prefixes beside the same histories in slots of their own. */
static void
prefix_row(struct bench *b, const struct decode *d)
{
    struct clgrpo_attention_decode_args dec, own;
    struct bench_case c = {0};

    snprintf(c.row, sizeof c.row, "attention.decode.prefix.f32.%s.b%zu.g%zu.p%zu.kv%zu", d->label, d->slots, d->group,
             d->prefix, d->length);
    if (!bench_wanted(b, c.row))
        return;
    prepare(b, d, CLGRPO_F32, true, &dec);
    prepare(b, d, CLGRPO_F32, false, &own);
    describe(d, CLGRPO_F32, &c);
    c.arg = &dec;
    bench_add_own(&c, "without sharing", run_decode, &own, 0);
    c.peer_limit = (double)(d->group * d->length) / (double)(d->prefix + d->group * (d->length - d->prefix));
    bench_run(b, &c);
    release(&dec);
    release(&own);
}

static enum clgrpo_status
run_copy(struct bench *b, void *arg)
{
    return clgrpo_kv_copy(b->ctx, arg, b->queue, 0, NULL, NULL);
}

/* `n` sequences of `length` are forked, each of its own: every key and value is read once and written once. */
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
    const size_t n = f->n, slots = 2 * n, blocks = f->n_positions / CLGRPO_ATTENTION_BLOCK;
    struct clgrpo_kv_copy_args copy = CLGRPO_KV_COPY_ARGS_INIT;
    struct bench_case c = {.kind = BENCH_COPY, .run = run_copy};
    cl_int *host;

    snprintf(c.row, sizeof c.row, "kv_copy.f32.%s.b%zu.kv%zu", f->label, n, f->length);
    if (!bench_wanted(b, c.row) || (host = bench_alloc(b, 3 * n, sizeof *host)) == NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        host[i] = (cl_int)(2 * i);
        host[n + i] = (cl_int)(2 * i + 1);
        host[2 * n + i] = (cl_int)f->length;
    }
    copy.source = bench_ints(b, n, host);
    copy.target = bench_ints(b, n, host + n);
    copy.length = bench_ints(b, n, host + 2 * n);
    copy.k_cache = bench_random(b, 4, BENCH_SHAPE(slots, f->kv_heads, blocks, f->dim * CLGRPO_ATTENTION_BLOCK));
    copy.v_cache = bench_random(b, 4, BENCH_SHAPE(slots, f->kv_heads, f->n_positions, f->dim));
    c.arg = &copy;
    c.work = 4.0 * 4.0 * (double)(n * f->kv_heads * f->length * f->dim);
    bench_run(b, &c);
    bench_release(&copy.source);
    bench_release(&copy.target);
    bench_release(&copy.length);
    bench_release(&copy.k_cache);
    bench_release(&copy.v_cache);
    free(host);
}

void
rows_decode(struct bench *b)
{
    for (size_t i = 0; i < sizeof decodes / sizeof decodes[0]; i++)
        decode_row(b, &decodes[i], CLGRPO_F32, "f32");
    for (size_t i = 0; i < sizeof decodes / sizeof decodes[0]; i++) {
        if (!decodes[i].halves)
            continue;
        decode_row(b, &decodes[i], CLGRPO_F16, "f16");
        decode_row(b, &decodes[i], CLGRPO_BF16, "bf16");
    }
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        prefix_row(b, &prefixes[i]);
    for (size_t i = 0; i < sizeof forks / sizeof forks[0]; i++)
        copy_row(b, &forks[i]);
}
