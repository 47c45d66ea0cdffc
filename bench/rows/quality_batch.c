/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows/quality.h"
#include "rows/row_groups.h"

/* The value of a row is how many rows of an output have the bits that they have when the batch is computed in parts. */

/* The sizes of the parts, again and again, from the first row of the batch to the last. */
static const size_t parts[] = {1, 7, 64, 2, 33};

static size_t
part(size_t i, size_t left)
{
    const size_t n = parts[i % (sizeof parts / sizeof parts[0])];

    return n < left ? n : left;
}

static size_t
equal_rows(const float *x, const float *y, size_t rows, size_t columns)
{
    size_t n = 0;

    for (size_t i = 0; i < rows; i++)
        n += memcmp(x + i * columns, y + i * columns, columns * sizeof *x) == 0;
    return n;
}

/* x is written by the first call of the plan, y by the others, each a part of it. */
static void
batch_row(const char *name, struct plan *p, struct clgrpo_tensor x, struct clgrpo_tensor y)
{
    const size_t rows = x.shape[0], columns = clgrpo_tensor_elems(&x) / rows;
    const struct quality_outputs o = {{x, y}, 2};
    float *host[QUALITY_OUTPUTS] = {NULL};
    double us;

    quality_zero(p->b, &o);
    us = quality_time_again(p);
    if (us >= 0.0 && quality_read_all(p->b, &o, host))
        quality_add(p->b, name, "rows", (double)equal_rows(host[0], host[1], rows, columns), (double)rows, "promise",
                    us);
    free(host[0]);
    free(host[1]);
}

static void
batch_gemm(struct plan *p, struct clgrpo_tensor *x, struct clgrpo_tensor *y)
{
    enum { M = 501, N = 300, K = 256 };
    const struct clgrpo_tensor a = plan_matrix(p, M, K), b = plan_matrix(p, K, N);
    size_t n;

    *x = plan_matrix(p, M, N);
    *y = plan_matrix(p, M, N);
    quality_plan_gemm(p, a, b, *x);
    for (size_t i = 0, at = 0; at < M; i++, at += n) {
        n = part(i, M - at);
        quality_plan_gemm(p, quality_rows(a, at, n), b, quality_rows(*y, at, n));
    }
}

static void
batch_head(struct plan *p, struct clgrpo_tensor *x, struct clgrpo_tensor *y)
{
    enum { N = 301 };
    const struct quality_head whole = quality_head_inputs(p, N, 128, 3001);
    size_t n;

    *x = whole.logprob;
    *y = plan_vector(p, N);
    quality_plan_head(p, &whole);
    for (size_t i = 0, at = 0; at < N; i++, at += n) {
        struct quality_head h = whole;

        n = part(i, N - at);
        h.x = quality_rows(h.x, at, n);
        h.target = quality_rows(h.target, at, n);
        h.lse = quality_rows(h.lse, at, n);
        h.logprob = quality_rows(*y, at, n);
        quality_plan_head(p, &h);
    }
}

/* Sequences in one batch, and each alone. */
static void
batch_attention(struct plan *p, struct clgrpo_tensor *x, struct clgrpo_tensor *y)
{
    enum { SEQUENCES = 5, LENGTH = 130 };
    struct quality_attention a = quality_attention_inputs(p, SEQUENCES * LENGTH, 4, 2, 64), one;
    const struct clgrpo_tensor alone = quality_offsets(p, 1, LENGTH);

    a.offsets = quality_offsets(p, SEQUENCES, LENGTH);
    a.max_len = LENGTH;
    *x = a.o;
    *y = plan_heads(p, SEQUENCES * LENGTH, 4, 64);
    quality_plan_attention(p, &a);
    for (size_t i = 0; i < SEQUENCES; i++) {
        one = a;
        one.q = quality_rows(a.q, i * LENGTH, LENGTH);
        one.k = quality_rows(a.k, i * LENGTH, LENGTH);
        one.v = quality_rows(a.v, i * LENGTH, LENGTH);
        one.lse = quality_rows(a.lse, i * LENGTH, LENGTH);
        one.o = quality_rows(*y, i * LENGTH, LENGTH);
        one.offsets = alone;
        quality_plan_attention(p, &one);
    }
}

/* Sequences decoded together, and in parts. */
static void
batch_decode(struct plan *p, struct clgrpo_tensor *x, struct clgrpo_tensor *y)
{
    enum { SLOTS = 40, HEADS = 4, KEY_HEADS = 2, D = 64, L = 256 };
    struct clgrpo_attention_decode_args init = CLGRPO_ATTENTION_DECODE_ARGS_INIT, d = init, few;
    cl_int slot[SLOTS], position[SLOTS];
    size_t n;

    for (cl_int i = 0; i < SLOTS; i++) {
        slot[i] = i;
        position[i] = (i * 37 + 5) % L;
    }
    d.q = plan_heads(p, SLOTS, HEADS, D);
    d.k_cache = plan_random(p, CLGRPO_F32, 4, BENCH_SHAPE(SLOTS, KEY_HEADS, L / 64, D * 64));
    d.v_cache = plan_random(p, CLGRPO_F32, 4, BENCH_SHAPE(SLOTS, KEY_HEADS, L, D));
    d.slot = plan_ints(p, SLOTS, slot);
    d.position = plan_ints(p, SLOTS, position);
    d.scale = 0.125f;
    d.o = *x = plan_heads(p, SLOTS, HEADS, D);
    *y = plan_heads(p, SLOTS, HEADS, D);
    PLAN(p, attention_decode, d);
    for (size_t i = 0, at = 0; at < SLOTS; i++, at += n) {
        n = part(i, SLOTS - at);
        few = d;
        few.q = quality_rows(d.q, at, n);
        few.slot = quality_rows(d.slot, at, n);
        few.position = quality_rows(d.position, at, n);
        few.o = quality_rows(*y, at, n);
        PLAN(p, attention_decode, few);
    }
}

static const struct {
    const char *name;
    void (*fill)(struct plan *p, struct clgrpo_tensor *x, struct clgrpo_tensor *y);
} batches[] = {
    {"quality.batch.gemm", batch_gemm},
    {"quality.batch.attention", batch_attention},
    {"quality.batch.decode", batch_decode},
    {"quality.batch.head", batch_head},
};

void
rows_batch(struct bench *b)
{
    static struct plan p;
    struct clgrpo_tensor x, y;

    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        if (!quality_wanted(b, batches[i].name))
            continue;
        p = (struct plan){.b = b};
        batches[i].fill(&p, &x, &y);
        batch_row(batches[i].name, &p, x, y);
        plan_release(&p);
    }
}
