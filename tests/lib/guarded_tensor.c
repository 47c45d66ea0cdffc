/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

/* Guard elements on both sides of every test tensor, and what they and the gaps of strided views hold. */
enum { GUARD = 32, MAX_TENSORS = 4096 };
static unsigned char guard_byte = 0xA5;

/* What a buffer held when it was made: where its view lies, to check that the rest is untouched. */
struct record {
    cl_mem buf;
    size_t bytes;
};
static struct record records[MAX_TENSORS];
static size_t n_records;

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

void
fx_guards_of_nan(void)
{
    guard_byte = 0xFF;
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

void
fx_release_each(struct clgrpo_tensor *const *t)
{
    for (; *t != NULL; t++)
        fx_release(*t);
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
