/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What storage in halves costs, as a table: results for inputs that are rounded to f32, f16 and bf16, against double
 * arithmetic on the inputs as they were. Errors are relative to the root mean square of the true results, of
 * log-probabilities absolute. Not a test: `make tests/lib/storage_error` builds it, and bench/results/storage-error.tsv
 * is what it printed.
 */
#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ref_gemm.h"
#include "ref_linear_logprob.h"

static const struct {
    enum clgrpo_dtype dtype;
    const char *name;
} types[] = {{CLGRPO_F32, "f32"}, {CLGRPO_F16, "f16"}, {CLGRPO_BF16, "bf16"}};

static void
report(const char *what, const char *type, const float *got, const double *want, size_t n, bool relative)
{
    double most = 0.0, sum = 0.0, size = 0.0, unit;

    for (size_t i = 0; i < n; i++) {
        const double error = fabs((double)got[i] - want[i]);

        most = fmax(most, error);
        sum += error * error;
        size += want[i] * want[i];
    }
    unit = relative ? sqrt(size / (double)n) : 1.0;
    printf("%s\t%s\t%.3g\t%.3g\n", what, type, most / unit, sqrt(sum / (double)n) / unit);
}

static struct clgrpo_tensor
stored(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, size_t rows, size_t cols, const float *host)
{
    float *values = malloc(rows * cols * sizeof *values);
    struct clgrpo_tensor t = fx_upload_strided(ctx, rows, cols, cols, host);

    ck_assert_ptr_nonnull(values);
    fx_store_as(ctx, dtype, &t, values);
    free(values);
    return t;
}

static void
gemm_errors(struct clgrpo_context *ctx, size_t k)
{
    enum { M = 64, N = 96 };
    float *a = fx_random(M * k, 1.0f, 1), *b = fx_random(N * k, 1.0f, 2), *got;
    const struct ref_gemm_args ref = {.m = M, .n = N, .k = k, .trans_b = true, .alpha = 1.0f, .a = a, .b = b};
    static double want[M * N], magnitude[M * N];
    char what[64];

    snprintf(what, sizeof what, "gemm %dx%dx%zu", M, N, k);
    ref_gemm(&ref, want, magnitude);
    for (int t = 0; t < 3; t++) {
        struct clgrpo_gemm_args args = CLGRPO_GEMM_ARGS_INIT;
        size_t bytes;

        args.a = stored(ctx, types[t].dtype, M, k, a);
        args.b = stored(ctx, types[t].dtype, N, k, b);
        args.c = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(M, N));
        args.trans_b = true;
        fx_ok(ctx, clgrpo_gemm_workspace(ctx, &args, &bytes));
        args.workspace = fx_workspace(ctx, bytes);
        fx_ok(ctx, clgrpo_gemm(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
        got = fx_download(ctx, &args.c);
        report(what, types[t].name, got, want, M * N, true);
        free(got);
        fx_release_all(&args.a, &args.b, &args.c);
        fx_workspace_release(&args.workspace);
    }
    free(a);
    free(b);
}

static void
head_errors(struct clgrpo_context *ctx)
{
    enum { N = 64, E = 576, V = 8192 };
    float *x = fx_random(N * E, 1.0f, 3), *w = fx_random(V * E, 0.06f, 4), *got;
    int32_t *target = fx_random_i32(N, V, 5);
    double *x64 = fx_widen(x, N * E), *w64 = fx_widen(w, V * E);
    struct ref_linear_logprob_args ref = {
        .n = N, .e = E, .v = V, .x = x64, .w = w64, .target = target, .inv_temperature = 1.0};

    ref_linear_logprob(&ref);
    for (int t = 0; t < 3; t++) {
        struct clgrpo_linear_logprob_args args = CLGRPO_LINEAR_LOGPROB_ARGS_INIT;
        size_t bytes;

        args.x = stored(ctx, types[t].dtype, N, E, x);
        args.w = stored(ctx, types[t].dtype, V, E, w);
        args.target = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(N), target);
        args.logprob = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(N));
        args.lse = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(N));
        fx_ok(ctx, clgrpo_linear_logprob_workspace(ctx, &args, &bytes));
        args.workspace = fx_workspace(ctx, bytes);
        fx_ok(ctx, clgrpo_linear_logprob(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
        got = fx_download(ctx, &args.logprob);
        report("log-probability 64x576x8192", types[t].name, got, ref.logprob, N, false);
        free(got);
        fx_release_all(&args.x, &args.w, &args.target, &args.logprob, &args.lse);
        fx_workspace_release(&args.workspace);
    }
    ref_linear_logprob_free(&ref);
    free(x64);
    free(w64);
    free(x);
    free(w);
    free(target);
}

/* One head's attention in double; k as the cache has it, blocks of [D][64]. */
static void
attend(const float *q, const float *k, const float *v, size_t length, size_t D, double *o)
{
    double sum = 0.0;

    memset(o, 0, D * sizeof *o);
    for (size_t j = 0; j < length; j++) {
        double z = 0.0;

        for (size_t d = 0; d < D; d++)
            z += (double)q[d] * (double)k[j / 64 * 64 * D + d * 64 + j % 64];
        z = exp(z * 0.125);
        sum += z;
        for (size_t d = 0; d < D; d++)
            o[d] += z * (double)v[j * D + d];
    }
    for (size_t d = 0; d < D; d++)
        o[d] /= sum;
}

static void
decode_errors(struct clgrpo_context *ctx, size_t length)
{
    enum { K = 16, D = 64 };
    float *q = fx_random(K * D, 1.0f, 6), *k = fx_random(K * length * D, 1.0f, 7),
          *v = fx_random(K * length * D, 1.0f, 8);
    const int32_t slot = 0, position = (int32_t)length - 1;
    double want[K * D];
    char what[64];

    snprintf(what, sizeof what, "decode of %zu, D %d", length, D);
    for (size_t g = 0; g < K; g++)
        attend(q + g * D, k + g * length * D, v + g * length * D, length, D, want + g * D);
    for (int t = 0; t < 3; t++) {
        struct clgrpo_attention_decode_args args = CLGRPO_ATTENTION_DECODE_ARGS_INIT;
        struct clgrpo_tensor k2 = stored(ctx, types[t].dtype, K, length * D, k),
                             v2 = stored(ctx, types[t].dtype, K, length * D, v);
        float *got;

        args.q = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(1, K, D), q);
        args.slot = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(1), &slot);
        args.position = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(1), &position);
        args.k_cache = clgrpo_tensor_view(k2.buf, k2.offset, k2.dtype, 4, FX_SHAPE(1, K, length / 64, D * 64));
        args.v_cache = clgrpo_tensor_view(v2.buf, v2.offset, v2.dtype, 4, FX_SHAPE(1, K, length, D));
        args.o = fx_output(ctx, CLGRPO_F32, 3, FX_SHAPE(1, K, D));
        args.scale = 0.125f;
        fx_ok(ctx, clgrpo_attention_decode(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
        got = fx_download(ctx, &args.o);
        report(what, types[t].name, got, want, K * D, true);
        free(got);
        fx_release_all(&args.q, &args.slot, &args.position, &args.o, &k2, &v2);
    }
    free(q);
    free(k);
    free(v);
}

START_TEST(table)
{
    struct clgrpo_context *ctx = fx_context(CLGRPO_FAMILY_CPU);

    printf("# operation\tstorage\tmaximum\troot mean square\n");
    gemm_errors(ctx, 128);
    gemm_errors(ctx, 1024);
    gemm_errors(ctx, 4096);
    head_errors(ctx);
    decode_errors(ctx, 256);
    decode_errors(ctx, 4096);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("storage_error");

    fx_tests(tc, table);
    return fx_main();
}
