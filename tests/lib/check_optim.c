/* SPDX-License-Identifier: Apache-2.0 */
/* The optimiser step: global norm with its clip factor, AdamW. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "ref_layer.h"

static const size_t sizes[] = {1, 2, 3, 7, 8, 9, 63, 64, 65, 511, 1031, 70001};
enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

static void
run_norm(struct clgrpo_context *ctx, const float *g, size_t n, float max_norm, float out[2])
{
    struct clgrpo_global_norm_args a = CLGRPO_GLOBAL_NORM_ARGS_INIT;
    size_t bytes = 0;
    float *got;

    a.grad = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(n), g);
    a.out = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(2));
    a.max_norm = max_norm;
    fx_ok(ctx, clgrpo_global_norm_workspace(ctx, &a, &bytes));
    a.workspace = fx_workspace(ctx, bytes);
    fx_ok(ctx, clgrpo_global_norm(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    got = fx_download(ctx, &a.out);
    memcpy(out, got, 2 * sizeof *out);
    free(got);
    fx_release(&a.grad), fx_release(&a.out);
    fx_workspace_release(&a.workspace);
}

START_TEST(global_norm_matches_reference)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (int k = 0; k < N_SIZES; k++) {
        float *g = fx_random(sizes[k], 2.0f, 31), out[2], again[2];
        double want = 0.0, clip;

        for (size_t i = 0; i < sizes[k]; i++)
            want += (double)g[i] * (double)g[i];
        want = sqrt(want);
        run_norm(ctx, g, sizes[k], 1.0f, out);
        run_norm(ctx, g, sizes[k], 1.0f, again);
        clip = want > 1.0 ? 1.0 / want : 1.0;
        /* the sums are compensated: the error does not grow with the length */
        fx_close("norm", &out[0], &want, NULL, 1, 4.0, 1);
        fx_close("clip factor", &out[1], &clip, NULL, 1, 6.0, 1);
        fx_same_bits("norm twice", out, again, sizeof out);
        free(g);
    }
}
END_TEST

START_TEST(global_norm_of_the_unusual)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    float g[5] = {3.0f, 4.0f, 0.0f, 0.0f, 0.0f}, out[2];

    run_norm(ctx, g, 5, 0.0f, out);
    ck_assert(out[0] == 5.0f && out[1] == 1.0f); /* max_norm 0 does not clip */
    run_norm(ctx, g, 5, 50.0f, out);
    ck_assert(out[0] == 5.0f && out[1] == 1.0f);
    g[3] = INFINITY;
    run_norm(ctx, g, 5, 1.0f, out);
    ck_assert(!isfinite(out[0]) && out[1] == 0.0f);
    g[3] = NAN;
    run_norm(ctx, g, 5, 1.0f, out);
    ck_assert(!isfinite(out[0]) && out[1] == 0.0f);
    run_norm(ctx, g, 0, 1.0f, out);
    ck_assert(out[0] == 0.0f && out[1] == 1.0f);
}
END_TEST

struct state {
    struct clgrpo_adamw_args a;
};

static struct state
upload_state(struct clgrpo_context *ctx, size_t n, const float *p, const float *g, const float *m, const float *v,
             float scale)
{
    struct state s = {CLGRPO_ADAMW_ARGS_INIT};

    s.a.param = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(n), p);
    s.a.grad = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(n), g);
    s.a.m = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(n), m);
    s.a.v = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(n), v);
    s.a.scale = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(1), &scale);
    s.a.lr = 0.01f, s.a.beta1 = 0.9f, s.a.beta2 = 0.98f, s.a.eps = 1e-8f, s.a.weight_decay = 0.1f;
    s.a.decay_elems = n / 2;
    return s;
}

static void
release_state(struct state *s)
{
    fx_release_all(&s->a.param, &s->a.grad, &s->a.m, &s->a.v, &s->a.scale);
}

START_TEST(adamw_matches_reference)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (int k = 0; k < N_SIZES; k++) {
        size_t n = sizes[k];
        float *p = fx_random(n, 1.0f, 1), *g = fx_random(n, 0.5f, 2), *m = fx_random(n, 0.1f, 3),
              *v = fx_random(n, 0.1f, 4);
        double *pd = malloc(n * 8), *gd = malloc(n * 8), *md = malloc(n * 8), *vd = malloc(n * 8),
               *size = malloc(n * 8);
        struct ref_adamw_args ref = {.decay_n = n / 2, .step = 3};
        struct state s;
        float *got_p, *got_m, *got_v;

        for (size_t i = 0; i < n; i++) {
            v[i] = fabsf(v[i]) + 0.01f;
            pd[i] = (double)p[i], gd[i] = (double)g[i], md[i] = (double)m[i], vd[i] = (double)v[i];
            size[i] = fabs(pd[i]) + 1.0;
        }
        s = upload_state(ctx, n, p, g, m, v, 0.7f);
        s.a.step = 3;
        ref.lr = (double)s.a.lr, ref.beta1 = (double)s.a.beta1, ref.beta2 = (double)s.a.beta2,
        ref.eps = (double)s.a.eps;
        ref.weight_decay = (double)s.a.weight_decay, ref.scale = (double)0.7f;
        fx_ok(ctx, clgrpo_adamw(ctx, &s.a, clgrpo_context_queue(ctx), 0, NULL, NULL));
        ref_adamw(&ref, n, pd, gd, md, vd);
        got_p = fx_download(ctx, &s.a.param), got_m = fx_download(ctx, &s.a.m), got_v = fx_download(ctx, &s.a.v);
        fx_close("adamw param", got_p, pd, size, n, 2.0, 4);
        fx_close("adamw m", got_m, md, size, n, 1.0, 2);
        fx_close("adamw v", got_v, vd, size, n, 1.0, 2);
        release_state(&s);
        free(p), free(g), free(m), free(v), free(pd), free(gd), free(md), free(vd), free(size);
        free(got_p), free(got_m), free(got_v);
    }
}
END_TEST

/* t holds the bits of `want` still. */
static void
kept(struct clgrpo_context *ctx, const char *what, const struct clgrpo_tensor *t, const float *want)
{
    float *got = fx_download(ctx, t);

    fx_same_bits(what, got, want, clgrpo_tensor_elems(t) * sizeof *got);
    free(got);
}

START_TEST(adamw_leaves_everything_at_scale_0)
{
    enum { N = 77 };
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    float *p = fx_random(N, 1.0f, 1), *g = fx_random(N, 1.0f, 2), *m = fx_random(N, 1.0f, 3),
          *v = fx_random(N, 1.0f, 4), *copy = fx_random(N, 1.0f, 5);
    struct state s;

    g[5] = NAN;
    s = upload_state(ctx, N, p, g, m, v, 0.0f);
    s.a.copy = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(N), copy);
    s.a.step = 1;
    fx_ok(ctx, clgrpo_adamw(ctx, &s.a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    kept(ctx, "param", &s.a.param, p);
    kept(ctx, "m", &s.a.m, m);
    kept(ctx, "v", &s.a.v, v);
    kept(ctx, "copy", &s.a.copy, copy);
    s.a.step = 0;
    fx_fails(ctx, clgrpo_adamw(ctx, &s.a, clgrpo_context_queue(ctx), 0, NULL, NULL), CLGRPO_E_VALUE);
    s.a.step = 1, s.a.beta2 = 1.0f;
    fx_fails(ctx, clgrpo_adamw(ctx, &s.a, clgrpo_context_queue(ctx), 0, NULL, NULL), CLGRPO_E_VALUE);
    fx_release(&s.a.copy);
    release_state(&s);
    free(p), free(g), free(m), free(v), free(copy);
}
END_TEST

static uint16_t
to_half(enum clgrpo_dtype type, float x)
{
    return type == CLGRPO_F16 ? ref_f32_to_f16(x) : ref_f32_to_bf16(x);
}

/* The gradient in halves and a copy of the new parameters in halves: what is stored is what the f32 step of the same
 * values gives, to the bit, and the copy is that rounded. */
static void
halves_of(struct clgrpo_context *ctx, enum clgrpo_dtype type, size_t n)
{
    float *p = fx_random(n, 1.0f, 1), *g = fx_random(n, 0.5f, 2), *m = fx_random(n, 0.1f, 3),
          *v = fx_random(n, 0.1f, 4);
    uint16_t *bits = malloc(n * sizeof *bits), *copy;
    struct clgrpo_cast_args cast = CLGRPO_CAST_ARGS_INIT;
    struct state plain, narrow;
    float *want, *got;

    for (size_t i = 0; i < n; i++) {
        v[i] = fabsf(v[i]) + 0.01f;
        bits[i] = to_half(type, g[i]);
    }
    plain = upload_state(ctx, n, p, g, m, v, 0.7f);
    narrow = upload_state(ctx, n, p, g, m, v, 0.7f);
    fx_release(&narrow.a.grad);
    narrow.a.grad = fx_upload(ctx, type, 1, FX_SHAPE(n), bits);
    narrow.a.copy = fx_output(ctx, type, 1, FX_SHAPE(n));
    cast.x = narrow.a.grad;
    cast.y = plain.a.grad;
    fx_ok(ctx, clgrpo_cast(ctx, &cast, clgrpo_context_queue(ctx), 0, NULL, NULL));
    plain.a.step = narrow.a.step = 3;
    fx_ok(ctx, clgrpo_adamw(ctx, &plain.a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    fx_ok(ctx, clgrpo_adamw(ctx, &narrow.a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    want = fx_download(ctx, &plain.a.param), got = fx_download(ctx, &narrow.a.param);
    copy = fx_download(ctx, &narrow.a.copy);
    fx_same_bits("param of a gradient of halves", got, want, n * sizeof *got);
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(copy[i] == to_half(type, want[i]), "copy %zu of %zu: %#x for %.9g", i, n, copy[i],
                      (double)want[i]);
    free(want), free(got);
    want = fx_download(ctx, &plain.a.m), got = fx_download(ctx, &narrow.a.m);
    fx_same_bits("m of a gradient of halves", got, want, n * sizeof *got);
    fx_release(&narrow.a.copy);
    release_state(&plain), release_state(&narrow);
    free(p), free(g), free(m), free(v), free(bits), free(copy), free(want), free(got);
}

START_TEST(adamw_takes_and_gives_halves)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (int k = 0; k < N_SIZES; k++) {
        halves_of(ctx, CLGRPO_BF16, sizes[k]);
        halves_of(ctx, CLGRPO_F16, sizes[k]);
    }
}
END_TEST

/* A gradient of f32 with a copy of either size: the copy is the new parameters, rounded where it is of halves. */
START_TEST(adamw_copies_beside_an_f32_gradient)
{
    enum { N = 77 };
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    float *p = fx_random(N, 1.0f, 1), *g = fx_random(N, 1.0f, 2), *m = fx_random(N, 1.0f, 3),
          *v = fx_random(N, 1.0f, 4);

    for (int i = 0; i < N; i++)
        v[i] = fabsf(v[i]);
    for (int k = 0; k < 2; k++) {
        struct state s = upload_state(ctx, N, p, g, m, v, 0.7f);
        float *param;
        void *copy;

        s.a.step = 2;
        s.a.copy = fx_output(ctx, k == 0 ? CLGRPO_F32 : CLGRPO_BF16, 1, FX_SHAPE(N));
        fx_ok(ctx, clgrpo_adamw(ctx, &s.a, clgrpo_context_queue(ctx), 0, NULL, NULL));
        param = fx_download(ctx, &s.a.param);
        copy = fx_download(ctx, &s.a.copy);
        ck_assert_int_ne(memcmp(param, p, N * sizeof *p), 0);
        if (k == 0)
            fx_same_bits("copy", copy, param, N * sizeof *param);
        for (int i = 0; i < N && k == 1; i++)
            ck_assert_uint_eq(((uint16_t *)copy)[i], to_half(CLGRPO_BF16, param[i]));
        free(param), free(copy);
        fx_release(&s.a.copy);
        release_state(&s);
    }
    free(p), free(g), free(m), free(v);
}
END_TEST

/* Steps below the rounding of bf16 move the master, and in time the copy. */
START_TEST(adamw_master_keeps_small_steps)
{
    enum { STEPS = 40 };
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    const float p = 1.0f, g = -1.0f, zero = 0.0f;
    struct state s = upload_state(ctx, 1, &p, &g, &zero, &zero, 1.0f);
    uint16_t *copy, start = ref_f32_to_bf16(p), first = 0, last = 0;

    s.a.lr = 2e-4f; /* bf16 has steps of 2^-7 there */
    s.a.weight_decay = 0.0f;
    s.a.copy = fx_output(ctx, CLGRPO_BF16, 1, FX_SHAPE(1));
    for (int i = 1; i <= STEPS; i++) {
        s.a.step = (uint64_t)i;
        fx_ok(ctx, clgrpo_adamw(ctx, &s.a, clgrpo_context_queue(ctx), 0, NULL, NULL));
        copy = fx_download(ctx, &s.a.copy);
        first = i == 1 ? *copy : first;
        last = *copy;
        free(copy);
    }
    ck_assert_msg(first == start && last == start + 1, "the copy went from %#x by %#x to %#x", start, first, last);
    fx_release(&s.a.copy);
    release_state(&s);
}
END_TEST

/* Without a word about decay_elems every element is decayed; with 0 none is. */
START_TEST(adamw_decays_all_by_default)
{
    enum { N = 100 };
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    float *p = fx_random(N, 1.0f, 1);
    const float zeros[N] = {0};

    for (int all = 0; all < 2; all++) {
        struct state s = upload_state(ctx, N, p, zeros, zeros, zeros, 1.0f);
        const struct clgrpo_adamw_args init = CLGRPO_ADAMW_ARGS_INIT;
        float *got;

        s.a.decay_elems = all ? init.decay_elems : 0;
        s.a.step = 1;
        fx_ok(ctx, clgrpo_adamw(ctx, &s.a, clgrpo_context_queue(ctx), 0, NULL, NULL));
        got = fx_download(ctx, &s.a.param);
        for (int i = 0; i < N; i++)
            ck_assert_msg(all ? fabsf(got[i] - p[i] * (1.0f - 0.01f * 0.1f)) <= 1e-6f * fabsf(p[i]) : got[i] == p[i],
                          "element %d: %g became %g", i, (double)p[i], (double)got[i]);
        free(got);
        s.a.eps = 0.0f;
        fx_fails(ctx, clgrpo_adamw(ctx, &s.a, clgrpo_context_queue(ctx), 0, NULL, NULL), CLGRPO_E_VALUE);
        release_state(&s);
    }
    free(p);
}
END_TEST

START_TEST(adamw_refuses_other_types)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    const float one[3] = {0.5f, 0.25f, 0.125f};
    struct state s = upload_state(ctx, 3, one, one, one, one, 1.0f);

    s.a.step = 1;
    s.a.copy = fx_output(ctx, CLGRPO_I32, 1, FX_SHAPE(3));
    fx_fails(ctx, clgrpo_adamw(ctx, &s.a, clgrpo_context_queue(ctx), 0, NULL, NULL), CLGRPO_E_DTYPE);
    fx_release(&s.a.copy);
    s.a.copy = fx_output(ctx, CLGRPO_BF16, 1, FX_SHAPE(2));
    fx_fails(ctx, clgrpo_adamw(ctx, &s.a, clgrpo_context_queue(ctx), 0, NULL, NULL), CLGRPO_E_SHAPE);
    fx_release(&s.a.copy);
    release_state(&s);
}
END_TEST

START_TEST(global_norm_needs_its_workspace)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct clgrpo_global_norm_args a = CLGRPO_GLOBAL_NORM_ARGS_INIT;
    float g[3] = {1.5f, 2.5f, 3.5f};

    a.grad = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(3), g);
    a.out = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(2));
    fx_fails(ctx, clgrpo_global_norm(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL), CLGRPO_E_WORKSPACE);
    fx_release(&a.grad), fx_release(&a.out);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("optim");

    fx_family_tests(tc, global_norm_matches_reference, global_norm_of_the_unusual, global_norm_needs_its_workspace,
                    adamw_matches_reference, adamw_leaves_everything_at_scale_0, adamw_takes_and_gives_halves,
                    adamw_copies_beside_an_f32_gradient, adamw_master_keeps_small_steps, adamw_decays_all_by_default,
                    adamw_refuses_other_types);
    return fx_main();
}
