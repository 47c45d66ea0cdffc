/* SPDX-License-Identifier: Apache-2.0 */
/* RMSNorm: against double references, finite differences, batch invariance, ugly sizes, errors. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "ref_layer.h"
#include "stored.h"

/* Widths around the vectors of 4, 8 and 16 lanes and their tails; rows around the shares of a few groups. */
static const size_t widths[] = {1, 2, 3, 7, 8, 9, 17, 31, 33, 128, 259};
static const size_t rows[] = {0, 1, 2, 3, 37, 131};
enum { N_WIDTHS = sizeof widths / sizeof widths[0], N_ROWS = sizeof rows / sizeof rows[0] };
/* Enough for each of 64 items to sum four vectors of 16 lanes and some more. */
enum { LONG_ROWS = 2, LONG_WIDTH = 4 * 64 * 16 + 64 * 16 + 5 };

/* The interpreter's runs leave out the many rows: their loops are those of the few. */
static int
n_rows(void)
{
    return fx_small() ? 4 : N_ROWS;
}

/* One RMSNorm on host data, in storage of a type, with row stride e + 3; returns y, and rstd through *rstd. */
static float *
run_rmsnorm(struct clgrpo_context *ctx, enum clgrpo_dtype type, const float *x, const float *w, size_t n, size_t e,
            float **rstd)
{
    struct clgrpo_rmsnorm_args a = CLGRPO_RMSNORM_ARGS_INIT;
    float *blank = malloc((n * e + 1) * sizeof *blank), *y;

    memset(blank, 0xff, (n * e + 1) * sizeof *blank);
    a.x = fx_upload_strided_in(ctx, type, n, e, e + 3, x);
    a.w = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(e), w);
    a.y = fx_upload_strided_as(ctx, type, n, e, e + 5, blank);
    a.rstd = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(n));
    fx_ok(ctx, clgrpo_rmsnorm(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    y = fx_download_in(ctx, &a.y);
    *rstd = fx_download(ctx, &a.rstd);
    fx_release_all(&a.x, &a.w, &a.y, &a.rstd);
    free(blank);
    return y;
}

static void
check_forward(struct clgrpo_context *ctx, enum clgrpo_dtype type, size_t n, size_t e)
{
    float *x = fx_random_in(type, n * e, 1.5f, 3), *w = fx_random(e, 1.0f, 4), *rstd,
          *y = run_rmsnorm(ctx, type, x, w, n, e, &rstd);
    double *dx = fx_widen(x, n * e), *dw = fx_widen(w, e), *want = malloc((n * e + 1) * 8),
           *want_r = malloc((n + 1) * 8);

    ref_rmsnorm(dx, dw, (double)1e-5f, n, e, want, want_r);
    fx_close_in(type, "rmsnorm y", y, want, NULL, n * e, 4.0, e);
    fx_close("rmsnorm rstd", rstd, want_r, NULL, n, 4.0, e);
    free(x), free(w), free(rstd), free(y), free(dx), free(dw), free(want), free(want_r);
}

START_TEST(rmsnorm_matches_reference)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i / FX_N_STORAGES));
    const enum clgrpo_dtype type = fx_storage(_i);

    for (int iw = 0; iw < N_WIDTHS; iw++)
        for (int in = 0; in < n_rows(); in++)
            check_forward(ctx, type, rows[in], widths[iw]);
    check_forward(ctx, type, LONG_ROWS, LONG_WIDTH);
}
END_TEST

START_TEST(rmsnorm_batch_invariance)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i / FX_N_STORAGES));
    const enum clgrpo_dtype type = fx_storage(_i);
    const size_t n = 53, e = 129;
    float *x = fx_random_in(type, n * e, 1.0f, 8), *w = fx_random(e, 1.0f, 9), *rstd,
          *all = run_rmsnorm(ctx, type, x, w, n, e, &rstd);

    free(rstd);
    for (size_t first = 0; first < n; first += 11) {
        size_t count = first % 3 + 1;
        float *some = run_rmsnorm(ctx, type, x + first * e, w, count, e, &rstd);

        fx_same_bits("rows alone and among others", some, all + first * e, count * e * sizeof *some);
        free(some), free(rstd);
    }
    free(x), free(w), free(all);
}
END_TEST

/* In place, or into a tensor of its own; both equal an addition and a norm after it, bit by bit. */
START_TEST(rmsnorm_adds_the_residual)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i / FX_N_STORAGES));
    const enum clgrpo_dtype type = fx_storage(_i);
    const size_t n = 5, e = 37;
    float *x = fx_random_in(type, n * e, 1.0f, 1), *r = fx_random_in(type, n * e, 1.0f, 2), *w = fx_random(e, 1.0f, 3),
          *rstd, *want;
    float *total = malloc(n * e * sizeof *total);

    for (size_t i = 0; i < n * e; i++)
        total[i] = x[i] + r[i];
    fx_round(type, total, n * e);
    want = run_rmsnorm(ctx, type, total, w, n, e, &rstd);
    for (int apart = 0; apart < 2; apart++) {
        struct clgrpo_rmsnorm_args a = CLGRPO_RMSNORM_ARGS_INIT;
        float *got, *stream, *kept;

        a.x = fx_upload_strided_in(ctx, type, n, e, e + 2, x);
        a.residual = fx_upload_strided_in(ctx, type, n, e, e + 1, r);
        a.w = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(e), w);
        a.y = fx_output(ctx, type, 2, FX_SHAPE(n, e));
        if (apart)
            a.sum = fx_upload_strided_in(ctx, type, n, e, e + 3, r);
        fx_ok(ctx, clgrpo_rmsnorm(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
        got = fx_download_in(ctx, &a.y);
        stream = fx_download_in(ctx, apart ? &a.sum : &a.x);
        kept = fx_download_in(ctx, &a.x);
        fx_same_bits("x + residual", stream, total, n * e * sizeof *x);
        fx_same_bits("norm of the sum", got, want, n * e * sizeof *x);
        fx_same_bits("x", kept, apart ? x : total, n * e * sizeof *x);
        fx_release_all(&a.x, &a.residual, &a.w, &a.y, &a.sum);
        free(got), free(stream), free(kept);
    }
    free(x), free(r), free(w), free(total), free(rstd), free(want);
}
END_TEST

struct norm_grads {
    float *dx, *dw;
};

static struct norm_grads
run_rmsnorm_backward(struct clgrpo_context *ctx, enum clgrpo_dtype type, const float *x, const float *w,
                     const float *dy, const float *dw0, size_t n, size_t e, bool accumulate)
{
    struct clgrpo_rmsnorm_backward_args a = CLGRPO_RMSNORM_BACKWARD_ARGS_INIT;
    float *rstd, *y = run_rmsnorm(ctx, type, x, w, n, e, &rstd);
    struct norm_grads g;
    size_t bytes = 0;

    a.x = fx_upload_strided_in(ctx, type, n, e, e + 3, x);
    a.w = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(e), w);
    a.rstd = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(n), rstd);
    a.dy = fx_upload_strided_in(ctx, type, n, e, e + 1, dy);
    a.dx = fx_upload_strided_in(ctx, type, n, e, e + 2, dy); /* accumulating: starts as dy */
    a.dw = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(e), dw0);
    a.accumulate_dx = accumulate;
    fx_ok(ctx, clgrpo_rmsnorm_backward_workspace(ctx, &a, &bytes));
    a.workspace = fx_workspace(ctx, bytes);
    fx_ok(ctx, clgrpo_rmsnorm_backward(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    g.dx = fx_download_in(ctx, &a.dx);
    g.dw = fx_download(ctx, &a.dw);
    fx_release_all(&a.x, &a.w, &a.rstd, &a.dy, &a.dx, &a.dw);
    fx_workspace_release(&a.workspace);
    free(rstd), free(y);
    return g;
}

static void
check_backward(struct clgrpo_context *ctx, enum clgrpo_dtype type, size_t n, size_t e, bool accumulate)
{
    float *x = fx_random_in(type, n * e, 1.5f, 3), *w = fx_random(e, 1.0f, 4), *dy = fx_random_in(type, n * e, 1.0f, 5);
    float *dw0 = fx_random(e, 1.0f, 6);
    struct norm_grads g = run_rmsnorm_backward(ctx, type, x, w, dy, dw0, n, e, accumulate);
    struct norm_grads again = run_rmsnorm_backward(ctx, type, x, w, dy, dw0, n, e, accumulate);
    double *xd = fx_widen(x, n * e), *wd = fx_widen(w, e), *dyd = fx_widen(dy, n * e), *dw = fx_widen(dw0, e);
    double *dx = malloc((n * e + 1) * 8), *size = malloc((n * e + 1) * 8), *dw_size = calloc(e, 8);

    ref_rmsnorm_backward(xd, wd, dyd, (double)1e-5f, n, e, dx, dw);
    for (size_t i = 0; i < n * e; i++) { /* the terms of a row's sum are at most of its largest |w dy x| r^3 x */
        dx[i] += accumulate ? dyd[i] : 0.0;
        size[i] = 20.0;
        dw_size[i % e] += fabs(dyd[i]) * 3.0;
    }
    for (size_t j = 0; j < e; j++)
        dw_size[j] += fabs((double)dw0[j]);
    fx_close_in(type, "rmsnorm dx", g.dx, dx, size, n * e, 4.0, e);
    fx_close("rmsnorm dw", g.dw, dw, dw_size, e, 4.0, n);
    fx_same_bits("dx twice", g.dx, again.dx, n * e * sizeof *g.dx);
    fx_same_bits("dw twice", g.dw, again.dw, e * sizeof *g.dw);
    free(x), free(w), free(dy), free(dw0), free(g.dx), free(g.dw), free(again.dx), free(again.dw);
    free(xd), free(wd), free(dyd), free(dw), free(dx), free(size), free(dw_size);
}

START_TEST(rmsnorm_backward_matches_reference)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i / FX_N_STORAGES));
    const enum clgrpo_dtype type = fx_storage(_i);

    for (int iw = 0; iw < N_WIDTHS; iw++)
        for (int in = 0; in < n_rows(); in++)
            check_backward(ctx, type, rows[in], widths[iw], (iw + in) % 2 == 0);
    check_backward(ctx, type, LONG_ROWS, LONG_WIDTH, true);
}
END_TEST

/* The reference gradient itself, by central differences of the reference. */
START_TEST(rmsnorm_reference_gradient_is_a_derivative)
{
    enum { N = 3, E = 7 };
    float *xf = fx_random(N * E, 1.0f, 1), *wf = fx_random(E, 1.0f, 2), *cf = fx_random(N * E, 1.0f, 3);
    double *x = fx_widen(xf, N * E), *w = fx_widen(wf, E), *c = fx_widen(cf, N * E), dx[N * E], dw[E] = {0}, y[N * E],
           r[N];

    ref_rmsnorm_backward(x, w, c, 1e-5, N, E, dx, dw);
    for (size_t i = 0; i < N * E + E; i++) {
        double *at = i < N * E ? &x[i] : &w[i - N * E], keep = *at, slope = 0.0, h = 1e-6;

        for (int sign = -1; sign <= 1; sign += 2) {
            *at = keep + sign * h;
            ref_rmsnorm(x, w, 1e-5, N, E, y, r);
            for (size_t j = 0; j < N * E; j++)
                slope += sign * c[j] * y[j] / (2.0 * h);
        }
        *at = keep;
        ck_assert_double_eq_tol(slope, i < N * E ? dx[i] : dw[i - N * E], 1e-6);
    }
    free(xf), free(wf), free(cf), free(x), free(w), free(c);
}
END_TEST

START_TEST(errors_have_their_status)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct clgrpo_rmsnorm_args a = CLGRPO_RMSNORM_ARGS_INIT;
    float *x = fx_random(64, 1.0f, 1);

    a.x = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(4, 16), x);
    a.w = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(16), x);
    a.y = a.x;
    fx_fails(ctx, clgrpo_rmsnorm(ctx, NULL, clgrpo_context_queue(ctx), 0, NULL, NULL), CLGRPO_E_ARGUMENT);
    fx_fails(ctx, clgrpo_rmsnorm(ctx, &a, NULL, 0, NULL, NULL), CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_rmsnorm, a, bad.eps = 0.0f, CLGRPO_E_VALUE);
    fx_refuses(ctx, clgrpo_rmsnorm, a, bad.w.shape[0] = 15, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_rmsnorm, a, bad.y.shape[0] = bad.x.shape[0] = 400, CLGRPO_E_BOUNDS);
    fx_refuses(ctx, clgrpo_rmsnorm, a, bad.sum = bad.x, CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_rmsnorm, a, (bad.residual = bad.sum = bad.x, bad.sum.shape[1] = 15), CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_rmsnorm, a, bad.w.dtype = CLGRPO_I32, CLGRPO_E_DTYPE);
    fx_release(&a.x), fx_release(&a.w);
    free(x);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("rmsnorm");

    fx_family_tests(tc, rmsnorm_matches_reference, rmsnorm_batch_invariance, rmsnorm_adds_the_residual,
                    rmsnorm_backward_matches_reference);
    fx_tests(tc, rmsnorm_reference_gradient_is_a_derivative);
    fx_family_tests(tc, errors_have_their_status);
    return fx_main();
}
