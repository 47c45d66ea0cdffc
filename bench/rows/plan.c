/* SPDX-License-Identifier: Apache-2.0 */
#include "rows/plan.h"

#include <stdint.h>
#include <stdlib.h>

static struct clgrpo_tensor
keep(struct plan *p, struct clgrpo_tensor t)
{
    if (p->n == PLAN_TENSORS)
        abort();
    return p->all[p->n++] = t;
}

struct clgrpo_tensor
plan_random(struct plan *p, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape)
{
    return keep(p, bench_random_as(p->b, dtype, rank, shape));
}

struct clgrpo_tensor
plan_matrix(struct plan *p, size_t rows, size_t columns)
{
    return keep(p, bench_random(p->b, 2, BENCH_SHAPE(rows, columns)));
}

struct clgrpo_tensor
plan_vector(struct plan *p, size_t n)
{
    return keep(p, bench_random(p->b, 1, BENCH_SHAPE(n)));
}

struct clgrpo_tensor
plan_heads(struct plan *p, size_t rows, size_t heads, size_t dim)
{
    return keep(p, bench_random(p->b, 3, BENCH_SHAPE(rows, heads, dim)));
}

struct clgrpo_tensor
plan_ints(struct plan *p, size_t n, const cl_int *host)
{
    return keep(p, bench_ints(p->b, n, host));
}

struct clgrpo_tensor
plan_zeros(struct plan *p, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape)
{
    struct clgrpo_tensor t = {0};

    if (!p->b->failed && bench_ok(p->b, clgrpo_tensor_create(p->b->ctx, dtype, rank, shape, &t), "tensor"))
        bench_ok(p->b, clgrpo_tensor_zero(p->b->ctx, &t, p->b->queue, 0, NULL, NULL), "zero");
    return keep(p, t);
}

/* first + i / by * step % below */
static struct clgrpo_tensor
counted(struct plan *p, size_t n, size_t first, size_t by, size_t step, size_t below)
{
    struct clgrpo_tensor t = {0};
    cl_int *host = bench_alloc(p->b, n + 1, sizeof *host);

    for (size_t i = 0; host != NULL && i < n; i++)
        host[i] = (cl_int)(first + i / by * step % below);
    if (host != NULL)
        t = bench_ints(p->b, n, host);
    free(host);
    return keep(p, t);
}

struct clgrpo_tensor
plan_series(struct plan *p, size_t n, size_t first, size_t by, size_t step)
{
    return counted(p, n, first, by, step, SIZE_MAX);
}

struct clgrpo_tensor
plan_indices(struct plan *p, size_t n, size_t by, size_t step, size_t below)
{
    return counted(p, n, 0, by, step, below);
}

struct plan_call *
plan_next(struct plan *p)
{
    if (p->n_calls == PLAN_CALLS)
        abort();
    return &p->calls[p->n_calls++];
}

#define PLAN_CALL(op)                                                                                                  \
    enum clgrpo_status plan_run_##op(struct bench *b, const void *args)                                                \
    {                                                                                                                  \
        return clgrpo_##op(b->ctx, args, b->queue, 0, NULL, NULL);                                                     \
    }
PLAN_OPERATIONS(PLAN_CALL)

enum clgrpo_status
plan_run_zero(struct bench *b, const void *args)
{
    return clgrpo_tensor_zero(b->ctx, args, b->queue, 0, NULL, NULL);
}

enum clgrpo_status
plan_run(struct bench *b, void *arg)
{
    const struct plan *p = arg;
    enum clgrpo_status st = CLGRPO_OK;

    for (unsigned i = 0; i < p->n_calls && st == CLGRPO_OK; i++)
        st = p->calls[i].run(b, &p->calls[i].args);
    return st;
}

void
plan_release(struct plan *p)
{
    for (unsigned i = 0; i < p->n; i++)
        bench_release(&p->all[i]);
    for (unsigned i = 0; i < p->n_calls; i++)
        bench_release_workspace(&p->calls[i].space);
    p->n = p->n_calls = 0;
}
