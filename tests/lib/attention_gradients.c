/* SPDX-License-Identifier: Apache-2.0 */
#include "attention_gradients.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stored.h"

void
attention_gradients_free(struct attention_gradients *g)
{
    free(g->dq);
    free(g->dk);
    free(g->dv);
}

/* The arguments over views of one gradient buffer, with a forward's o and lse. */
void
attention_backward_args_create(struct clgrpo_context *ctx, struct attention_case *c,
                               struct clgrpo_attention_backward_args *args, struct clgrpo_tensor *all)
{
    const struct attention_shape *s = &c->shape;
    size_t width = (s->H + 2 * s->K) * s->D, bytes = 0;
    float *lse, *o = attention_case_forward(ctx, c, &lse), *nans = malloc((c->n_rows * width + 1) * sizeof *nans);

    ck_assert_ptr_nonnull(nans);
    memset(nans, 0xFF, c->n_rows * width * sizeof *nans);
    *args = CLGRPO_ATTENTION_BACKWARD_ARGS_INIT;
    args->q = c->q;
    args->k = c->k;
    args->v = c->v;
    args->offsets = c->offsets;
    args->dout = c->dout;
    args->o = fx_upload_in(ctx, s->type, 3, FX_SHAPE(c->n_rows, s->H, s->D), o);
    args->lse = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(c->n_rows, s->H), lse);
    args->prefix = c->prefix;
    args->max_len = c->max_len;
    args->scale = c->scale;
    args->causal = s->causal;
    *all = fx_upload_strided_in(ctx, s->type, c->n_rows, width, width + 3, nans);
    attention_split(s, all, &args->dq, &args->dk, &args->dv);
    fx_ok(ctx, clgrpo_attention_backward_workspace(ctx, args, &bytes));
    ck_assert_uint_gt(bytes, 0);
    args->workspace = fx_workspace(ctx, bytes);
    free(o);
    free(lse);
    free(nans);
}

void
attention_backward_args_release(struct clgrpo_attention_backward_args *args, struct clgrpo_tensor *all)
{
    fx_release_all(&args->o, &args->lse);
    fx_release(all);
    fx_workspace_release(&args->workspace);
}

static float *
part(const float *all, size_t n_rows, size_t width, size_t first, size_t n)
{
    float *x = malloc((n_rows * n + 1) * sizeof *x);

    ck_assert_ptr_nonnull(x);
    for (size_t r = 0; r < n_rows; r++)
        memcpy(x + r * n, all + r * width + first, n * sizeof *x);
    return x;
}

struct attention_gradients
attention_case_backward(struct clgrpo_context *ctx, struct attention_case *c)
{
    const struct attention_shape *s = &c->shape;
    size_t width = (s->H + 2 * s->K) * s->D;
    struct clgrpo_attention_backward_args args;
    struct clgrpo_tensor all;
    struct attention_gradients g;
    float *rows;

    attention_backward_args_create(ctx, c, &args, &all);
    fx_ok(ctx, clgrpo_attention_backward(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
    rows = fx_download_in(ctx, &all);
    attention_untouched("gradients", rows, c->n * width, c->n_rows * width);
    g.dq = part(rows, c->n, width, 0, s->H * s->D);
    g.dk = part(rows, c->n, width, s->H * s->D, s->K * s->D);
    g.dv = part(rows, c->n, width, (s->H + s->K) * s->D, s->K * s->D);
    free(rows);
    attention_backward_args_release(&args, &all);
    return g;
}

struct ref_attention_gradients
attention_ref_gradients(const struct attention_case *c)
{
    size_t q = c->n * c->shape.H * c->shape.D + 1, k = c->n * c->shape.K * c->shape.D + 1, n = sizeof(double);
    struct ref_attention_gradients g = {calloc(q, n), calloc(k, n), calloc(k, n),
                                        calloc(q, n), calloc(k, n), calloc(k, n)};

    ref_attention_backward(&c->ref, c->q64, c->k64, c->v64, c->dout64, &g);
    return g;
}

void
attention_ref_gradients_free(struct ref_attention_gradients *g)
{
    free(g->dq);
    free(g->dk);
    free(g->dv);
    free(g->dq_size);
    free(g->dk_size);
    free(g->dv_size);
}

/* dq and dk have a part of delta, whose o the forward has rounded: off by half of a unit of itself, it puts the terms
 * that the size is a sum of off by at most as much. */
static void
close_to(const struct attention_case *c, const char *what, const float *got, const double *want, double *size, size_t n,
         size_t terms, bool has_delta)
{
    const double f32 = 0x1p-23 * sqrt((double)terms + 1.0);

    for (size_t i = 0; has_delta && i < n; i++)
        size[i] *= 1.0 + fx_unit(c->shape.type) / f32;
    fx_close_in(c->shape.type, what, got, want, size, n, 1.0, terms);
}

void
attention_backward_verify(const struct attention_case *c, const struct attention_gradients *got)
{
    const struct attention_shape *shape = &c->shape;
    size_t q = c->n * shape->H * shape->D, k = c->n * shape->K * shape->D;
    size_t terms = shape->D + (shape->prefix != NULL ? c->n : c->max_len) * (shape->H / shape->K);
    struct ref_attention_gradients want = attention_ref_gradients(c);

    close_to(c, "dq", got->dq, want.dq, want.dq_size, q, terms, true);
    close_to(c, "dk", got->dk, want.dk, want.dk_size, k, terms, true);
    close_to(c, "dv", got->dv, want.dv, want.dv_size, k, terms, false);
    attention_ref_gradients_free(&want);
}

void
attention_backward_check(struct clgrpo_context *ctx, const struct attention_shape *shape, uint64_t seed)
{
    struct attention_case *c = attention_case_create(ctx, shape, seed);
    struct attention_gradients got = attention_case_backward(ctx, c);

    attention_backward_verify(c, &got);
    attention_gradients_free(&got);
    attention_case_destroy(c);
}

/* L = sum dout o of the reference, in double. */
static double
loss(const struct attention_case *c, double *o, double *rest)
{
    size_t n = c->n * c->shape.H * c->shape.D;
    double sum = 0.0;

    ref_attention_forward(&c->ref, c->q64, c->k64, c->v64, o, rest, rest + n, rest + 2 * n);
    for (size_t i = 0; i < n; i++)
        sum += c->dout64[i] * o[i];
    return sum;
}

/* Central differences of the reference's loss in a stride of its elements: error h^2/6 f''' plus 2^-52 L / h. */
static void
check_differences(const struct attention_case *c, const char *what, double *x, size_t n, const double *want)
{
    const double h = 1e-4;
    size_t size = c->n * c->shape.H * c->shape.D;
    double *o = calloc(size, sizeof *o), *rest = calloc(3 * size, sizeof *rest);

    for (size_t i = 3; i < n; i += 37) {
        double at = x[i], up, down;

        x[i] = at + h;
        up = loss(c, o, rest);
        x[i] = at - h;
        down = loss(c, o, rest);
        x[i] = at;
        ck_assert_msg(fabs((up - down) / (2 * h) - want[i]) < 1e-6, "%s: element %zu is %g, differences give %g", what,
                      i, want[i], (up - down) / (2 * h));
    }
    free(o);
    free(rest);
}

void
attention_check_slopes(struct attention_shape shape, uint64_t seed)
{
    for (int causal = 0; causal < 2; causal++) {
        struct attention_case *c;
        struct ref_attention_gradients g;

        shape.causal = causal != 0;
        c = attention_case_create(fx_context(CLGRPO_FAMILY_CPU), &shape, seed);
        g = attention_ref_gradients(c);
        check_differences(c, "dq", c->q64, c->n * shape.H * shape.D, g.dq);
        check_differences(c, "dk", c->k64, c->n * shape.K * shape.D, g.dk);
        check_differences(c, "dv", c->v64, c->n * shape.K * shape.D, g.dv);
        attention_ref_gradients_free(&g);
        attention_case_destroy(c);
    }
}

void
attention_same_rows(const struct attention_shape *s, const struct attention_gradients *a, size_t at,
                    const struct attention_gradients *b, size_t from, size_t n)
{
    const size_t q = s->H * s->D, k = s->K * s->D;

    fx_same_bits("dq", a->dq + at * q, b->dq + from * q, n * q * sizeof *a->dq);
    fx_same_bits("dk", a->dk + at * k, b->dk + from * k, n * k * sizeof *a->dk);
    fx_same_bits("dv", a->dv + at * k, b->dv + from * k, n * k * sizeof *a->dv);
}

void
attention_same_gradients(const struct attention_case *c, struct attention_gradients a, struct attention_gradients b)
{
    attention_same_rows(&c->shape, &a, 0, &b, 0, c->n);
    attention_gradients_free(&a);
    attention_gradients_free(&b);
}
