/* SPDX-License-Identifier: Apache-2.0 */
#include "peers/peers.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "peers/naive_lines.h"

enum { MAX_LAUNCHES = 3 };

/* A kernel with all arguments set, and the range of its items. */
struct launch {
    cl_kernel kernel;
    cl_uint dims;
    size_t global[3];
};

struct peer_naive {
    struct launch launches[MAX_LAUNCHES];
    unsigned n_launches;
    struct clgrpo_tensor between; /* the matrix that the operation itself never stores */
    struct clgrpo_tensor out;     /* the peer's result */
    cl_program program;
    bool broken; /* the device lacks memory or a kernel: the row has no such peer */
};

/* On a processor such kernels reach a few GFLOP/s only. `bytes` are those of the peer's largest buffer. */
static bool
is_left_out(struct bench *b, const struct bench_case *c, double bytes)
{
    const bool slow = (b->info.type & CL_DEVICE_TYPE_CPU) != 0 && c->work > 1.2e9,
               large = bytes > (double)b->info.max_alloc_bytes || bytes + c->bytes > 0.8 * (double)b->info.global_bytes;

    return b->once || slow || large || !bench_wanted(b, c->row);
}

static struct peer_naive *
create(struct bench *b)
{
    struct peer_naive *n = calloc(1, sizeof *n);
    const cl_device_id device = clgrpo_context_device(b->ctx);
    cl_int code = CL_OUT_OF_HOST_MEMORY;

    if (n != NULL)
        n->program = clCreateProgramWithSource(clgrpo_context_cl(b->ctx), sizeof naive_lines / sizeof naive_lines[0],
                                               (const char **)naive_lines, NULL, &code);
    if (code == CL_SUCCESS)
        code = clBuildProgram(n->program, 1, &device, "", NULL, NULL);
    if (code == CL_SUCCESS)
        return n;
    fprintf(stderr, "clgrpo-bench: the naive kernels cannot be built: OpenCL error %d\n", (int)code);
    peer_naive_destroy(n);
    return NULL;
}

void
peer_naive_destroy(struct peer_naive *n)
{
    if (n == NULL)
        return;
    for (unsigned i = 0; i < n->n_launches; i++)
        clReleaseKernel(n->launches[i].kernel);
    if (n->program != NULL)
        clReleaseProgram(n->program);
    bench_release(&n->between);
    bench_release(&n->out);
    free(n);
}

/* A tensor for the kernels to fill. */
static struct clgrpo_tensor
blank(struct bench *b, struct peer_naive *n, unsigned rank, const size_t *shape)
{
    struct clgrpo_tensor t = {0};

    n->broken |= clgrpo_tensor_create(b->ctx, CLGRPO_F32, rank, shape, &t) != CLGRPO_OK;
    return t;
}

/* Appends a launch of global[0..dims-1] items. `letters` gives the types of the arguments: t tensor, i int, f float. */
static void
add_launch(struct peer_naive *n, const char *entry, cl_uint dims, const size_t *global, const char *letters, ...)
{
    cl_int code;
    struct launch *s = &n->launches[n->n_launches];
    va_list list;

    s->kernel = clCreateKernel(n->program, entry, &code);
    if (code != CL_SUCCESS) {
        n->broken = true;
        return;
    }
    n->n_launches++;
    s->dims = dims;
    for (cl_uint d = 0; d < dims; d++)
        s->global[d] = global[d];
    va_start(list, letters);
    for (cl_uint i = 0; letters[i] != '\0'; i++) {
        cl_int whole;
        cl_float real;

        if (letters[i] == 't')
            code = clSetKernelArg(s->kernel, i, sizeof(cl_mem), &va_arg(list, const struct clgrpo_tensor *)->buf);
        else if (letters[i] == 'i')
            whole = va_arg(list, int), code = clSetKernelArg(s->kernel, i, sizeof whole, &whole);
        else
            real = (cl_float)va_arg(list, double), code = clSetKernelArg(s->kernel, i, sizeof real, &real);
        n->broken |= code != CL_SUCCESS;
    }
    va_end(list);
}

static enum clgrpo_status
run(struct bench *b, void *arg)
{
    const struct peer_naive *n = arg;

    for (unsigned i = 0; i < n->n_launches; i++)
        if (clEnqueueNDRangeKernel(b->queue, n->launches[i].kernel, n->launches[i].dims, NULL, n->launches[i].global,
                                   NULL, 0, NULL, NULL) != CL_SUCCESS)
            return CLGRPO_E_OPENCL;
    return CLGRPO_OK;
}

/* The largest difference between the elements of x and y, relative to the root mean square of x; negative if they
 * cannot be read. */
static double
difference(struct bench *b, const struct clgrpo_tensor *x, const struct clgrpo_tensor *y)
{
    const size_t elems = clgrpo_tensor_elems(x), bytes = elems * sizeof(float);
    float *p = malloc(2 * bytes + 1), *q = p != NULL ? p + elems : NULL;
    double most = -1.0, squares = 0.0;

    if (p != NULL && bench_ok(b, clgrpo_tensor_read(b->ctx, b->queue, x, p, bytes), "naive") &&
        clgrpo_tensor_read(b->ctx, b->queue, y, q, bytes) == CLGRPO_OK) {
        most = 0.0;
        for (size_t i = 0; i < elems; i++) {
            most = bench_larger(most, fabs((double)p[i] - (double)q[i]));
            squares += (double)p[i] * (double)p[i];
        }
        most /= sqrt(squares / (double)elems);
    }
    free(p);
    return most;
}

/* Adds the peer to the case, if its result agrees with that of the operation, `ours`. */
static struct peer_naive *
join(struct bench *b, struct bench_case *c, struct peer_naive *n, const struct clgrpo_tensor *ours)
{
    double off = -1.0;

    /* some drivers allocate a buffer when it is first used: memory may run out as late as here */
    if (!n->broken && bench_ok(b, c->run(b, c->arg), c->row) && run(b, n) == CLGRPO_OK &&
        clFinish(b->queue) == CL_SUCCESS)
        off = difference(b, ours, &n->out);
    if (off >= 0.0 && off < 1e-3) {
        bench_add_own(c, "naive OpenCL", run, n, 0);
        return n;
    }
    if (off < 0.0)
        fprintf(stderr, "clgrpo-bench: %s: the naive kernels do not run and are left out\n", c->row);
    else
        bench_fail(b, "%s: the naive kernels' result differs by %.3g of its size", c->row, off);
    peer_naive_destroy(n);
    return NULL;
}

struct peer_naive *
peer_add_naive_gemm(struct bench *b, struct bench_case *c, const struct clgrpo_gemm_args *args)
{
    const size_t m = args->c.shape[0], n = args->c.shape[1], k = args->a.shape[args->trans_a ? 0 : 1];
    struct peer_naive *p;

    if (args->accumulate || c->copies > 1 || is_left_out(b, c, 4.0 * (double)(m * n)) || (p = create(b)) == NULL)
        return NULL;
    p->out = blank(b, p, 2, args->c.shape);
    add_launch(p, "k_product", 2, BENCH_SHAPE(n, m), "tttiiiii", &args->a, &args->b, &p->out, (int)m, (int)n, (int)k,
               args->trans_a, args->trans_b);
    return join(b, c, p, &args->c);
}

/* For a single sequence. */
struct peer_naive *
peer_add_naive_attention(struct bench *b, struct bench_case *c, const struct clgrpo_attention_args *args)
{
    const size_t n = args->q.shape[0], heads = args->q.shape[1], dim = args->q.shape[2];
    const int kv_heads = (int)args->k.shape[1];
    struct peer_naive *p;

    if (args->offsets.shape[0] != 2 || args->prefix.buf != NULL || is_left_out(b, c, 4.0 * (double)(heads * n * n)) ||
        (p = create(b)) == NULL)
        return NULL;
    p->between = blank(b, p, 3, BENCH_SHAPE(heads, n, n));
    p->out = blank(b, p, 3, args->o.shape);
    add_launch(p, "k_scores", 3, BENCH_SHAPE(n, n, heads), "tttiiifi", &args->q, &args->k, &p->between, (int)heads,
               kv_heads, (int)dim, (double)args->scale, args->causal);
    add_launch(p, "k_softmax", 2, BENCH_SHAPE(n, heads), "ti", &p->between, args->causal);
    add_launch(p, "k_mix", 3, BENCH_SHAPE(dim, heads, n), "tttii", &p->between, &args->v, &p->out, kv_heads,
               args->causal);
    return join(b, c, p, &args->o);
}

struct peer_naive *
peer_add_naive_logprob(struct bench *b, struct bench_case *c, const struct clgrpo_linear_logprob_args *args)
{
    const size_t n = args->x.shape[0], d = args->x.shape[1], v = args->w.shape[0];
    struct peer_naive *p;

    if (args->w.dtype != CLGRPO_F32 || is_left_out(b, c, 4.0 * (double)(n * v)) || (p = create(b)) == NULL)
        return NULL;
    p->between = blank(b, p, 2, BENCH_SHAPE(n, v));
    p->out = blank(b, p, 1, BENCH_SHAPE(n));
    add_launch(p, "k_product", 2, BENCH_SHAPE(v, n), "tttiiiii", &args->x, &args->w, &p->between, (int)n, (int)v,
               (int)d, 0, 1);
    add_launch(p, "k_logprob", 1, BENCH_SHAPE(n), "ttti", &p->between, &args->target, &p->out, (int)v);
    return join(b, c, p, &args->logprob);
}
