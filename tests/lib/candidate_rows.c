/* SPDX-License-Identifier: Apache-2.0 */
#include "candidate_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ref_layer.h"

/* RMSNorm, its gradients with dw from 0, and the norm of all inputs with its clip factor: y, rstd, dx, dw, out. */
struct rows_problem {
    size_t n, e;
    float *x, *w, *dy;
};
enum { NORM_OUT = 2 };

static void *
make(struct clgrpo_context *ctx, size_t m, size_t n, size_t k)
{
    struct rows_problem *p = malloc(sizeof *p);

    (void)ctx, (void)k;
    ck_assert_ptr_nonnull(p);
    *p = (struct rows_problem){m, n, fx_random(m * n, 1.5f, 3), fx_random(n, 1.0f, 4), fx_random(m * n, 1.0f, 5)};
    return p;
}

/* The output of a tensor behind those before; releases it. */
static float *
take(struct clgrpo_context *ctx, struct clgrpo_tensor *t, float *at)
{
    const size_t n = clgrpo_tensor_elems(t);
    float *got = fx_download(ctx, t);

    memcpy(at, got, n * sizeof *got);
    free(got);
    fx_release(t);
    return at + n;
}

static float *
run_norm(struct clgrpo_context *ctx, const float *x, size_t n, float *at)
{
    struct clgrpo_global_norm_args a = CLGRPO_GLOBAL_NORM_ARGS_INIT;
    size_t bytes = 0;

    a.grad = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(n), x);
    a.out = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(NORM_OUT));
    a.max_norm = 1.0f;
    fx_ok(ctx, clgrpo_global_norm_workspace(ctx, &a, &bytes));
    a.workspace = fx_workspace(ctx, bytes);
    fx_ok(ctx, clgrpo_global_norm(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    at = take(ctx, &a.out, at);
    fx_release(&a.grad);
    fx_workspace_release(&a.workspace);
    return at;
}

/* n rows from `first` on. */
static float *
run_rows(struct clgrpo_context *ctx, const struct rows_problem *p, size_t first, size_t n)
{
    const size_t e = p->e;
    float *all = malloc((2 * n * e + n + e + NORM_OUT) * sizeof *all), *at = all;
    float *zeros = calloc(e, sizeof *zeros);
    struct clgrpo_rmsnorm_args f = CLGRPO_RMSNORM_ARGS_INIT;
    struct clgrpo_rmsnorm_backward_args b = CLGRPO_RMSNORM_BACKWARD_ARGS_INIT;
    size_t bytes = 0;

    ck_assert(all != NULL && zeros != NULL);
    f.x = b.x = fx_upload_strided(ctx, n, e, e + 3, p->x + first * e);
    f.w = b.w = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(e), p->w);
    f.y = fx_upload_strided(ctx, n, e, e + 5, NULL);
    f.rstd = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(n));
    f.eps = 1e-5f;
    fx_ok(ctx, clgrpo_rmsnorm(ctx, &f, clgrpo_context_queue(ctx), 0, NULL, NULL));
    at = take(ctx, &f.y, at);
    at = take(ctx, &f.rstd, at);
    b.rstd = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(n), at - n);
    b.dy = fx_upload_strided(ctx, n, e, e + 1, p->dy + first * e);
    b.dx = fx_upload_strided(ctx, n, e, e + 2, NULL);
    b.dw = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(e), zeros);
    fx_ok(ctx, clgrpo_rmsnorm_backward_workspace(ctx, &b, &bytes));
    b.workspace = fx_workspace(ctx, bytes);
    fx_ok(ctx, clgrpo_rmsnorm_backward(ctx, &b, clgrpo_context_queue(ctx), 0, NULL, NULL));
    at = take(ctx, &b.dx, at);
    at = take(ctx, &b.dw, at);
    run_norm(ctx, p->x + first * e, n * e, at);
    fx_release_all(&b.x, &b.w, &b.rstd, &b.dy);
    fx_workspace_release(&b.workspace);
    free(zeros);
    return all;
}

static float *
run(struct clgrpo_context *ctx, void *problem, size_t *n)
{
    const struct rows_problem *p = problem;

    *n = 2 * p->n * p->e + p->n + p->e + NORM_OUT;
    return run_rows(ctx, p, 0, p->n);
}

static void
verify_gradients(const struct rows_problem *p, const double *x, const double *w, const float *got_dx,
                 const float *got_dw)
{
    const size_t n = p->n, e = p->e;
    double *dy = fx_widen(p->dy, n * e), *dx = fx_widen(p->dy, n * e), *dw = calloc(e, sizeof *dw);
    double *dx_size = malloc(n * e * sizeof *dx_size), *dw_size = calloc(e, sizeof *dw_size);

    ref_rmsnorm_backward(x, w, dy, (double)1e-5f, n, e, dx, dw);
    for (size_t i = 0; i < n * e; i++) { /* the terms of a row's sum are at most of its largest |w dy x| r^3 x */
        dx_size[i] = 20.0;
        dw_size[i % e] += fabs(dy[i]) * 3.0;
    }
    fx_close("rmsnorm dx", got_dx, dx, dx_size, n * e, 4.0, e);
    fx_close("rmsnorm dw", got_dw, dw, dw_size, e, 4.0, n);
    free(dy), free(dx), free(dw), free(dx_size), free(dw_size);
}

static void
verify(const void *problem, const float *all, bool chain)
{
    const struct rows_problem *p = problem;
    const size_t n = p->n, e = p->e;
    const float *rstd = all + n * e, *dx = rstd + n, *dw = dx + n * e, *out = dw + e;
    double *x = fx_widen(p->x, n * e), *w = fx_widen(p->w, e), *y = fx_widen(p->x, n * e), *r = fx_widen(p->x, n);
    double norm[NORM_OUT] = {0.0};

    (void)chain;
    ref_rmsnorm(x, w, (double)1e-5f, n, e, y, r);
    fx_close("rmsnorm y", all, y, NULL, n * e, 4.0, e);
    fx_close("rmsnorm rstd", rstd, r, NULL, n, 4.0, e);
    verify_gradients(p, x, w, dx, dw);
    for (size_t i = 0; i < n * e; i++)
        norm[0] += x[i] * x[i];
    norm[0] = sqrt(norm[0]);
    norm[1] = norm[0] > 1.0 ? 1.0 / norm[0] : 1.0;
    fx_close("global norm", out, norm, NULL, NORM_OUT, 6.0, 1);
    free(x), free(w), free(y), free(r);
}

static void
alone(struct clgrpo_context *ctx, void *problem, const float *all)
{
    const struct rows_problem *p = problem;
    const size_t row = p->n / 2, e = p->e;
    float *got = run_rows(ctx, p, row, 1);

    fx_same_bits("y of a row alone", got, all + row * e, e * sizeof *got);
    fx_same_bits("rstd of a row alone", got + e, all + p->n * e + row, sizeof *got);
    fx_same_bits("dx of a row alone", got + e + 1, all + p->n * (e + 1) + row * e, e * sizeof *got);
    free(got);
}

static void
destroy(void *problem)
{
    struct rows_problem *p = problem;

    free(p->x), free(p->w), free(p->dy);
    free(p);
}

const struct candidate_kind candidate_rows = {make, run, verify, alone, destroy};
