/* SPDX-License-Identifier: Apache-2.0 */
/* The other small operations of a layer: against double references, finite differences, batch invariance, ugly
 * sizes, errors. */
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

START_TEST(rope_turns_views_and_back)
{
    static const size_t dims[] = {32, 64, 128};
    struct clgrpo_context *ctx = fx_context(fx_family(_i / FX_N_STORAGES));
    const enum clgrpo_dtype type = fx_storage(_i);

    for (int k = 0; k < 3; k++) {
        size_t n = 29, heads = 3, d = dims[k], extra = 2 * d, t = 50;
        struct clgrpo_rope_args a = CLGRPO_ROPE_ARGS_INIT;
        float *x = fx_random_in(type, n * heads * d, 1.0f, 7), *table = malloc(t * d * sizeof *table), *got, *back;
        int32_t *position = fx_random_i32(n, (int32_t)t, 8);
        double *want = fx_widen(x, n * heads * d), *size = malloc(n * heads * d * 8);
        struct clgrpo_tensor flat = fx_upload_strided_in(ctx, type, n, heads * d, heads * d + extra, x);

        position[0] = -1; /* left alone */
        position[1] = (int32_t)t;
        clgrpo_rope_table_fill(table, t, d, 10000.0);
        a.x = flat;
        a.x.rank = 3;
        a.x.shape[1] = heads, a.x.shape[2] = d;
        a.x.stride[1] = d, a.x.stride[2] = 1;
        a.position = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(n), position);
        a.table = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(t, d), table);
        fx_ok(ctx, clgrpo_rope(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
        got = fx_download_in(ctx, &flat);
        ref_rope(want + 2 * heads * d, position + 2, n - 2, heads, d, 10000.0, 0);
        for (size_t i = 0; i < n * heads * d; i++)
            size[i] = 4.0;
        fx_close_in(type, "rope", got, want, size, n * heads * d, 2.0, 2);
        a.inverse = true;
        fx_ok(ctx, clgrpo_rope(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
        back = fx_download_in(ctx, &flat);
        for (size_t i = 0; i < n * heads * d; i++)
            want[i] = (double)got[i];
        ref_rope(want + 2 * heads * d, position + 2, n - 2, heads, d, 10000.0, 1);
        fx_close_in(type, "there and back", back, want, size, n * heads * d, 2.0, 2);
        fx_release_all(&flat, &a.position, &a.table);
        free(x), free(table), free(got), free(back), free(position), free(want), free(size);
    }
}
END_TEST

START_TEST(swiglu_matches_reference_both_ways)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i / FX_N_STORAGES));
    const enum clgrpo_dtype type = fx_storage(_i);

    for (int iw = 0; iw < N_WIDTHS; iw++)
        for (int in = 0; in < N_ROWS; in++) {
            size_t f = widths[iw], n = rows[in];
            struct clgrpo_swiglu_args fwd = CLGRPO_SWIGLU_ARGS_INIT;
            struct clgrpo_swiglu_backward_args bwd = CLGRPO_SWIGLU_BACKWARD_ARGS_INIT;
            float *g = fx_random_in(type, 2 * n * f, 4.0f, 11), *dy = fx_random_in(type, n * f, 1.0f, 12), *y, *dg;
            double *gd = fx_widen(g, 2 * n * f), *dyd = fx_widen(dy, n * f), *want = malloc((2 * n * f + 1) * 8),
                   *size = malloc((2 * n * f + 1) * 8);

            if (n * f > 2)
                g[0] = gd[0] = -95.0, g[1] = 95.0f, gd[1] = 95.0; /* where the exponential would leave the range */
            fwd.gate_up = bwd.gate_up = fx_upload_strided_in(ctx, type, n, 2 * f, 2 * f + 1, g);
            fwd.y = fx_output(ctx, type, 2, FX_SHAPE(n, f));
            bwd.dy = fx_upload_in(ctx, type, 2, FX_SHAPE(n, f), dy);
            bwd.dgate_up = bwd.gate_up; /* in place is allowed */
            fx_ok(ctx, clgrpo_swiglu(ctx, &fwd, clgrpo_context_queue(ctx), 0, NULL, NULL));
            y = fx_download_in(ctx, &fwd.y);
            fx_ok(ctx, clgrpo_swiglu_backward(ctx, &bwd, clgrpo_context_queue(ctx), 0, NULL, NULL));
            dg = fx_download_in(ctx, &bwd.dgate_up);
            for (size_t i = 0; i < 2 * n * f; i++)
                size[i] = 1.0;
            ref_swiglu(gd, n, f, want);
            for (size_t i = 0; i < n * f; i++)
                size[i] = fabs(gd[i / f * 2 * f + i % f] * gd[i / f * 2 * f + f + i % f]) * 20.0 + 1e-3;
            fx_close_in(type, "swiglu", y, want, size, n * f, 1.0, 1);
            ref_swiglu_backward(gd, dyd, n, f, want);
            for (size_t i = 0; i < 2 * n * f; i++) {
                size_t row = i / (2 * f), j = i % f;

                size[i] = (fabs(gd[row * 2 * f + j]) + 1.0) * (fabs(gd[row * 2 * f + f + j]) + 1.0) *
                          fabs(dyd[row * f + j]) * 20.0;
            }
            fx_close_in(type, "swiglu backward", dg, want, size, 2 * n * f, 1.0, 1);
            fx_release_all(&fwd.gate_up, &fwd.y, &bwd.dy);
            free(g), free(dy), free(y), free(dg), free(gd), free(dyd), free(want), free(size);
        }
}
END_TEST

START_TEST(swiglu_reference_gradient_is_a_derivative)
{
    enum { F = 5 };
    float *gf = fx_random(2 * F, 2.0f, 1), *cf = fx_random(F, 1.0f, 2);
    double *g = fx_widen(gf, 2 * F), *c = fx_widen(cf, F), dg[2 * F], y[F];

    ref_swiglu_backward(g, c, 1, F, dg);
    for (size_t i = 0; i < 2 * F; i++) {
        double keep = g[i], slope = 0.0, h = 1e-6;

        for (int sign = -1; sign <= 1; sign += 2) {
            g[i] = keep + sign * h;
            ref_swiglu(g, 1, F, y);
            for (size_t j = 0; j < F; j++)
                slope += sign * c[j] * y[j] / (2.0 * h);
        }
        g[i] = keep;
        ck_assert_double_eq_tol(slope, dg[i], 1e-7);
    }
    free(gf), free(cf), free(g), free(c);
}
END_TEST

START_TEST(add_rounds_once)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i / FX_N_STORAGES));
    const enum clgrpo_dtype type = fx_storage(_i);

    for (int iw = 0; iw < N_WIDTHS; iw++) {
        size_t e = widths[iw], n = 23;
        struct clgrpo_add_args args = CLGRPO_ADD_ARGS_INIT;
        float *a = fx_random_in(type, n * e, 1.0f, 1), *b = fx_random_in(type, n * e, 1.0f, 2);
        void *got;

        args.a = fx_upload_strided_in(ctx, type, n, e, e + 2, a);
        args.b = fx_upload_in(ctx, type, 2, FX_SHAPE(n, e), b);
        args.y = args.a;
        fx_ok(ctx, clgrpo_add(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
        got = fx_download(ctx, &args.y);
        for (size_t i = 0; i < n * e; i++)
            a[i] += b[i];
        fx_same_rounded("add", &args.y, got, a);
        fx_release_all(&args.a, &args.b);
        free(a), free(b), free(got);
    }
}
END_TEST

START_TEST(embedding_gathers_and_scatters)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i / FX_N_STORAGES));
    const enum clgrpo_dtype type = fx_storage(_i);

    for (int iw = 0; iw < N_WIDTHS; iw++) {
        size_t e = widths[iw], n = 97, v = 41;
        struct clgrpo_embedding_args fwd = CLGRPO_EMBEDDING_ARGS_INIT;
        struct clgrpo_embedding_backward_args bwd = CLGRPO_EMBEDDING_BACKWARD_ARGS_INIT;
        float *table = fx_random(v * e, 1.0f, 1), *dy = fx_random_in(type, n * e, 1.0f, 2), *dtable;
        void *y;
        float *want = calloc(n * e, sizeof *want), *want_d = malloc(v * e * sizeof *want_d);
        int32_t *index = fx_random_i32(n, (int32_t)v, 3);

        index[4] = -1, index[5] = (int32_t)v; /* outside: zeros, and no gradient */
        memcpy(want_d, table, v * e * sizeof *want_d);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < e && index[i] >= 0 && index[i] < (int32_t)v; j++) {
                want[i * e + j] = table[(size_t)index[i] * e + j];
                want_d[(size_t)index[i] * e + j] += dy[i * e + j]; /* in f32 and in the order of the batch: exact */
            }
        fwd.table = fx_upload_strided(ctx, v, e, e + 1, table);
        fwd.index = bwd.index = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(n), index);
        fwd.y = fx_output(ctx, type, 2, FX_SHAPE(n, e));
        bwd.dy = fx_upload_strided_in(ctx, type, n, e, e + 4, dy);
        bwd.dtable = fwd.table;
        fx_ok(ctx, clgrpo_embedding(ctx, &fwd, clgrpo_context_queue(ctx), 0, NULL, NULL));
        y = fx_download(ctx, &fwd.y);
        fx_ok(ctx, clgrpo_embedding_backward(ctx, &bwd, clgrpo_context_queue(ctx), 0, NULL, NULL));
        dtable = fx_download(ctx, &bwd.dtable);
        fx_same_rounded("embedding", &fwd.y, y, want);
        fx_same_bits("embedding backward", dtable, want_d, v * e * sizeof *dtable);
        fx_release_all(&fwd.table, &fwd.index, &fwd.y, &bwd.dy);
        free(table), free(dy), free(y), free(dtable), free(want), free(want_d), free(index);
    }
}
END_TEST

/* Each type of table is read into each type of activations. */
START_TEST(embedding_of_stored_tables)
{
    enum { N = 7, V = 5, E = 19 };
    static const int32_t index[N] = {3, 0, -1, 4, 4, 5, 1};
    struct clgrpo_context *ctx = fx_context(fx_family(_i / FX_N_STORAGES));

    for (int t = 0; t < FX_N_STORAGES; t++) {
        struct clgrpo_embedding_args a = CLGRPO_EMBEDDING_ARGS_INIT;
        float *table = fx_random_in(fx_storage(t), V * E, 1.0f, 1), want[N * E] = {0};
        void *got;

        for (int i = 0; i < N * E; i++)
            if (index[i / E] >= 0 && index[i / E] < V)
                want[i] = table[index[i / E] * E + i % E];
        a.table = fx_upload_strided_in(ctx, fx_storage(t), V, E, E + 2, table);
        a.index = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(N), index);
        a.y = fx_output(ctx, fx_storage(_i), 2, FX_SHAPE(N, E));
        fx_ok(ctx, clgrpo_embedding(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
        got = fx_download(ctx, &a.y);
        fx_same_rounded("embedding", &a.y, got, want);
        fx_release_all(&a.table, &a.index, &a.y);
        free(table), free(got);
    }
}
END_TEST

static void
check_cast(struct clgrpo_context *ctx, enum clgrpo_dtype from, enum clgrpo_dtype to, const void *x, const void *want,
           size_t n)
{
    struct clgrpo_cast_args a = CLGRPO_CAST_ARGS_INIT;
    void *got;

    a.x = fx_upload(ctx, from, 1, FX_SHAPE(n), x);
    a.y = fx_output(ctx, to, 1, FX_SHAPE(n));
    fx_ok(ctx, clgrpo_cast(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    got = fx_download(ctx, &a.y);
    fx_same_bits("cast", got, want, n * clgrpo_dtype_bytes(to));
    fx_release_all(&a.x, &a.y);
    free(got);
}

START_TEST(cast_rounds_to_nearest_even)
{
    enum { N = 9001 };
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    static const float edges[] = {0.0f,           -0.0f,         65504.0f,  65519.9f,        65520.0f,
                                  -7e4f,          6e-8f,         2.98e-8f,  2.99e-8f,        1.00048828125f,
                                  1.0014f,        INFINITY,      -INFINITY, 3.4e38f,         6.1e-5f,
                                  1e-40f,         2049.0f,       2051.0f,   6.103515625e-5f, 6.1005353927612305e-5f,
                                  6.09755516e-5f, 8.9406967e-8f, 65536.0f,  131008.0f};
    float *x = fx_random(N, 100.0f, 21);
    uint16_t *half = malloc(N * 2), *bf16 = malloc(N * 2);

    memcpy(x, edges, sizeof edges);
    for (int i = 0; i < N; i++) {
        half[i] = ref_f32_to_f16(x[i]);
        bf16[i] = ref_f32_to_bf16(x[i]);
    }
    check_cast(ctx, CLGRPO_F32, CLGRPO_F16, x, half, N);
    check_cast(ctx, CLGRPO_F32, CLGRPO_BF16, x, bf16, N);
    free(x), free(half), free(bf16);
}
END_TEST

/* NaN stays NaN, with its sign and the upper bits of its payload. */
START_TEST(cast_keeps_nan)
{
    static const uint32_t bits[] = {0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xff800001u, 0x7fffffffu, 0x7fa02000u};
    static const uint16_t half[] = {0x7e00, 0xfe00, 0x7e00, 0xfe00, 0x7fff, 0x7f01};
    static const uint16_t bf16[] = {0x7fc0, 0xffc0, 0x7fc0, 0xffc0, 0x7fff, 0x7fe0};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    check_cast(ctx, CLGRPO_F32, CLGRPO_F16, bits, half, sizeof bits / sizeof bits[0]);
    check_cast(ctx, CLGRPO_F32, CLGRPO_BF16, bits, bf16, sizeof bits / sizeof bits[0]);
}
END_TEST

/* Every finite f16 and bf16 value comes back from f32 as it was. */
START_TEST(cast_round_trips_all_values)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (int type = 0; type < 2; type++) {
        enum clgrpo_dtype dtype = type == 0 ? CLGRPO_F16 : CLGRPO_BF16;
        uint16_t *all = malloc(65536 * 2);
        size_t n = 0;
        struct clgrpo_cast_args a = CLGRPO_CAST_ARGS_INIT;
        float *wide;

        for (uint32_t h = 0; h < 65536; h++)
            if (type == 0 ? (h & 0x7c00) != 0x7c00 : (h & 0x7f80) != 0x7f80)
                all[n++] = (uint16_t)h;
        a.x = fx_upload(ctx, dtype, 1, FX_SHAPE(n), all);
        a.y = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(n));
        fx_ok(ctx, clgrpo_cast(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
        wide = fx_download(ctx, &a.y);
        check_cast(ctx, CLGRPO_F32, dtype, wide, all, n);
        fx_release_all(&a.x, &a.y);
        free(all), free(wide);
    }
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("layer");

    fx_tests(tc, swiglu_reference_gradient_is_a_derivative);
    fx_storage_tests(tc, rope_turns_views_and_back, swiglu_matches_reference_both_ways, add_rounds_once,
                     embedding_gathers_and_scatters, embedding_of_stored_tables);
    fx_family_tests(tc, cast_rounds_to_nearest_even, cast_keeps_nan, cast_round_trips_all_values);
    return fx_main();
}
