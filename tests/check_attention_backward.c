/* SPDX-License-Identifier: Apache-2.0 */
#include "attention_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct gradients {
    float *dq, *dk, *dv;
};

static void
gradients_free(struct gradients *g)
{
    free(g->dq);
    free(g->dk);
    free(g->dv);
}

/* The arguments over views of one gradient buffer, with a forward's o and lse. */
static void
args_create(struct clgrpo_context *ctx, struct attention_case *c, struct clgrpo_attention_backward_args *args,
            struct clgrpo_tensor *all)
{
    const struct attention_shape *s = &c->shape;
    size_t width = (s->H + 2 * s->K) * s->D, bytes = 0;
    float *lse, *o = attention_case_forward(ctx, c, &lse), *nans = malloc((c->n_rows * width + 1) * sizeof *nans);

    ck_assert_ptr_nonnull(nans);
    memset(nans, 0xFF, c->n_rows * width * sizeof *nans);
    *args = (struct clgrpo_attention_backward_args)CLGRPO_ATTENTION_BACKWARD_ARGS_INIT;
    args->q = c->q;
    args->k = c->k;
    args->v = c->v;
    args->offsets = c->offsets;
    args->dout = c->dout;
    args->o = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(c->n_rows, s->H, s->D), o);
    args->lse = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(c->n_rows, s->H), lse);
    args->max_len = c->max_len;
    args->scale = c->scale;
    args->causal = s->causal;
    *all = fx_upload_strided(ctx, c->n_rows, width, width + 3, nans);
    attention_split(s, all, &args->dq, &args->dk, &args->dv);
    fx_ok(ctx, clgrpo_attention_backward_workspace(ctx, args, &bytes));
    ck_assert_uint_gt(bytes, 0);
    args->workspace = fx_workspace(ctx, bytes);
    free(o);
    free(lse);
    free(nans);
}

static void
args_release(struct clgrpo_attention_backward_args *args, struct clgrpo_tensor *all)
{
    fx_release(&args->o);
    fx_release(&args->lse);
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

static struct gradients
backward(struct clgrpo_context *ctx, struct attention_case *c)
{
    const struct attention_shape *s = &c->shape;
    size_t width = (s->H + 2 * s->K) * s->D;
    struct clgrpo_attention_backward_args args;
    struct clgrpo_tensor all;
    struct gradients g;
    float *rows;

    args_create(ctx, c, &args, &all);
    fx_ok(ctx, clgrpo_attention_backward(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
    rows = fx_download(ctx, &all);
    attention_untouched("gradients", rows, c->n * width, c->n_rows * width);
    g.dq = part(rows, c->n, width, 0, s->H * s->D);
    g.dk = part(rows, c->n, width, s->H * s->D, s->K * s->D);
    g.dv = part(rows, c->n, width, (s->H + s->K) * s->D, s->K * s->D);
    free(rows);
    args_release(&args, &all);
    return g;
}

static struct ref_attention_gradients
ref_create(const struct attention_case *c)
{
    size_t q = c->n * c->shape.H * c->shape.D + 1, k = c->n * c->shape.K * c->shape.D + 1, n = sizeof(double);
    struct ref_attention_gradients g = {calloc(q, n), calloc(k, n), calloc(k, n),
                                        calloc(q, n), calloc(k, n), calloc(k, n)};

    ref_attention_backward(&c->ref, c->q64, c->k64, c->v64, c->dout64, &g);
    return g;
}

static void
ref_free(struct ref_attention_gradients *g)
{
    free(g->dq);
    free(g->dk);
    free(g->dv);
    free(g->dq_size);
    free(g->dk_size);
    free(g->dv_size);
}

static void
check_case(struct clgrpo_context *ctx, const struct attention_shape *shape, uint64_t seed)
{
    struct attention_case *c = attention_case_create(ctx, shape, seed);
    size_t q = c->n * shape->H * shape->D, k = c->n * shape->K * shape->D;
    size_t terms = shape->D + c->max_len * (shape->H / shape->K);
    struct ref_attention_gradients want = ref_create(c);
    struct gradients got = backward(ctx, c);

    fx_close("dq", got.dq, want.dq, want.dq_size, q, 1.0, terms);
    fx_close("dk", got.dk, want.dk, want.dk_size, k, 1.0, terms);
    fx_close("dv", got.dv, want.dv, want.dv_size, k, 1.0, terms);
    gradients_free(&got);
    ref_free(&want);
    attention_case_destroy(c);
}

START_TEST(matches_the_reference)
{
    static const size_t heads[][2] = {{2, 1}, {2, 2}, {4, 1}}, dims[] = {32, 64, 128};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (size_t i = 0; i < (attention_small() ? 1 : 9); i++) {
        struct attention_shape s = {
            .H = heads[i % 3][0], .K = heads[i % 3][1], .D = dims[i / 3], .causal = true, .size = 1.0f};

        attention_mixed_lens(&s);
        check_case(ctx, &s, 10 + i);
    }
}
END_TEST

START_TEST(every_key_without_the_causal_mask)
{
    struct attention_shape s = {.H = 2, .K = 1, .D = 32, .causal = false, .size = 1.0f};

    attention_mixed_lens(&s);
    check_case(fx_context(fx_family(_i)), &s, 50);
}
END_TEST

START_TEST(large_scores)
{
    struct attention_shape s = {.H = 2, .K = 2, .D = 64, .causal = true, .size = 8.0f};

    attention_mixed_lens(&s);
    check_case(fx_context(fx_family(_i)), &s, 60);
}
END_TEST

START_TEST(many_heads_to_a_key)
{
    struct attention_shape s = {.H = 20, .K = 1, .D = 32, .causal = true, .size = 1.0f, .n_sequences = 2};

    s.lens[0] = 67;
    s.lens[1] = 5;
    check_case(fx_context(fx_family(_i)), &s, 65);
}
END_TEST

START_TEST(long_sequence)
{
    struct attention_shape s = {.H = 1, .K = 1, .D = 32, .causal = true, .size = 1.0f, .n_sequences = 1};

    s.lens[0] = 701;
    check_case(fx_context(fx_family(_i)), &s, 70);
}
END_TEST

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

START_TEST(finite_differences_of_the_reference)
{
    struct attention_shape s = {.H = 2, .K = 1, .D = 32, .causal = true, .size = 1.0f, .n_sequences = 3};
    struct attention_case *c;
    struct ref_attention_gradients g;

    s.causal = _i == 0;
    s.lens[0] = 5;
    s.lens[2] = 3;
    c = attention_case_create(fx_context(CLGRPO_FAMILY_CPU), &s, 80);
    g = ref_create(c);
    check_differences(c, "dq", c->q64, c->n * s.H * s.D, g.dq);
    check_differences(c, "dk", c->k64, c->n * s.K * s.D, g.dk);
    check_differences(c, "dv", c->v64, c->n * s.K * s.D, g.dv);
    ref_free(&g);
    attention_case_destroy(c);
}
END_TEST

static void
same_gradients(const struct attention_case *c, struct gradients a, struct gradients b)
{
    const struct attention_shape *s = &c->shape;

    fx_same_bits("dq", a.dq, b.dq, c->n * s->H * s->D * sizeof *a.dq);
    fx_same_bits("dk", a.dk, b.dk, c->n * s->K * s->D * sizeof *a.dk);
    fx_same_bits("dv", a.dv, b.dv, c->n * s->K * s->D * sizeof *a.dv);
    gradients_free(&a);
    gradients_free(&b);
}

START_TEST(same_bits_twice)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct attention_shape s = {.H = 4, .K = 2, .D = 32, .causal = true, .size = 1.0f};
    struct attention_case *c;

    attention_mixed_lens(&s);
    c = attention_case_create(ctx, &s, 90);
    same_gradients(c, backward(ctx, c), backward(ctx, c));
    attention_case_destroy(c);
}
END_TEST

/* The cpu family takes one pass over a batch that fills the device, and two where it might not: a max_len far above
 * the lengths makes it assume so. */
START_TEST(one_pass_or_two)
{
    static const size_t dims[] = {32, 64, 128, 32, 32}, lens[] = {701, 389, 130, 257, 65};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    if (attention_small() && fx_family(_i) == CLGRPO_FAMILY_SIMT) /* one way only, and slow there */
        return;
    for (size_t i = attention_small() ? 4 : 0; i < (attention_small() ? 5 : 4); i++) {
        struct attention_shape s = {.H = 16, .K = 8, .D = dims[i], .causal = i != 3, .size = 1.0f, .n_sequences = 3};
        struct attention_case *c;
        struct gradients few;

        if (attention_small()) {
            s.H = s.K = 2;
            s.n_sequences = 1;
        }
        s.lens[0] = lens[i];
        s.lens[1] = 67;
        s.lens[2] = lens[i] - 3;
        c = attention_case_create(ctx, &s, 120 + i);
        few = backward(ctx, c);
        c->max_len *= 64;
        same_gradients(c, few, backward(ctx, c));
        attention_case_destroy(c);
    }
}
END_TEST

/* Each sequence alone, and as one of a batch. */
START_TEST(bits_do_not_depend_on_the_batch)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct attention_shape s = {.H = 4, .K = 2, .D = 32, .causal = true, .size = 1.0f};
    struct attention_case *c;
    struct gradients all;

    attention_mixed_lens(&s);
    c = attention_case_create(ctx, &s, 130);
    all = backward(ctx, c);
    for (size_t b = 0; b < s.n_sequences; b++) {
        const size_t at = (size_t)c->offsets_host[b], n = s.lens[b], q = s.H * s.D, k = s.K * s.D;
        struct attention_shape one = s;
        struct attention_case *alone;
        struct gradients g;

        one.n_sequences = 1;
        one.lens[0] = n;
        alone = attention_case_create(ctx, &one, 131);
        memcpy(alone->q_host, c->q_host + at * q, n * q * sizeof(float));
        memcpy(alone->k_host, c->k_host + at * k, n * k * sizeof(float));
        memcpy(alone->v_host, c->v_host + at * k, n * k * sizeof(float));
        attention_case_refresh(ctx, alone);
        fx_release(&alone->dout);
        memcpy(alone->dout_host, c->dout_host + at * q, n * q * sizeof(float));
        alone->dout = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(alone->n_rows, s.H, s.D), alone->dout_host);
        g = backward(ctx, alone);
        fx_same_bits("dq", g.dq, all.dq + at * q, n * q * sizeof(float));
        fx_same_bits("dk", g.dk, all.dk + at * k, n * k * sizeof(float));
        fx_same_bits("dv", g.dv, all.dv + at * k, n * k * sizeof(float));
        gradients_free(&g);
        attention_case_destroy(alone);
    }
    gradients_free(&all);
    attention_case_destroy(c);
}
END_TEST

#define FAILS(change, status)                                                                                          \
    do {                                                                                                               \
        struct clgrpo_attention_backward_args bad = args;                                                              \
        change;                                                                                                        \
        fx_fails(ctx, clgrpo_attention_backward(ctx, &bad, clgrpo_context_queue(ctx), 0, NULL, NULL), status);         \
    } while (0)

START_TEST(bad_arguments_are_refused)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct attention_shape s = {
        .H = 4, .K = 2, .D = 32, .causal = true, .size = 1.0f, .n_sequences = 2, .lens = {3, 4}};
    struct attention_case *c = attention_case_create(ctx, &s, 110);
    struct clgrpo_attention_backward_args args;
    struct clgrpo_tensor all;

    args_create(ctx, c, &args, &all);
    FAILS(bad.struct_size = 3, CLGRPO_E_ARGUMENT);
    FAILS(bad.lse.buf = NULL, CLGRPO_E_ARGUMENT);
    FAILS(bad.dk.shape[1] = 4, CLGRPO_E_SHAPE);
    FAILS(bad.dout.shape[0]--, CLGRPO_E_SHAPE);
    FAILS(bad.dv.offset += (size_t)1 << 40, CLGRPO_E_BOUNDS);
    FAILS(bad.dq.dtype = CLGRPO_F16, CLGRPO_E_DTYPE);
    FAILS(bad.scale = -1.0f, CLGRPO_E_VALUE);
    FAILS(bad.workspace.bytes--, CLGRPO_E_WORKSPACE);
    args_release(&args, &all);
    attention_case_destroy(c);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("attention_backward");
    TCase *t = tcase_create("backward");

    tcase_set_timeout(t, 0);
    tcase_add_loop_test(t, matches_the_reference, 0, FX_N_FAMILIES);
    tcase_add_loop_test(t, one_pass_or_two, 0, FX_N_FAMILIES);
    tcase_add_loop_test(t, bad_arguments_are_refused, 0, FX_N_FAMILIES);
    if (!attention_small()) { /* the rest walks the same kernels */
        tcase_add_loop_test(t, every_key_without_the_causal_mask, 0, FX_N_FAMILIES);
        tcase_add_loop_test(t, finite_differences_of_the_reference, 0, 2);
        tcase_add_loop_test(t, large_scores, 0, FX_N_FAMILIES);
        tcase_add_loop_test(t, many_heads_to_a_key, 0, FX_N_FAMILIES);
        tcase_add_loop_test(t, long_sequence, 0, FX_N_FAMILIES);
        tcase_add_loop_test(t, same_bits_twice, 0, FX_N_FAMILIES);
        tcase_add_loop_test(t, bits_do_not_depend_on_the_batch, 0, FX_N_FAMILIES);
    }
    suite_add_tcase(suite, t);
    return fx_main(suite);
}
