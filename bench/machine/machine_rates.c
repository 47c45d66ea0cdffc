/* SPDX-License-Identifier: Apache-2.0 */
#include "machine/machine_internal.h"

enum {
    FMA_ROUNDS = 20000,
    EXP_ROUNDS = 2000,
    BLOCK_ROUNDS = 200,
    ROUNDS = 7,
    /* for each: if the system has put two threads onto one core, it takes a while to move one away */
    LEAST_US = 60000,
    LEAST_BETWEEN_US = 10000
};

/* What a kernel's time is turned into. */
struct figure {
    const char *name, *unit;
    double *value;
};

/* Times the kernel, whose arguments are set, and releases it. `work` is that of one launch. */
static bool
measure_kernel(struct machine_probe *p, cl_kernel k, size_t items, size_t local, double work, const struct figure *f)
{
    const double begin = bench_now_us(), least = p->between ? LEAST_BETWEEN_US : LEAST_US;
    struct machine_rounds r = {0};
    bool good = true;

    for (int i = -1; good && (i < 0 || r.n < ROUNDS || bench_now_us() - begin < least); i++) {
        const double start = bench_now_us();

        good = clEnqueueNDRangeKernel(p->b->queue, k, 1, NULL, &items, &local, 0, NULL, NULL) == CL_SUCCESS &&
               clFinish(p->b->queue) == CL_SUCCESS;
        if (i >= 0) /* the first one warms up */
            machine_add_round(&r, bench_now_us() - start);
    }
    clReleaseKernel(k);
    if (good)
        *f->value = machine_keep(p->b, f->name, f->unit, work, &r);
    return good;
}

/* Chains of arithmetic in registers: `per_item` operations on vectors of p->width lanes by each item and round. */
static bool
measure_chains(struct machine_probe *p, cl_program program, const char *entry, cl_int rounds, double per_item,
               const struct figure *f)
{
    const float x = 0.999f, y = 1e-3f;
    cl_kernel k = clCreateKernel(program, entry, NULL);

    clSetKernelArg(k, 0, sizeof p->to.buf, &p->to.buf);
    clSetKernelArg(k, 1, sizeof rounds, &rounds);
    clSetKernelArg(k, 2, sizeof x, &x);
    clSetKernelArg(k, 3, sizeof y, &y);
    return measure_kernel(p, k, p->items, p->local, rounds * per_item * (double)(p->items * p->width), f);
}

/* Every group reads its block again and again; `bytes` are those of an element, or 1 to count elements. */
static bool
measure_block(struct machine_probe *p, const char *entry, bool is_local, double bytes, const struct figure *f)
{
    const cl_int rounds = BLOCK_ROUNDS;
    cl_kernel k = clCreateKernel(p->program, entry, NULL);
    cl_uint arg = 0;

    if (!is_local)
        clSetKernelArg(k, arg++, sizeof p->from.buf, &p->from.buf);
    clSetKernelArg(k, arg++, sizeof p->to.buf, &p->to.buf);
    clSetKernelArg(k, arg++, sizeof rounds, &rounds);
    if (is_local)
        clSetKernelArg(k, arg++, MACHINE_BLOCK * sizeof(float), NULL);
    return measure_kernel(p, k, p->items, p->local, bytes * rounds * MACHINE_BLOCK * (double)(p->items / p->local), f);
}

/* Each item takes `bytes` at a time, `step` bytes apart, until all items together are through the buffer. */
static bool
measure_stream(struct machine_probe *p, const char *entry, size_t bytes, size_t step, double passes, const char *name,
               double *gbs)
{
    const size_t items = p->gpu ? 65536 : (size_t)p->b->info.compute_units * 64;
    const cl_ulong per_item = clgrpo_tensor_elems(&p->from) * sizeof(float) / (items * step) / 4 * 4;
    cl_kernel k = clCreateKernel(p->program, entry, NULL);

    clSetKernelArg(k, 0, sizeof p->from.buf, &p->from.buf);
    clSetKernelArg(k, 1, sizeof p->to.buf, &p->to.buf);
    clSetKernelArg(k, 2, sizeof per_item, &per_item);
    return measure_kernel(p, k, items, p->gpu ? 64 : 1, passes * (double)(items * per_item * bytes),
                          &(struct figure){name, "GB/s", gbs});
}

bool
machine_measure_hard(struct machine_probe *p)
{
    const size_t vector = p->width * sizeof(float);
    struct bench_machine *m = &p->b->machine;

    return measure_chains(p, p->program, "k_fma", FMA_ROUNDS, 2.0 * MACHINE_FMA_CHAINS,
                          &(struct figure){"machine.fma.f32", "GFLOP/s", &m->fma_gflops}) &&
           measure_stream(p, "k_copy", vector, vector, 2.0, "machine.copy", &m->copy_gbs) &&
           measure_stream(p, "k_read", vector, vector, 1.0, "machine.read", &m->read_gbs);
}

bool
machine_measure_arithmetic(struct machine_probe *p)
{
    const size_t twice = 2 * p->width, halves = twice < 16 ? twice : 16; /* lanes of k_fma's type in f16 */
    const double flop = 2.0 * MACHINE_FMA_CHAINS;
    struct bench_machine *m = &p->b->machine;

    return (p->half == NULL || measure_chains(p, p->half, "k_fma", FMA_ROUNDS, flop * (double)halves / (double)p->width,
                                              &(struct figure){"machine.fma.f16", "GFLOP/s", &m->fma_f16_gflops})) &&
           measure_chains(p, p->program, "k_exp", EXP_ROUNDS, MACHINE_EXP_CHAINS,
                          &(struct figure){"machine.exp.f32", "Gexp/s", &m->exp_gps}) &&
           measure_block(p, "k_f16", false, 1.0, &(struct figure){"machine.load.f16", "Gload/s", &m->load_f16_gps}) &&
           measure_block(p, "k_bf16", false, 1.0, &(struct figure){"machine.load.bf16", "Gload/s", &m->load_bf16_gps});
}

/* Its chains are of integers, not of vectors: four products and four additions each. */
bool
machine_measure_dot(struct machine_probe *p)
{
    return p->dot == NULL || measure_chains(p, p->dot, "k_dot", EXP_ROUNDS, 8.0 * MACHINE_FMA_CHAINS / (double)p->width,
                                            &(struct figure){"machine.dot.i8", "GOP/s", &p->b->machine.dot_gops});
}

bool
machine_measure_memory(struct machine_probe *p)
{
    const size_t vector = p->width * sizeof(float), lone = sizeof(float);
    struct bench_machine *m = &p->b->machine;

    return measure_stream(p, "k_write", vector, vector, 1.0, "machine.write", &m->write_gbs) &&
           measure_stream(p, "k_strided", lone, lone * MACHINE_STRIDE, 1.0, "machine.strided", &m->strided_gbs) &&
           measure_block(p, "k_local", true, sizeof(float), &(struct figure){"machine.local", "GB/s", &m->local_gbs});
}
