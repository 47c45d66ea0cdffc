/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows/quality.h"
#include "rows/rows.h"
#include "rows/step.h"

/*
 * repeat: ten runs, each of which starts from zeroed outputs, and how many of them gave the bits of the first.
 * batch: how many rows have the bits that they have in a batch of their own, or of another size.
 */
enum { RUNS = 10, MAX_OUTPUTS = 6 };

struct outputs {
    struct clgrpo_tensor t[MAX_OUTPUTS];
    unsigned n;
};

static void
zero(struct bench *b, const struct outputs *o)
{
    for (unsigned i = 0; i < o->n; i++)
        bench_ok(b, clgrpo_tensor_zero(b->ctx, &o->t[i], b->queue, 0, NULL, NULL), "quality");
}

static bool
read_all(struct bench *b, const struct outputs *o, float *host[])
{
    for (unsigned i = 0; i < o->n; i++)
        host[i] = quality_read(b, &o->t[i]);
    return !b->failed;
}

static bool
same(const struct outputs *o, float *const x[], float *const y[])
{
    for (unsigned i = 0; i < o->n; i++)
        if (memcmp(x[i], y[i], clgrpo_tensor_elems(&o->t[i]) * sizeof(float)) != 0)
            return false;
    return true;
}

static void
repeat_row(const char *name, struct plan *p, const struct outputs *o)
{
    float *first[MAX_OUTPUTS] = {NULL};
    unsigned equal = 0;
    double us = 0.0;

    for (unsigned run = 0; run < RUNS && us >= 0.0; run++) {
        float *now[MAX_OUTPUTS] = {NULL};

        zero(p->b, o);
        us = quality_time(p);
        if (us >= 0.0 && read_all(p->b, o, now))
            equal += run == 0 || same(o, first, now);
        for (unsigned i = 0; i < o->n; i++) {
            if (run == 0)
                first[i] = now[i];
            else
                free(now[i]);
        }
    }
    for (unsigned i = 0; i < o->n; i++)
        free(first[i]);
    quality_add(p->b, name, "runs", equal, RUNS, "promise", us);
}

/* Each fills a plan and says what it writes. */
static void
repeat_gemm(struct plan *p, struct outputs *o)
{
    *o = (struct outputs){{plan_matrix(p, 500, 300)}, 1};
    quality_plan_gemm(p, plan_matrix(p, 500, 700), plan_matrix(p, 700, 300), o->t[0]);
}

static void
repeat_attention(struct plan *p, struct outputs *o)
{
    struct quality_attention a = quality_attention_inputs(p, 600, 8, 2, 64);
    struct quality_gradients g;

    a.offsets = quality_offsets(p, 2, 300);
    a.max_len = 300;
    quality_plan_attention(p, &a);
    quality_plan_attention_backward(p, &a, &g);
    *o = (struct outputs){{a.o, a.lse, g.dq, g.dk, g.dv}, 5};
}

static void
repeat_head(struct plan *p, struct outputs *o)
{
    const struct quality_head h = quality_head_inputs(p, 300, 128, 5000);

    *o = (struct outputs){{h.logprob, h.lse, plan_matrix(p, 300, 128), plan_matrix(p, 5000, 128)}, 4};
    quality_plan_head(p, &h);
    quality_plan_head_backward(p, &h, plan_vector(p, 300), o->t[2], o->t[3]);
}

static void
repeat_norm(struct plan *p, struct outputs *o)
{
    struct clgrpo_global_norm_args a = CLGRPO_GLOBAL_NORM_ARGS_INIT;

    a.grad = plan_vector(p, 1000003);
    a.out = plan_vector(p, 2);
    a.max_norm = 1.0f;
    PLAN_WITH_SPACE(p, global_norm, a);
    *o = (struct outputs){{a.out}, 1};
}

static void
repeat_sample(struct plan *p, struct outputs *o)
{
    enum { B = 32, V = 20000 };
    struct clgrpo_sample_args a = CLGRPO_SAMPLE_ARGS_INIT;
    const cl_int words[4 * B] = {1, 2, 3, 4};

    a.logits = plan_matrix(p, B, V);
    a.key = plan_ints(p, 4 * B, words);
    a.key = clgrpo_tensor_view(a.key.buf, 0, CLGRPO_U64, 2, BENCH_SHAPE(B, 2));
    a.token = plan_ints(p, B, words);
    a.logprob = plan_vector(p, B);
    a.top_p = 0.9f;
    PLAN_WITH_SPACE(p, sample, a);
    *o = (struct outputs){{a.token, a.logprob}, 2};
}

static const struct {
    const char *name;
    void (*fill)(struct plan *p, struct outputs *o);
} repeats[] = {
    {"quality.repeat.gemm", repeat_gemm},     {"quality.repeat.attention", repeat_attention},
    {"quality.repeat.head", repeat_head},     {"quality.repeat.norm", repeat_norm},
    {"quality.repeat.sample", repeat_sample},
};

void
rows_repeat(struct bench *b)
{
    static const char whole[] = "quality.repeat.step";
    static struct plan p;
    static struct step step;
    struct outputs o;

    for (size_t i = 0; i < sizeof repeats / sizeof repeats[0]; i++) {
        if (!quality_wanted(b, repeats[i].name))
            continue;
        p = (struct plan){.b = b};
        repeats[i].fill(&p, &o);
        repeat_row(repeats[i].name, &p, &o);
        plan_release(&p);
    }
    if (!quality_wanted(b, whole))
        return;
    step_prepare(b, &step_shapes[0], 0.0f, &step); /* a rate of 0, so that all runs start from one model */
    o = (struct outputs){{step.grad, step.logprob}, 2};
    repeat_row(whole, &step.plan, &o);
    plan_release(&step.plan);
}

/* Batches of these sizes in turn, from the first row to the last. */
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

/* `x` is what the first call of the plan wrote, `y` what the others did. */
static void
batch_row(const char *name, struct plan *p, struct clgrpo_tensor x, struct clgrpo_tensor y)
{
    const size_t rows = x.shape[0], columns = clgrpo_tensor_elems(&x) / rows;
    const struct outputs o = {{x, y}, 2};
    float *host[MAX_OUTPUTS] = {NULL};
    double us;

    zero(p->b, &o);
    us = quality_time_again(p);
    if (us >= 0.0 && read_all(p->b, &o, host))
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

/* Sequences in one batch, then each alone. */
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

/* Slots together, then in other batches. */
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
