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

#include "attention_gradients.h"
#include "ref_gemm.h"
#include "ref_layer.h"
#include "ref_linear_logprob.h"
#include "stored.h"

static const char *family, *platform;

/* One line, of n values. */
static void
print_error(const char *what, enum clgrpo_dtype type, const float *got, const double *want, size_t n, bool relative)
{
    static const char *const names[] = {[CLGRPO_F32] = "f32", [CLGRPO_F16] = "f16", [CLGRPO_BF16] = "bf16"};
    double most = 0.0, sum = 0.0, size = 0.0, unit;

    for (size_t i = 0; i < n; i++) {
        const double error = fabs((double)got[i] - want[i]);

        most = fmax(most, error);
        sum += error * error;
        size += want[i] * want[i];
    }
    unit = relative ? sqrt(size / (double)n) : 1.0;
    printf("%s\t%s\t%s\t%s\t%.3g\t%.3g\n", platform, family, what, names[type], most / unit,
           sqrt(sum / (double)n) / unit);
}

static void
report(struct clgrpo_context *ctx, const char *what, enum clgrpo_dtype type, const struct clgrpo_tensor *result,
       const double *want, bool relative)
{
    float *got = fx_download_in(ctx, result);

    print_error(what, type, got, want, clgrpo_tensor_elems(result), relative);
    free(got);
}

static struct clgrpo_tensor
stored(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, size_t rows, size_t cols, const float *host)
{
    return fx_upload_strided_in(ctx, dtype, rows, cols, cols, host);
}

static void
gemm_errors(struct clgrpo_context *ctx, size_t k, bool stores_c)
{
    enum { M = 64, N = 96 };
    float *a = fx_random(M * k, 1.0f, 1), *b = fx_random(N * k, 1.0f, 2);
    const struct ref_gemm_args ref = {.m = M, .n = N, .k = k, .trans_b = true, .alpha = 1.0f, .a = a, .b = b};
    static double want[M * N], magnitude[M * N];
    char what[64];

    snprintf(what, sizeof what, "gemm %dx%dx%zu%s", M, N, k, stores_c ? ", c too" : "");
    ref_gemm(&ref, want, magnitude);
    for (int t = 0; t < FX_N_STORAGES; t++) {
        struct clgrpo_gemm_args args = CLGRPO_GEMM_ARGS_INIT;
        size_t bytes;

        args.a = stored(ctx, fx_storage(t), M, k, a);
        args.b = stored(ctx, fx_storage(t), N, k, b);
        args.c = fx_output(ctx, stores_c ? fx_storage(t) : CLGRPO_F32, 2, FX_SHAPE(M, N));
        args.trans_b = true;
        fx_ok(ctx, clgrpo_gemm_workspace(ctx, &args, &bytes));
        args.workspace = fx_workspace(ctx, bytes);
        fx_ok(ctx, clgrpo_gemm(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
        report(ctx, what, fx_storage(t), &args.c, want, true);
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
    float *x = fx_random(N * E, 1.0f, 3), *w = fx_random(V * E, 0.06f, 4);
    int32_t *target = fx_random_i32(N, V, 5);
    double *x64 = fx_widen(x, N * E), *w64 = fx_widen(w, V * E);
    struct ref_linear_logprob_args ref = {
        .n = N, .e = E, .v = V, .x = x64, .w = w64, .target = target, .inv_temperature = 1.0};

    ref_linear_logprob(&ref);
    for (int t = 0; t < FX_N_STORAGES; t++) {
        struct clgrpo_linear_logprob_args args = CLGRPO_LINEAR_LOGPROB_ARGS_INIT;
        size_t bytes;

        args.x = stored(ctx, fx_storage(t), N, E, x);
        args.w = stored(ctx, fx_storage(t), V, E, w);
        args.target = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(N), target);
        args.logprob = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(N));
        args.lse = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(N));
        fx_ok(ctx, clgrpo_linear_logprob_workspace(ctx, &args, &bytes));
        args.workspace = fx_workspace(ctx, bytes);
        fx_ok(ctx, clgrpo_linear_logprob(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
        report(ctx, "log-probability 64x576x8192", fx_storage(t), &args.logprob, ref.logprob, false);
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
    for (int t = 0; t < FX_N_STORAGES; t++) {
        struct clgrpo_attention_decode_args args = CLGRPO_ATTENTION_DECODE_ARGS_INIT;
        struct clgrpo_tensor k2 = stored(ctx, fx_storage(t), K, length * D, k),
                             v2 = stored(ctx, fx_storage(t), K, length * D, v);

        args.q = fx_upload_in(ctx, fx_storage(t), 3, FX_SHAPE(1, K, D), q);
        args.slot = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(1), &slot);
        args.position = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(1), &position);
        args.k_cache = clgrpo_tensor_view(k2.buf, k2.offset, k2.dtype, 4, FX_SHAPE(1, K, length / 64, D * 64));
        args.v_cache = clgrpo_tensor_view(v2.buf, v2.offset, v2.dtype, 4, FX_SHAPE(1, K, length, D));
        args.o = fx_output(ctx, fx_storage(t), 3, FX_SHAPE(1, K, D));
        args.scale = 0.125f;
        fx_ok(ctx, clgrpo_attention_decode(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
        report(ctx, what, fx_storage(t), &args.o, want, true);
        fx_release_all(&args.q, &args.slot, &args.position, &args.o, &k2, &v2);
    }
    free(q);
    free(k);
    free(v);
}

#define RUN(op, args) fx_ok(ctx, clgrpo_##op(ctx, &(args), clgrpo_context_queue(ctx), 0, NULL, NULL))

static void
add_errors(struct clgrpo_context *ctx)
{
    enum { N = 64, E = 576 };
    float *x = fx_random(N * E, 1.0f, 9), *y = fx_random(N * E, 1.0f, 10);
    double want[N * E];

    for (int i = 0; i < N * E; i++)
        want[i] = (double)x[i] + (double)y[i];
    for (int t = 0; t < FX_N_STORAGES; t++) {
        struct clgrpo_add_args a = CLGRPO_ADD_ARGS_INIT;

        a.a = stored(ctx, fx_storage(t), N, E, x);
        a.b = a.y = stored(ctx, fx_storage(t), N, E, y);
        RUN(add, a);
        report(ctx, "add 64x576", fx_storage(t), &a.y, want, true);
        fx_release_all(&a.a, &a.b);
    }
    free(x), free(y);
}

static void
rmsnorm_errors(struct clgrpo_context *ctx)
{
    enum { N = 64, E = 576 };
    float *x = fx_random(N * E, 1.0f, 11), *w = fx_random(E, 1.0f, 12), *dy = fx_random(N * E, 1.0f, 13);
    double *xd = fx_widen(x, N * E), *wd = fx_widen(w, E), *dyd = fx_widen(dy, N * E), dw[E] = {0};
    static double y[N * E], dx[N * E];
    double rstd[N];

    ref_rmsnorm(xd, wd, (double)1e-5f, N, E, y, rstd);
    ref_rmsnorm_backward(xd, wd, dyd, (double)1e-5f, N, E, dx, dw);
    for (int t = 0; t < FX_N_STORAGES; t++) {
        struct clgrpo_rmsnorm_args a = CLGRPO_RMSNORM_ARGS_INIT;
        struct clgrpo_rmsnorm_backward_args b = CLGRPO_RMSNORM_BACKWARD_ARGS_INIT;
        size_t bytes;

        b.x = a.x = stored(ctx, fx_storage(t), N, E, x);
        b.w = a.w = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(E), w);
        a.y = fx_output(ctx, fx_storage(t), 2, FX_SHAPE(N, E));
        b.rstd = a.rstd = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(N));
        b.dx = b.dy = stored(ctx, fx_storage(t), N, E, dy);
        b.dw = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(E), (float[E]){0});
        fx_ok(ctx, clgrpo_rmsnorm_backward_workspace(ctx, &b, &bytes));
        b.workspace = fx_workspace(ctx, bytes);
        RUN(rmsnorm, a);
        report(ctx, "rmsnorm 64x576", fx_storage(t), &a.y, y, true);
        RUN(rmsnorm_backward, b);
        report(ctx, "rmsnorm backward 64x576, dx", fx_storage(t), &b.dx, dx, true);
        report(ctx, "rmsnorm backward 64x576, dw", fx_storage(t), &b.dw, dw, true);
        fx_release_all(&a.x, &a.w, &a.y, &a.rstd);
        fx_release(&b.dy), fx_release(&b.dw), fx_workspace_release(&b.workspace);
    }
    free(x), free(w), free(dy), free(xd), free(wd), free(dyd);
}

static void
swiglu_errors(struct clgrpo_context *ctx)
{
    enum { N = 64, F = 704 };
    float *g = fx_random(2 * N * F, 1.0f, 14), *dy = fx_random(N * F, 1.0f, 15);
    double *gd = fx_widen(g, 2 * N * F), *dyd = fx_widen(dy, N * F);
    static double y[N * F], dg[2 * N * F];

    ref_swiglu(gd, N, F, y);
    ref_swiglu_backward(gd, dyd, N, F, dg);
    for (int t = 0; t < FX_N_STORAGES; t++) {
        struct clgrpo_swiglu_args forward = CLGRPO_SWIGLU_ARGS_INIT;
        struct clgrpo_swiglu_backward_args a = CLGRPO_SWIGLU_BACKWARD_ARGS_INIT;

        forward.gate_up = a.gate_up = a.dgate_up = stored(ctx, fx_storage(t), N, 2 * F, g);
        a.dy = stored(ctx, fx_storage(t), N, F, dy);
        forward.y = fx_output(ctx, fx_storage(t), 2, FX_SHAPE(N, F));
        RUN(swiglu, forward);
        report(ctx, "swiglu 64x704", fx_storage(t), &forward.y, y, true);
        RUN(swiglu_backward, a);
        report(ctx, "swiglu backward 64x704", fx_storage(t), &a.dgate_up, dg, true);
        fx_release_all(&a.gate_up, &a.dy, &forward.y);
    }
    free(g), free(dy), free(gd), free(dyd);
}

static void
rope_errors(struct clgrpo_context *ctx)
{
    enum { N = 64, H = 9, D = 64 };
    float *x = fx_random(N * H * D, 1.0f, 16), *table = malloc(N * D * sizeof *table);
    double *want = fx_widen(x, N * H * D);
    int32_t position[N];

    for (int i = 0; i < N; i++)
        position[i] = i;
    clgrpo_rope_table_fill(table, N, D, 10000.0);
    ref_rope(want, position, N, H, D, 10000.0, 0);
    for (int t = 0; t < FX_N_STORAGES; t++) {
        struct clgrpo_rope_args a = CLGRPO_ROPE_ARGS_INIT;

        a.x = fx_upload_in(ctx, fx_storage(t), 3, FX_SHAPE(N, H, D), x);
        a.position = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(N), position);
        a.table = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(N, D), table);
        RUN(rope, a);
        report(ctx, "rope 64x9x64", fx_storage(t), &a.x, want, true);
        fx_release_all(&a.x, &a.position, &a.table);
    }
    free(x), free(table), free(want);
}

/* The log-probabilities of the tokens drawn, whichever they are. */
static void
sample_errors(struct clgrpo_context *ctx)
{
    enum { N = 64, V = 1000 };
    float *logits = fx_random(N * V, 8.0f, 17);
    const uint64_t keys[2 * N] = {0};
    double want[N];

    for (int t = 0; t < FX_N_STORAGES; t++) {
        struct clgrpo_sample_args a = CLGRPO_SAMPLE_ARGS_INIT;
        int32_t *token;
        size_t bytes;

        a.logits = stored(ctx, fx_storage(t), N, V, logits);
        a.key = fx_upload(ctx, CLGRPO_U64, 2, FX_SHAPE(N, 2), keys);
        a.token = fx_output(ctx, CLGRPO_I32, 1, FX_SHAPE(N));
        a.logprob = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(N));
        fx_ok(ctx, clgrpo_sample_workspace(ctx, &a, &bytes));
        a.workspace = fx_workspace(ctx, bytes);
        RUN(sample, a);
        token = fx_download(ctx, &a.token);
        for (int i = 0; i < N; i++) {
            double sum = 0.0;

            for (int v = 0; v < V; v++)
                sum += exp((double)logits[i * V + v]);
            want[i] = (double)logits[i * V + token[i]] - log(sum);
        }
        report(ctx, "sample 64x1000, log-probability", fx_storage(t), &a.logprob, want, false);
        free(token);
        fx_release_all(&a.logits, &a.key, &a.token, &a.logprob);
        fx_workspace_release(&a.workspace);
    }
    free(logits);
}

/* One sequence; against the case of f32, whose values are not rounded. */
static void
attention_errors(struct clgrpo_context *ctx, size_t length)
{
    static const char *const names[] = {"", " backward, dq", " backward, dk", " backward, dv"};
    struct attention_shape s = {
        .H = 4, .K = 2, .D = 64, .causal = true, .size = 1.0f, .n_sequences = 1, .lens = {length}};
    struct attention_case *exact = attention_case_create(ctx, &s, 20);
    const size_t q = exact->n * s.H * s.D, k = exact->n * s.K * s.D;
    double *o = calloc(4 * q, sizeof *o), *rest = o + q;
    struct ref_attention_gradients want = attention_ref_gradients(exact);

    ck_assert_ptr_nonnull(o);
    ref_attention_forward(&exact->ref, exact->q64, exact->k64, exact->v64, o, rest, rest + q, rest + 2 * q);
    for (int t = 0; t < FX_N_STORAGES; t++) {
        struct attention_case *c;
        struct attention_gradients g;
        float *got;
        char what[64];

        s.type = fx_storage(t);
        c = attention_case_create(ctx, &s, 20);
        got = attention_case_forward(ctx, c, NULL);
        g = attention_case_backward(ctx, c);
        for (int i = 0; i < 4; i++) {
            const float *const results[] = {got, g.dq, g.dk, g.dv};
            const double *const truths[] = {o, want.dq, want.dk, want.dv};

            snprintf(what, sizeof what, "attention of %zu, D 64%s", length, names[i]);
            print_error(what, s.type, results[i], truths[i], i < 2 ? q : k, true);
        }
        free(got);
        attention_gradients_free(&g);
        attention_case_destroy(c);
    }
    attention_ref_gradients_free(&want);
    attention_case_destroy(exact);
    free(o);
}

START_TEST(table)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    platform = fx_platform(ctx);
    family = fx_family_name(fx_family(_i));
    if (_i == 0)
        printf("# platform\tfamily\toperation\tstorage\tmaximum\troot mean square\n");
    gemm_errors(ctx, 128, false);
    gemm_errors(ctx, 128, true);
    decode_errors(ctx, 256);
    add_errors(ctx);
    rmsnorm_errors(ctx);
    swiglu_errors(ctx);
    rope_errors(ctx);
    sample_errors(ctx);
    attention_errors(ctx, 65);
    if (fx_small())
        return;
    gemm_errors(ctx, 1024, false);
    gemm_errors(ctx, 4096, false);
    head_errors(ctx);
    decode_errors(ctx, 4096);
    attention_errors(ctx, 512);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("storage_error");

    fx_family_tests(tc, table);
    return fx_main();
}
