/* SPDX-License-Identifier: Apache-2.0 */
#include "peers/naive.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "peers/naive_lines.h"

enum { MAX_STEPS = 3 };

/* One launch: its kernel with all arguments set. */
struct step {
    cl_kernel kernel;
    cl_uint dims;
    size_t global[3];
};

struct bench_naive {
    struct step steps[MAX_STEPS];
    unsigned n_steps;
    struct clgrpo_tensor between, out; /* the matrix that the operation does not make; our own result */
    cl_program program;
    bool broken; /* the device lacks memory or a kernel: the row goes without the peer */
};

/* On a processor such kernels reach a few GFLOP/s. `bytes` are those of the peer's largest buffer. */
static bool
is_left_out(struct bench *b, const struct bench_case *c, double bytes)
{
    const bool slow = (b->info.type & CL_DEVICE_TYPE_CPU) != 0 && c->work > 1.2e9,
               large = bytes > (double)b->info.max_alloc_bytes || bytes + c->bytes > 0.8 * (double)b->info.global_bytes;

    return b->once || slow || large || !bench_wanted(b, c->row);
}

static struct bench_naive *
create(struct bench *b)
{
    struct bench_naive *n = calloc(1, sizeof *n);
    const cl_device_id device = clgrpo_context_device(b->ctx);
    cl_int code = CL_OUT_OF_HOST_MEMORY;

    if (n != NULL)
        n->program = clCreateProgramWithSource(clgrpo_context_cl(b->ctx), sizeof naive_lines / sizeof naive_lines[0],
                                               (const char **)naive_lines, NULL, &code);
    if (code == CL_SUCCESS)
        code = clBuildProgram(n->program, 1, &device, "", NULL, NULL);
    if (code == CL_SUCCESS)
        return n;
    fprintf(stderr, "clgrpo-bench: naive.cl cannot be built: OpenCL error %d\n", (int)code);
    bench_naive_destroy(n);
    return NULL;
}

void
bench_naive_destroy(struct bench_naive *n)
{
    if (n == NULL)
        return;
    for (unsigned i = 0; i < n->n_steps; i++)
        clReleaseKernel(n->steps[i].kernel);
    if (n->program != NULL)
        clReleaseProgram(n->program);
    bench_release(&n->between);
    bench_release(&n->out);
    free(n);
}

/* What the kernels fill. */
static struct clgrpo_tensor
blank(struct bench *b, struct bench_naive *n, unsigned rank, const size_t *shape)
{
    struct clgrpo_tensor t = {0};

    n->broken |= clgrpo_tensor_create(b->ctx, CLGRPO_F32, rank, shape, &t) != CLGRPO_OK;
    return t;
}

/* Appends a launch over global[0..dims-1]. Arguments by letter: t tensor, i int, f float. */
static void
add_step(struct bench_naive *n, const char *entry, cl_uint dims, const size_t *global, const char *letters, ...)
{
    cl_int code;
    struct step *s = &n->steps[n->n_steps];
    va_list list;

    s->kernel = clCreateKernel(n->program, entry, &code);
    if (code != CL_SUCCESS) {
        n->broken = true;
        return;
    }
    n->n_steps++;
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
    const struct bench_naive *n = arg;

    for (unsigned i = 0; i < n->n_steps; i++)
        if (clEnqueueNDRangeKernel(b->queue, n->steps[i].kernel, n->steps[i].dims, NULL, n->steps[i].global, NULL, 0,
                                   NULL, NULL) != CL_SUCCESS)
            return CLGRPO_E_OPENCL;
    return CLGRPO_OK;
}

/* Largest difference over the root mean square of x; negative where that cannot be said. */
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

/* The peer joins the case, if its result is that of the operation, `ours`. */
static struct bench_naive *
join(struct bench *b, struct bench_case *c, struct bench_naive *n, const struct clgrpo_tensor *ours)
{
    double off = -1.0;

    /* memory that was lent may turn out missing as late as here */
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
    bench_naive_destroy(n);
    return NULL;
}

struct bench_naive *
bench_naive_gemm(struct bench *b, struct bench_case *c, const struct clgrpo_gemm_args *args)
{
    const size_t m = args->c.shape[0], n = args->c.shape[1], k = args->a.shape[args->trans_a ? 0 : 1];
    struct bench_naive *p;

    if (args->accumulate || c->copies > 1 || is_left_out(b, c, 4.0 * (double)(m * n)) || (p = create(b)) == NULL)
        return NULL;
    p->out = blank(b, p, 2, args->c.shape);
    add_step(p, "k_product", 2, BENCH_SHAPE(n, m), "tttiiiii", &args->a, &args->b, &p->out, (int)m, (int)n, (int)k,
             args->trans_a, args->trans_b);
    return join(b, c, p, &args->c);
}

/* Of one sequence alone. */
struct bench_naive *
bench_naive_attention(struct bench *b, struct bench_case *c, const struct clgrpo_attention_args *args)
{
    const size_t n = args->q.shape[0], heads = args->q.shape[1], dim = args->q.shape[2];
    const int kv_heads = (int)args->k.shape[1];
    struct bench_naive *p;

    if (args->offsets.shape[0] != 2 || args->prefix.buf != NULL || is_left_out(b, c, 4.0 * (double)(heads * n * n)) ||
        (p = create(b)) == NULL)
        return NULL;
    p->between = blank(b, p, 3, BENCH_SHAPE(heads, n, n));
    p->out = blank(b, p, 3, args->o.shape);
    add_step(p, "k_scores", 3, BENCH_SHAPE(n, n, heads), "tttiiifi", &args->q, &args->k, &p->between, (int)heads,
             kv_heads, (int)dim, (double)args->scale, args->causal);
    add_step(p, "k_softmax", 2, BENCH_SHAPE(n, heads), "ti", &p->between, args->causal);
    add_step(p, "k_mix", 3, BENCH_SHAPE(dim, heads, n), "tttii", &p->between, &args->v, &p->out, kv_heads,
             args->causal);
    return join(b, c, p, &args->o);
}

struct bench_naive *
bench_naive_logprob(struct bench *b, struct bench_case *c, const struct clgrpo_linear_logprob_args *args)
{
    const size_t n = args->x.shape[0], d = args->x.shape[1], v = args->w.shape[0];
    struct bench_naive *p;

    if (args->w.dtype != CLGRPO_F32 || is_left_out(b, c, 4.0 * (double)(n * v)) || (p = create(b)) == NULL)
        return NULL;
    p->between = blank(b, p, 2, BENCH_SHAPE(n, v));
    p->out = blank(b, p, 1, BENCH_SHAPE(n));
    add_step(p, "k_product", 2, BENCH_SHAPE(v, n), "tttiiiii", &args->x, &args->w, &p->between, (int)n, (int)v, (int)d,
             0, 1);
    add_step(p, "k_logprob", 1, BENCH_SHAPE(n), "ttti", &p->between, &args->target, &p->out, (int)v);
    return join(b, c, p, &args->logprob);
}
