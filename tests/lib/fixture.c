/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Guard elements on both sides of every test tensor, and what they and the gaps of strided views hold. */
enum { GUARD = 32, MAX_TENSORS = 4096 };
static const unsigned char guard_byte = 0xA5;

/* What a buffer held when it was made: where its view lies, to check that the rest is untouched. */
struct record {
    cl_mem buf;
    size_t bytes;
};
static struct record records[MAX_TENSORS];
static size_t n_records;

/* The environment's CLGRPO_TEST_FAMILY, or AUTO for both. */
static enum clgrpo_family
only_family(void)
{
    const char *env = getenv("CLGRPO_TEST_FAMILY");

    if (env == NULL || env[0] == '\0')
        return CLGRPO_FAMILY_AUTO;
    if (strcasecmp(env, "simt") == 0)
        return CLGRPO_FAMILY_SIMT;
    if (strcasecmp(env, "cpu") == 0)
        return CLGRPO_FAMILY_CPU;
    fprintf(stderr, "CLGRPO_TEST_FAMILY is '%s', neither simt nor cpu\n", env); /* main asks too: no assertion there */
    exit(EXIT_FAILURE);
}

int
fx_n_families(void)
{
    return only_family() == CLGRPO_FAMILY_AUTO ? 2 : 1;
}

enum clgrpo_family
fx_family(int index)
{
    enum clgrpo_family only = only_family();

    return only != CLGRPO_FAMILY_AUTO ? only : index == 0 ? CLGRPO_FAMILY_SIMT : CLGRPO_FAMILY_CPU;
}

const char *
fx_family_name(enum clgrpo_family family)
{
    return family == CLGRPO_FAMILY_SIMT ? "simt" : "cpu";
}

struct clgrpo_context *
fx_context(enum clgrpo_family family)
{
    static struct clgrpo_context *open[2];
    int i = family == CLGRPO_FAMILY_SIMT ? 0 : 1;
    char error[512] = "";

    if (open[i] == NULL) {
        struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;

        config.family = family;
        ck_assert_msg(clgrpo_context_open(NULL, &config, &open[i], error, sizeof error) == CLGRPO_OK, "%s", error);
    }
    return open[i];
}

static uint32_t
draw(uint64_t seed, uint32_t i)
{
    uint32_t counter[4] = {i, 0, 0, 0}, key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)}, out[4];

    clgrpo_philox4x32(counter, key, out);
    return out[0];
}

float *
fx_random(size_t n, float scale, uint64_t seed)
{
    float *x = malloc((n + 1) * sizeof *x);

    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < n; i++) {
        double sum = -2.0; /* of four uniforms less their mean: near normal, asymmetric by the shift below */

        for (uint32_t j = 0; j < 4; j++)
            sum += draw(seed, (uint32_t)(4 * i + j)) * (1.0 / 4294967296.0);
        x[i] = (float)((sum * 1.7 + 0.0625) * scale);
        if (x[i] == 0.0f || x[i] == 1.0f)
            x[i] = 0.7071f * scale;
    }
    return x;
}

int32_t *
fx_random_i32(size_t n, int32_t below, uint64_t seed)
{
    int32_t *x = malloc((n + 1) * sizeof *x);

    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < n; i++)
        x[i] = (int32_t)(draw(seed, (uint32_t)i) % (uint32_t)below);
    return x;
}

static void
remember(cl_mem buf, size_t bytes)
{
    for (size_t i = 0; i < n_records; i++) {
        if (records[i].buf == NULL) {
            records[i] = (struct record){buf, bytes};
            return;
        }
    }
    ck_assert_uint_lt(n_records, MAX_TENSORS);
    records[n_records++] = (struct record){buf, bytes};
}

static cl_mem
guarded_buffer(struct clgrpo_context *ctx, const unsigned char *host, size_t bytes)
{
    cl_int code;
    cl_mem buf = clCreateBuffer(clgrpo_context_cl(ctx), CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, bytes,
                                (void *)(uintptr_t)host, &code);

    ck_assert_int_eq(code, CL_SUCCESS);
    remember(buf, bytes);
    return buf;
}

static struct clgrpo_tensor
make(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape, const size_t *stride,
     size_t span, const void *host, int fill)
{
    size_t size = clgrpo_dtype_bytes(dtype), bytes = (span + 2 * GUARD) * size;
    unsigned char *image = malloc(bytes);
    struct clgrpo_tensor t = clgrpo_tensor_view(NULL, GUARD, dtype, rank, shape);
    size_t n = clgrpo_tensor_elems(&t), row = rank > 0 ? shape[rank - 1] : 1;

    ck_assert_ptr_nonnull(image);
    memset(image, guard_byte, bytes);
    if (stride != NULL)
        memcpy(t.stride, stride, rank * sizeof *stride);
    for (size_t i = 0; i < n; i += row) {
        size_t at = GUARD + (stride != NULL ? i / row * stride[0] : i);

        if (host != NULL)
            memcpy(image + at * size, (const unsigned char *)host + i * size, row * size);
        else
            memset(image + at * size, fill, row * size);
    }
    t.buf = guarded_buffer(ctx, image, bytes);
    free(image);
    return t;
}

struct clgrpo_tensor
fx_upload(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape, const void *host)
{
    struct clgrpo_tensor t = clgrpo_tensor_view(NULL, 0, dtype, rank, shape);

    return make(ctx, dtype, rank, shape, NULL, clgrpo_tensor_elems(&t), host, 0);
}

struct clgrpo_tensor
fx_output(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape)
{
    struct clgrpo_tensor t = clgrpo_tensor_view(NULL, 0, dtype, rank, shape);

    /* 0xFF bytes are a NaN in every float type and -1 as an integer */
    return make(ctx, dtype, rank, shape, NULL, clgrpo_tensor_elems(&t), NULL, 0xFF);
}

struct clgrpo_tensor
fx_upload_strided(struct clgrpo_context *ctx, size_t rows, size_t cols, size_t stride, const float *host)
{
    return fx_upload_strided_as(ctx, CLGRPO_F32, rows, cols, stride, host);
}

struct clgrpo_tensor
fx_upload_strided_as(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, size_t rows, size_t cols, size_t stride,
                     const void *host)
{
    size_t shape[2] = {rows, cols}, strides[2] = {stride, 1};

    return make(ctx, dtype, 2, shape, strides, rows * stride, host, 0xFF);
}

void
fx_store_as(struct clgrpo_context *ctx, enum clgrpo_dtype to, struct clgrpo_tensor *x, float *host)
{
    const size_t rows = x->shape[0], cols = x->shape[1], stride = x->stride[0];
    struct clgrpo_cast_args cast = CLGRPO_CAST_ARGS_INIT;
    void *bits;
    float *values;

    cast.x = *x;
    cast.y = fx_output(ctx, to, 2, FX_SHAPE(rows, cols));
    fx_ok(ctx, clgrpo_cast(ctx, &cast, clgrpo_context_queue(ctx), 0, NULL, NULL));
    bits = fx_download(ctx, &cast.y);
    fx_release(&cast.y);
    fx_release(x);
    cast.x = *x = fx_upload_strided_as(ctx, to, rows, cols, stride, bits);
    cast.y = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(rows, cols));
    fx_ok(ctx, clgrpo_cast(ctx, &cast, clgrpo_context_queue(ctx), 0, NULL, NULL));
    values = fx_download(ctx, &cast.y);
    memcpy(host, values, rows * cols * sizeof *host);
    fx_release(&cast.y);
    free(bits);
    free(values);
}

/* Copies element by element in view order and overwrites what it took with the guard byte. */
static void
take(const struct clgrpo_tensor *t, unsigned dim, size_t at, unsigned char *image, unsigned char **out, size_t size)
{
    if (dim == t->rank) {
        memcpy(*out, image + at * size, size);
        *out += size;
        memset(image + at * size, guard_byte, size);
        return;
    }
    for (size_t i = 0; i < t->shape[dim]; i++)
        take(t, dim + 1, at + i * t->stride[dim], image, out, size);
}

static const struct record *
find_record(cl_mem buf)
{
    for (size_t i = 0; i < n_records; i++)
        if (records[i].buf == buf)
            return &records[i];
    return NULL;
}

void *
fx_download(struct clgrpo_context *ctx, const struct clgrpo_tensor *t)
{
    const struct record *r = find_record(t->buf);
    size_t size = clgrpo_dtype_bytes(t->dtype), n = clgrpo_tensor_elems(t);
    unsigned char *image, *out = malloc(n * size + 1), *at = out;

    ck_assert_msg(r != NULL, "not a tensor of the fixture");
    image = malloc(r->bytes);
    ck_assert_ptr_nonnull(image);
    ck_assert_int_eq(clEnqueueReadBuffer(clgrpo_context_queue(ctx), t->buf, CL_TRUE, 0, r->bytes, image, 0, NULL, NULL),
                     CL_SUCCESS);
    take(t, 0, t->offset, image, &at, size);
    for (size_t i = 0; i < r->bytes; i++)
        if (image[i] != guard_byte) /* a passing ck_assert costs system calls */
            ck_abort_msg("byte %zu of %zu outside the view was written", i, r->bytes);
    free(image);
    return out;
}

/* oclgrind 21.10 takes a new buffer for as long as the released one whose place it gets, and the rest of it for never
 * written: in its runs, which are small, no buffer is released. */
bool
fx_small(void)
{
    const char *small = getenv("CLGRPO_TEST_SMALL");

    return small != NULL && small[0] != '\0';
}

static void
keep_if_small(cl_mem buf)
{
    if (fx_small() && buf != NULL)
        clRetainMemObject(buf);
}

void
fx_release(struct clgrpo_tensor *t)
{
    keep_if_small(t->buf);
    for (size_t i = 0; i < n_records; i++)
        if (records[i].buf == t->buf)
            records[i].buf = NULL;
    clgrpo_tensor_destroy(t);
}

struct clgrpo_workspace
fx_workspace(struct clgrpo_context *ctx, size_t bytes)
{
    struct clgrpo_workspace w = {0};
    cl_int code;

    if (bytes == 0)
        return w;
    w.buf = clCreateBuffer(clgrpo_context_cl(ctx), CL_MEM_READ_WRITE, bytes, NULL, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    w.bytes = bytes;
    return w;
}

void
fx_workspace_release(struct clgrpo_workspace *w)
{
    keep_if_small(w->buf);
    if (w->buf != NULL)
        clReleaseMemObject(w->buf);
    *w = (struct clgrpo_workspace){0};
}

/* One line of the environment's CLGRPO_TEST_REPORT: suite, what, error over bound. Errors of the file fail the test. */
static void
report(const char *what, double worst)
{
    const char *path = getenv("CLGRPO_TEST_REPORT");
    FILE *f;

    if (path == NULL || path[0] == '\0')
        return;
    f = fopen(path, "a");
    ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
    fprintf(f, "%s\t%s\t%.4g\n", program_invocation_short_name, what, worst);
    ck_assert_int_eq(fclose(f), 0);
}

void
fx_close(const char *what, const float *got, const double *want, const double *magnitude, size_t n, double c,
         size_t n_terms)
{
    const double eps = 1.1920928955078125e-7; /* 2^-23 */
    double worst = 0.0;
    size_t worst_i = 0;

    for (size_t i = 0; i < n; i++) {
        double size = magnitude != NULL ? fabs(magnitude[i]) : fabs(want[i]);
        double bound = c * eps * sqrt((double)n_terms + 1.0) * size + 1e-30;
        double ratio = fabs((double)got[i] - want[i]) / bound;

        if (!(ratio <= worst)) { /* also true of NaN */
            worst = ratio;
            worst_i = i;
        }
        if (isnan(ratio))
            break;
    }
    report(what, worst);
    ck_assert_msg(worst <= 1.0, "%s: element %zu of %zu is %.9g, want %.9g: %.3g times the bound", what, worst_i, n,
                  n > 0 ? (double)got[worst_i] : 0.0, n > 0 ? want[worst_i] : 0.0, worst);
}

void
fx_same_bits(const char *what, const void *a, const void *b, size_t bytes)
{
    const unsigned char *x = a, *y = b;

    for (size_t i = 0; i < bytes; i++)
        if (x[i] != y[i])
            ck_abort_msg("%s: byte %zu of %zu differs", what, i, bytes);
}

int
fx_main(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
