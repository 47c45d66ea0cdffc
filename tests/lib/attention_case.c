/* SPDX-License-Identifier: Apache-2.0 */
#include "attention_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stored.h"

void
attention_mixed_lens(struct attention_shape *shape)
{
    static const size_t full[] = {2, 0, 65, 1, 130, 63, 0, 64}, few[] = {3, 0, 65};
    const size_t *from = fx_small() ? few : full;

    shape->n_sequences = fx_small() ? 3 : 8;
    memcpy(shape->lens, from, shape->n_sequences * sizeof *from);
}

static struct clgrpo_tensor
columns(const struct clgrpo_tensor *all, size_t first, size_t heads, size_t head_dim)
{
    struct clgrpo_tensor t = *all;

    t.rank = 3;
    t.offset += first;
    t.shape[1] = heads;
    t.shape[2] = head_dim;
    t.stride[1] = head_dim;
    t.stride[2] = 1;
    return t;
}

void
attention_split(const struct attention_shape *s, const struct clgrpo_tensor *all, struct clgrpo_tensor *q,
                struct clgrpo_tensor *k, struct clgrpo_tensor *v)
{
    *q = columns(all, 0, s->H, s->D);
    *k = columns(all, s->H * s->D, s->K, s->D);
    *v = columns(all, (s->H + s->K) * s->D, s->K, s->D);
}

static void
upload_qkv(struct clgrpo_context *ctx, struct attention_case *c)
{
    const struct attention_shape *s = &c->shape;
    size_t q = s->H * s->D, kv = s->K * s->D, width = q + 2 * kv;
    float *rows = malloc((c->n_rows * width + 1) * sizeof *rows);

    ck_assert_ptr_nonnull(rows);
    for (size_t n = 0; n < c->n_rows; n++) {
        memcpy(rows + n * width, c->q_host + n * q, q * sizeof *rows);
        memcpy(rows + n * width + q, c->k_host + n * kv, kv * sizeof *rows);
        memcpy(rows + n * width + q + kv, c->v_host + n * kv, kv * sizeof *rows);
    }
    c->qkv = fx_upload_strided_in(ctx, s->type, c->n_rows, width, width + 5, rows);
    attention_split(s, &c->qkv, &c->q, &c->k, &c->v);
    free(rows);
}

struct attention_case *
attention_case_create(struct clgrpo_context *ctx, const struct attention_shape *shape, uint64_t seed)
{
    struct attention_case *c = calloc(1, sizeof *c);
    size_t q, kv;

    ck_assert_ptr_nonnull(c);
    c->shape = *shape;
    for (size_t b = 0; b < shape->n_sequences; b++) {
        c->n += shape->lens[b];
        c->offsets_host[b + 1] = (int32_t)c->n;
        c->max_len = shape->lens[b] > c->max_len ? shape->lens[b] : c->max_len;
    }
    c->n_rows = c->n + SPARE_ROWS;
    c->scale = 1.0f / sqrtf((float)shape->D);
    q = c->n_rows * shape->H * shape->D;
    kv = c->n_rows * shape->K * shape->D;
    c->q_host = fx_random_in(shape->type, q, shape->size, seed);
    c->k_host = fx_random_in(shape->type, kv, shape->size, seed + 1);
    c->v_host = fx_random_in(shape->type, kv, 1.0f, seed + 2);
    c->dout_host = fx_random_in(shape->type, q, 1.0f, seed + 3);
    c->q64 = fx_widen(c->q_host, q);
    c->k64 = fx_widen(c->k_host, kv);
    c->v64 = fx_widen(c->v_host, kv);
    c->dout64 = fx_widen(c->dout_host, q);
    upload_qkv(ctx, c);
    c->dout = fx_upload_in(ctx, shape->type, 3, FX_SHAPE(c->n_rows, shape->H, shape->D), c->dout_host);
    c->offsets = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(shape->n_sequences + 1), c->offsets_host);
    c->ref = (struct ref_attention){shape->n_sequences, shape->H,         shape->K,      shape->D,
                                    c->offsets_host,    (double)c->scale, shape->causal, NULL};
    if (shape->prefix != NULL) {
        memcpy(c->prefix_host, shape->prefix, shape->n_sequences * sizeof *shape->prefix);
        c->prefix = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(shape->n_sequences), c->prefix_host);
        c->ref.prefix = c->prefix_host;
    }
    return c;
}

struct attention_case *
attention_case_usual(struct clgrpo_context *ctx, uint64_t seed)
{
    return attention_case_usual_in(ctx, CLGRPO_F32, seed);
}

struct attention_case *
attention_case_usual_in(struct clgrpo_context *ctx, enum clgrpo_dtype type, uint64_t seed)
{
    struct attention_shape s = {.H = 4, .K = 2, .D = 32, .causal = true, .size = 1.0f, .type = type};

    attention_mixed_lens(&s);
    return attention_case_create(ctx, &s, seed);
}

void
attention_case_refresh(struct clgrpo_context *ctx, struct attention_case *c)
{
    fx_release_all(&c->qkv, &c->dout);
    upload_qkv(ctx, c);
    c->dout = fx_upload_in(ctx, c->shape.type, 3, FX_SHAPE(c->n_rows, c->shape.H, c->shape.D), c->dout_host);
}

void
attention_case_destroy(struct attention_case *c)
{
    fx_release_all(&c->qkv, &c->dout, &c->offsets, &c->prefix);
    free(c->q_host);
    free(c->k_host);
    free(c->v_host);
    free(c->dout_host);
    free(c->q64);
    free(c->k64);
    free(c->v64);
    free(c->dout64);
    free(c);
}

void
attention_untouched(const char *what, const float *x, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        ck_assert_msg(isnan(x[i]), "%s: element %zu past the sequences was written: %g", what, i, (double)x[i]);
}

float *
attention_case_forward(struct clgrpo_context *ctx, struct attention_case *c, float **lse)
{
    struct clgrpo_attention_args args = CLGRPO_ATTENTION_ARGS_INIT;
    const struct attention_shape *s = &c->shape;
    size_t bytes = 0;
    float *o;

    args.q = c->q;
    args.k = c->k;
    args.v = c->v;
    args.offsets = c->offsets;
    args.o = fx_output(ctx, s->type, 3, FX_SHAPE(c->n_rows, s->H, s->D));
    if (lse != NULL)
        args.lse = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(c->n_rows, s->H));
    args.prefix = c->prefix;
    args.max_len = c->max_len;
    args.scale = c->scale;
    args.causal = s->causal;
    fx_ok(ctx, clgrpo_attention_workspace(ctx, &args, &bytes));
    args.workspace = fx_workspace(ctx, bytes);
    fx_ok(ctx, clgrpo_attention(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
    o = fx_download_in(ctx, &args.o);
    attention_untouched("o", o, c->n * s->H * s->D, c->n_rows * s->H * s->D);
    if (lse != NULL) {
        *lse = fx_download(ctx, &args.lse);
        attention_untouched("lse", *lse, c->n * s->H, c->n_rows * s->H);
        fx_release(&args.lse);
    }
    fx_release(&args.o);
    fx_workspace_release(&args.workspace);
    return o;
}

/* Against the double reference: a score's chain has D terms, a row's sums up to max_len; each rounds once per term, and
 * the polynomial of 2^x adds two units. */
void
attention_forward_verify(const struct attention_case *c, const float *got, const float *got_lse)
{
    const struct attention_shape *shape = &c->shape;
    size_t rows = c->n * shape->H, terms = shape->D + (shape->prefix != NULL ? c->n : c->max_len);
    double *o = calloc(rows * shape->D + 1, sizeof *o), *o_size = calloc(rows * shape->D + 1, sizeof *o);
    double *lse = calloc(rows + 1, sizeof *o), *lse_size = calloc(rows + 1, sizeof *o);

    ref_attention_forward(&c->ref, c->q64, c->k64, c->v64, o, lse, o_size, lse_size);
    fx_close_in(shape->type, "o", got, o, o_size, rows * shape->D, 1.0, terms);
    fx_close("lse", got_lse, lse, lse_size, rows, 1.0, terms);
    free(o);
    free(o_size);
    free(lse);
    free(lse_size);
}

void
attention_forward_check(struct clgrpo_context *ctx, const struct attention_shape *shape, uint64_t seed)
{
    struct attention_case *c = attention_case_create(ctx, shape, seed);
    float *lse, *o = attention_case_forward(ctx, c, &lse);

    attention_forward_verify(c, o, lse);
    free(o);
    free(lse);
    attention_case_destroy(c);
}

void
attention_same_forward(struct clgrpo_context *ctx, struct attention_case *a, struct attention_case *b)
{
    float *o_a = attention_case_forward(ctx, a, NULL), *o_b = attention_case_forward(ctx, b, NULL);

    fx_same_bits("o", o_a, o_b, a->n * a->shape.H * a->shape.D * sizeof *o_a);
    free(o_a);
    free(o_b);
}

void
attention_check_shapes(struct clgrpo_context *ctx, enum clgrpo_dtype type,
                       void (*check)(struct clgrpo_context *, const struct attention_shape *, uint64_t))
{
    static const size_t heads[][2] = {{2, 1}, {2, 2}, {4, 1}}, dims[] = {32, 64, 128};
    struct attention_shape every_key = {
        .H = fx_small() ? 1 : 2, .K = 1, .D = 32, .causal = false, .size = 1.0f, .type = type};
    /* |s| up to about 64 * sqrt(64) / 2 and far apart within a row */
    struct attention_shape large = {.H = 2, .K = 2, .D = 64, .causal = true, .size = 8.0f, .type = type};
    struct attention_shape longer = {
        .H = 1, .K = 1, .D = 32, .causal = true, .size = 1.0f, .n_sequences = 1, .lens = {701}, .type = type};

    for (size_t i = 0; i < (fx_small() ? 1 : 9); i += type == CLGRPO_F32 ? 1 : 8) {
        struct attention_shape s = {
            .H = heads[i % 3][0], .K = heads[i % 3][1], .D = dims[i / 3], .causal = true, .size = 1.0f, .type = type};

        attention_mixed_lens(&s);
        check(ctx, &s, 10 + i);
    }
    attention_mixed_lens(&every_key);
    check(ctx, &every_key, 50);
    if (fx_small())
        return; /* the rest walks the same kernels */
    if (type == CLGRPO_F32) {
        attention_mixed_lens(&large);
        check(ctx, &large, 60);
    }
    check(ctx, &longer, 70);
}

void
attention_copy_rows(struct attention_case *to, size_t at, const struct attention_case *from, size_t b, bool loss)
{
    const size_t first = (size_t)from->offsets_host[b], n = from->shape.lens[b], size = sizeof(float);
    const size_t q = from->shape.H * from->shape.D, k = from->shape.K * from->shape.D;

    memcpy(to->q_host + at * q, from->q_host + first * q, n * q * size);
    memcpy(to->k_host + at * k, from->k_host + first * k, n * k * size);
    memcpy(to->v_host + at * k, from->v_host + first * k, n * k * size);
    if (loss)
        memcpy(to->dout_host + at * q, from->dout_host + first * q, n * q * size);
    else
        memset(to->dout_host + at * q, 0, n * q * size);
}
