/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "measure/bench.h"

const char *
bench_dtype_name(enum clgrpo_dtype dtype)
{
    return dtype == CLGRPO_F16 ? "f16" : dtype == CLGRPO_BF16 ? "bf16" : "f32";
}

unsigned
bench_copies(const struct bench *b, double bytes)
{
    double need = bytes > 0.0 ? 2.0 * b->machine.cache_bytes / bytes : 1.0;

    return need <= 1.0 ? 1 : need >= BENCH_MAX_COPIES ? BENCH_MAX_COPIES : (unsigned)need + 1;
}

double
bench_larger(double x, double y)
{
    return isnan(x) || x >= y ? x : y;
}

/* Random numbers, because some hardware runs faster on zeros, for which it takes less power. */
struct clgrpo_tensor
bench_random(struct bench *b, unsigned rank, const size_t *shape)
{
    enum { BLOCK = 1 << 20 };
    struct clgrpo_tensor t = {0};
    size_t n;
    float *host;
    uint32_t state = 2463534242u + 2654435769u * ++b->seed; /* no two tensors alike */

    if (b->listing)
        return clgrpo_tensor_view(NULL, 0, CLGRPO_F32, rank, shape);
    if (b->failed || !bench_ok(b, clgrpo_tensor_create(b->ctx, CLGRPO_F32, rank, shape, &t), "tensor"))
        return t;
    n = clgrpo_tensor_elems(&t);
    if ((host = bench_alloc(b, n + 1, sizeof *host)) == NULL)
        return t;
    for (size_t i = 0; i < n && i < BLOCK; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        host[i] = (float)(int32_t)state * 4.6e-10f;
    }
    for (size_t i = BLOCK; i < n; i += BLOCK) /* the block is repeated */
        memcpy(host + i, host, (n - i < BLOCK ? n - i : BLOCK) * sizeof *host);
    bench_ok(b, clgrpo_tensor_write(b->ctx, b->queue, &t, host, n * sizeof *host), "upload");
    free(host);
    return t;
}

struct clgrpo_tensor
bench_random_as(struct bench *b, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape)
{
    struct clgrpo_cast_args cast = CLGRPO_CAST_ARGS_INIT;
    struct clgrpo_tensor x = bench_random(b, rank, shape), y = clgrpo_tensor_view(NULL, 0, dtype, rank, shape);
    const size_t n = clgrpo_tensor_elems(&x);

    if (dtype == CLGRPO_F32)
        return x;
    if (!b->listing && !b->failed && bench_ok(b, clgrpo_tensor_create(b->ctx, dtype, rank, shape, &y), "tensor")) {
        cast.x = clgrpo_tensor_view(x.buf, 0, CLGRPO_F32, 1, &n);
        cast.y = clgrpo_tensor_view(y.buf, 0, dtype, 1, &n);
        bench_ok(b, clgrpo_cast(b->ctx, &cast, b->queue, 0, NULL, NULL), "cast");
        bench_ok(b, clgrpo_queue_finish(b->ctx, b->queue), "cast");
    }
    bench_release(&x);
    return y;
}

struct clgrpo_tensor
bench_ints(struct bench *b, size_t n, const cl_int *host)
{
    struct clgrpo_tensor t = {0};

    if (!b->listing && !b->failed && bench_ok(b, clgrpo_tensor_create(b->ctx, CLGRPO_I32, 1, &n, &t), "tensor"))
        bench_ok(b, clgrpo_tensor_write(b->ctx, b->queue, &t, host, n * sizeof *host), "upload");
    return t;
}

struct clgrpo_workspace
bench_workspace(struct bench *b, size_t bytes)
{
    struct clgrpo_workspace w = {0};
    struct clgrpo_tensor t = {0};
    size_t n = (bytes + 3) / 4;

    if (bytes == 0 || b->listing || b->failed ||
        !bench_ok(b, clgrpo_tensor_create(b->ctx, CLGRPO_F32, 1, &n, &t), "workspace"))
        return w;
    w.buf = t.buf;
    w.bytes = n * 4;
    return w;
}

void
bench_release(struct clgrpo_tensor *t)
{
    clgrpo_tensor_destroy(t);
}

void
bench_release_workspace(struct clgrpo_workspace *w)
{
    struct clgrpo_tensor t = {.buf = w->buf};

    clgrpo_tensor_destroy(&t);
    memset(w, 0, sizeof *w);
}
