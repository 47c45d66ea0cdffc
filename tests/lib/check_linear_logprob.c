/* SPDX-License-Identifier: Apache-2.0 */
#include "logprob_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct shape small_shapes[] = {{1, 1, 1}, {3, 2, 3}, {7, 17, 70}, {33, 5, 129}};
static const struct shape all_shapes[] = {{1, 1, 1},     {2, 3, 2},      {3, 2, 3},      {5, 7, 15},   {6, 16, 16},
                                          {7, 17, 17},   {31, 33, 127},  {32, 64, 128},  {97, 5, 131}, {96, 31, 1023},
                                          {13, 9, 1024}, {35, 20, 1025}, {101, 8, 4099}, {0, 4, 9},    {400, 3, 1500}};

static size_t
n_shapes(void)
{
    return fx_small() ? sizeof small_shapes / sizeof small_shapes[0] : sizeof all_shapes / sizeof all_shapes[0];
}

static struct shape
shape_of(size_t i)
{
    return fx_small() ? small_shapes[i] : all_shapes[i];
}

static void
close_to(struct clgrpo_context *ctx, const char *what, const struct clgrpo_tensor *t, const double *want,
         const double *size, size_t n, size_t n_terms)
{
    float *got = fx_download(ctx, t);

    fx_close(what, got, want, size, n, 2.0, n_terms);
    free(got);
}

START_TEST(forward_matches_the_reference)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct clgrpo_context *ctx = fx_context(fx_family(f));

        for (size_t i = 0; i < n_shapes(); i++) {
            struct shape s = shape_of(i);
            struct head h = head_make(ctx, s, i % 2 == 0, 0.7f);

            head_forward(ctx, &h);
            ref_linear_logprob(&h.ref);
            close_to(ctx, "lse", &h.fwd.lse, h.ref.lse, h.ref.size, s.n, s.e);
            close_to(ctx, "logprob", &h.fwd.logprob, h.ref.logprob, h.ref.size, s.n, s.e);
            if (h.fwd.entropy.buf != NULL) {
                for (size_t n = 0; n < s.n; n++)
                    h.ref.size[n] *= 1.0 + h.ref.entropy[n];
                close_to(ctx, "entropy", &h.fwd.entropy, h.ref.entropy, h.ref.size, s.n, s.e);
            }
            head_release(&h);
        }
    }
}
END_TEST

START_TEST(backward_matches_the_reference)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct clgrpo_context *ctx = fx_context(fx_family(f));

        for (size_t i = 0; i < n_shapes(); i++) {
            struct shape s = shape_of(i);
            struct head h = head_make(ctx, s, i % 2 == 0, 1.3f);
            double *dw;

            if (s.n > 2)
                h.g[1] = h.h[1] = 0.0f; /* a masked row */
            if (s.n > 2)
                h.g64[1] = h.h64[1] = 0.0;
            head_forward(ctx, &h);
            head_backward(ctx, &h);
            ref_linear_logprob(&h.ref);
            ref_linear_logprob_backward(&h.ref);
            dw = h.ref.dw;
            for (size_t k = 0; k < s.v * s.e; k++) {
                dw[k] += h.w64[k];
                h.ref.dw_size[k] += fabs(h.w64[k]);
            }
            close_to(ctx, "dx", &h.bwd.dx, h.ref.dx, h.ref.dx_size, s.n * s.e, s.e + s.v);
            close_to(ctx, "dw", &h.bwd.dw, h.ref.dw, h.ref.dw_size, s.v * s.e, s.e + s.n);
            head_release(&h);
        }
    }
}
END_TEST

START_TEST(reference_gradient_is_the_slope)
{
    struct clgrpo_context *ctx = fx_context(CLGRPO_FAMILY_CPU);
    struct shape s = {5, 4, 11};
    struct head h = head_make(ctx, s, true, 0.9f);
    const double step = 1e-5;

    ref_linear_logprob(&h.ref);
    ref_linear_logprob_backward(&h.ref);
    for (size_t k = 0; k < s.n * s.e + s.v * s.e; k++) {
        bool in_x = k < s.n * s.e;
        double *at = in_x ? h.x64 + k : h.w64 + (k - s.n * s.e), keep = *at, up, down;
        double want = in_x ? h.ref.dx[k] : h.ref.dw[k - s.n * s.e];

        *at = keep + step;
        up = ref_linear_logprob_objective(&h.ref);
        *at = keep - step;
        down = ref_linear_logprob_objective(&h.ref);
        *at = keep;
        ck_assert_double_eq_tol((up - down) / (2.0 * step), want, 1e-7 * (1.0 + fabs(want)));
    }
    head_release(&h);
}
END_TEST

/* h with x and w in storage of halves, and `plain` with the values that they hold. */
static void
store_halves(struct clgrpo_context *ctx, struct head *h, enum clgrpo_dtype x, enum clgrpo_dtype w, struct head *plain)
{
    const struct shape s = h->s;

    fx_store_as(ctx, x, &h->fwd.x, h->x);
    fx_store_as(ctx, w, &h->fwd.w, h->w);
    memcpy(plain->x, h->x, s.n * s.e * sizeof *h->x);
    memcpy(plain->w, h->w, s.v * s.e * sizeof *h->w);
    fx_release_all(&plain->fwd.x, &plain->fwd.w);
    plain->fwd.x = fx_upload_strided(ctx, s.n, s.e, s.e + PAD, h->x);
    plain->fwd.w = fx_upload_strided(ctx, s.v, s.e, s.e + PAD, h->w);
}

static void
same_outputs(struct clgrpo_context *ctx, const struct head *a, const struct head *b)
{
    const struct clgrpo_tensor *x[] = {&a->fwd.logprob, &a->fwd.lse, &a->fwd.entropy, &a->bwd.dx, &a->bwd.dw};
    const struct clgrpo_tensor *y[] = {&b->fwd.logprob, &b->fwd.lse, &b->fwd.entropy, &b->bwd.dx, &b->bwd.dw};

    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++) {
        void *got = fx_download(ctx, x[i]), *want = fx_download(ctx, y[i]);

        fx_same_bits("halves and what they hold", got, want, clgrpo_tensor_elems(x[i]) * sizeof(float));
        free(got);
        free(want);
    }
}

START_TEST(halves_have_the_bits_of_what_they_hold)
{
    static const enum clgrpo_dtype types[][2] = {
        {CLGRPO_F32, CLGRPO_BF16}, {CLGRPO_F16, CLGRPO_F32}, {CLGRPO_BF16, CLGRPO_F16}};
    static const struct shape shapes[] = {{7, 17, 70}, {33, 5, 129}, {50, 40, 1100}};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (int i = 0; i < (fx_small() ? 1 : 3); i++)
        for (int t = 0; t < 3; t++) {
            struct head h, plain;

            h = head_make(ctx, shapes[i], true, 0.75f);
            plain = head_make(ctx, shapes[i], true, 0.75f);
            store_halves(ctx, &h, types[t][0], types[t][1], &plain);
            head_forward(ctx, &h);
            head_forward(ctx, &plain);
            head_backward(ctx, &h);
            head_backward(ctx, &plain);
            same_outputs(ctx, &h, &plain);
            head_release(&h);
            head_release(&plain);
        }
}
END_TEST

START_TEST(same_bits_twice)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct clgrpo_context *ctx = fx_context(fx_family(f));
        struct shape s = fx_small() ? (struct shape){7, 17, 70} : (struct shape){401, 33, 1100};
        float *first[4] = {NULL};

        for (int run = 0; run < 2; run++) {
            struct head h = head_make(ctx, s, true, 0.7f);
            float *got[4];
            const size_t n[4] = {s.n, s.n, s.n * s.e, s.v * s.e};

            head_forward(ctx, &h);
            head_backward(ctx, &h);
            got[0] = fx_download(ctx, &h.fwd.logprob);
            got[1] = fx_download(ctx, &h.fwd.entropy);
            got[2] = fx_download(ctx, &h.bwd.dx);
            got[3] = fx_download(ctx, &h.bwd.dw);
            for (int i = 0; i < 4; i++) {
                if (run == 1)
                    fx_same_bits("second run", first[i], got[i], n[i] * sizeof(float));
                free(first[i]);
                first[i] = got[i];
            }
            head_release(&h);
        }
        for (int i = 0; i < 4; i++)
            free(first[i]);
    }
}
END_TEST

/* Rows first .. first + n - 1 alone give the bits that they have in the whole batch, in logprob, entropy and dx. */
static void
check_rows(struct clgrpo_context *ctx, struct shape s, size_t first, size_t n)
{
    struct head h = head_make(ctx, s, true, 0.7f), part;
    float *whole[3], *got[3];

    head_forward(ctx, &h);
    head_backward(ctx, &h);
    whole[0] = fx_download(ctx, &h.fwd.logprob);
    whole[1] = fx_download(ctx, &h.fwd.entropy);
    whole[2] = fx_download(ctx, &h.bwd.dx);
    s.n = n;
    part = head_make(ctx, s, true, 0.7f);
    fx_release_all(&part.fwd.x, &part.fwd.target);
    part.fwd.x = fx_upload_strided(ctx, n, s.e, s.e + PAD, h.x + first * s.e);
    part.fwd.target = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(n), h.target + first);
    memcpy(part.g, h.g + first, n * sizeof(float));
    memcpy(part.h, h.h + first, n * sizeof(float));
    head_forward(ctx, &part);
    head_backward(ctx, &part);
    got[0] = fx_download(ctx, &part.fwd.logprob);
    got[1] = fx_download(ctx, &part.fwd.entropy);
    got[2] = fx_download(ctx, &part.bwd.dx);
    fx_same_bits("logprob of a part", whole[0] + first, got[0], n * sizeof(float));
    fx_same_bits("entropy of a part", whole[1] + first, got[1], n * sizeof(float));
    fx_same_bits("dx of a part", whole[2] + first * s.e, got[2], n * s.e * sizeof(float));
    for (int i = 0; i < 3; i++) {
        free(whole[i]);
        free(got[i]);
    }
    head_release(&h);
    head_release(&part);
}

START_TEST(batch_invariance)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct clgrpo_context *ctx = fx_context(fx_family(f));
        struct shape s = fx_small() ? (struct shape){9, 5, 70} : (struct shape){131, 21, 2100};

        check_rows(ctx, s, 0, 1);
        check_rows(ctx, s, 5, 3);
        if (!fx_small())
            check_rows(ctx, s, 33, 97);
    }
}
END_TEST

START_TEST(batch_invariance_of_sampler_and_trainer)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct clgrpo_context *ctx = fx_context(fx_family(f));

        sampler_agrees(ctx, (struct shape){9, 5, 70}, 2, 4, 0.7f);
        if (fx_small())
            continue;
        sampler_agrees(ctx, (struct shape){120, 128, 1024}, 0, 120, 1.0f);
        sampler_agrees(ctx, (struct shape){120, 128, 1024}, 7, 1, 1.0f);
        sampler_agrees(ctx, (struct shape){67, 301, 3333}, 31, 19, 0.6f);
        sampler_agrees(ctx, (struct shape){40, 64, 9001}, 3, 37, 1.7f);
    }
}
END_TEST

START_TEST(target_outside_is_impossible)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct clgrpo_context *ctx = fx_context(fx_family(f));
        struct head h = head_make(ctx, (struct shape){4, 6, 130}, false, 1.0f);
        const int32_t target[4] = {-1, 130, 129, INT32_MIN};
        float *got;

        fx_release(&h.fwd.target);
        h.fwd.target = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(4), target);
        head_forward(ctx, &h);
        got = fx_download(ctx, &h.fwd.logprob);
        ck_assert(isinf(got[0]) && got[0] < 0.0f && isinf(got[1]) && got[1] < 0.0f && isinf(got[3]) && got[3] < 0.0f);
        ck_assert(isfinite(got[2]));
        free(got);
        head_release(&h);
    }
}
END_TEST

START_TEST(large_logits_stay_finite)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct clgrpo_context *ctx = fx_context(fx_family(f));
        struct shape s = {9, 8, 200};
        struct head h = head_make(ctx, s, true, 60.0f);

        head_forward(ctx, &h);
        head_backward(ctx, &h);
        ref_linear_logprob(&h.ref);
        close_to(ctx, "lse of large logits", &h.fwd.lse, h.ref.lse, h.ref.size, s.n, s.e);
        ref_linear_logprob_backward(&h.ref);
        close_to(ctx, "dx of large logits", &h.bwd.dx, h.ref.dx, h.ref.dx_size, s.n * s.e, s.e + s.v);
        head_release(&h);
    }
}
END_TEST

START_TEST(workspace_is_a_small_part_of_the_logits)
{
    struct clgrpo_context *ctx = fx_context(CLGRPO_FAMILY_CPU);
    struct clgrpo_linear_logprob_args a = CLGRPO_LINEAR_LOGPROB_ARGS_INIT;
    struct clgrpo_linear_logprob_backward_args b = CLGRPO_LINEAR_LOGPROB_BACKWARD_ARGS_INIT;
    const size_t n = 2048, e = 24, v = 49152;
    size_t bytes;

    a.x = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(n, e));
    a.w = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(v, e));
    a.target = fx_output(ctx, CLGRPO_I32, 1, FX_SHAPE(n));
    a.logprob = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(n));
    a.lse = a.logprob;
    fx_ok(ctx, clgrpo_linear_logprob_workspace(ctx, &a, &bytes));
    ck_assert_uint_le(bytes, n * v * sizeof(float) / 100);
    b.x = b.dx = a.x;
    b.w = b.dw = a.w;
    b.target = a.target;
    b.lse = b.dlogprob = a.lse;
    fx_ok(ctx, clgrpo_linear_logprob_backward_workspace(ctx, &b, &bytes));
    ck_assert_uint_le(bytes, n * v * sizeof(float) / 100);
    fx_release_all(&a.x, &a.w, &a.target, &a.logprob);
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct clgrpo_context *ctx = fx_context(fx_family(f));
        struct head h = head_make(ctx, (struct shape){4, 6, 13}, true, 1.0f);

        head_forward(ctx, &h);
        head_backward(ctx, &h);
        fx_refuses(ctx, clgrpo_linear_logprob, h.fwd, bad.struct_size = 3, CLGRPO_E_ARGUMENT);
        fx_refuses(ctx, clgrpo_linear_logprob, h.fwd, bad.target.shape[0] = 3, CLGRPO_E_SHAPE);
        fx_refuses(ctx, clgrpo_linear_logprob, h.fwd, bad.w.dtype = CLGRPO_I32, CLGRPO_E_DTYPE);
        fx_refuses(ctx, clgrpo_linear_logprob, h.fwd, bad.logprob.offset = 1000, CLGRPO_E_BOUNDS);
        fx_refuses(ctx, clgrpo_linear_logprob, h.fwd, bad.inv_temperature = 0.0f, CLGRPO_E_VALUE);
        fx_refuses(ctx, clgrpo_linear_logprob, h.fwd, bad.workspace.bytes -= 4, CLGRPO_E_WORKSPACE);
        fx_refuses(ctx, clgrpo_linear_logprob_backward, h.bwd, bad.workspace.bytes -= 4, CLGRPO_E_WORKSPACE);
        fx_refuses(ctx, clgrpo_linear_logprob_backward, h.bwd, bad.dw.shape[0] = 12, CLGRPO_E_SHAPE);
        fx_refuses(ctx, clgrpo_linear_logprob_backward, h.bwd, bad.entropy.dtype = CLGRPO_I32, CLGRPO_E_DTYPE);
        fx_fails(ctx, clgrpo_linear_logprob_workspace(ctx, &h.fwd, NULL), CLGRPO_E_ARGUMENT);
        fx_fails(ctx, clgrpo_linear_logprob_backward_workspace(ctx, &h.bwd, NULL), CLGRPO_E_ARGUMENT);
        head_release(&h);
    }
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("linear_logprob");

    fx_tests(tc, forward_matches_the_reference, backward_matches_the_reference, reference_gradient_is_the_slope);
    fx_family_tests(tc, halves_have_the_bits_of_what_they_hold);
    fx_tests(tc, same_bits_twice, batch_invariance, batch_invariance_of_sampler_and_trainer,
             target_outside_is_impossible, large_logits_stay_finite);
    if (!fx_small())
        fx_tests(tc, workspace_is_a_small_part_of_the_logits);
    fx_tests(tc, bad_arguments_are_refused);
    return fx_main();
}
