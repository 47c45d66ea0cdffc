/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "machine/machine_internal.h"

enum { LARGEST_GROUP = 4096, PROBE_ROUNDS = 4, PROBE_WORK = 200000 };

/* Whether a group of n items runs, and each item sees what its neighbour wrote to local memory. */
static bool
group_runs(struct bench *b, cl_kernel k, const struct clgrpo_tensor *out, size_t n)
{
    static float host[LARGEST_GROUP];
    bool good;

    good = clgrpo_tensor_zero(b->ctx, out, b->queue, 0, NULL, NULL) == CLGRPO_OK &&
           clSetKernelArg(k, 0, sizeof out->buf, &out->buf) == CL_SUCCESS &&
           clSetKernelArg(k, 1, n * sizeof(float), NULL) == CL_SUCCESS &&
           clEnqueueNDRangeKernel(b->queue, k, 1, NULL, &n, &n, 0, NULL, NULL) == CL_SUCCESS &&
           clFinish(b->queue) == CL_SUCCESS &&
           clgrpo_tensor_read(b->ctx, b->queue, out, host, sizeof host) == CLGRPO_OK;
    for (size_t i = 0; i < n && good; i++)
        good = host[i] == 2.0f;
    return good;
}

struct bench_row
machine_find_local_size(struct bench *b)
{
    struct bench_row row = {
        .kind = BENCH_OTHER, .row = "machine.local_size", .unit = "items", .limit_name = "reported"};
    struct clgrpo_tensor out = bench_random(b, 1, BENCH_SHAPE(LARGEST_GROUP));
    cl_program program = machine_build(b, "");
    cl_kernel k = program != NULL ? clCreateKernel(program, "k_group", NULL) : NULL;
    const double start = bench_now_us();

    for (size_t n = 1; k != NULL && !b->failed && n <= LARGEST_GROUP && group_runs(b, k, &out, n); n *= 2)
        row.value = (double)n;
    row.median_us = bench_now_us() - start;
    row.rounds = 1;
    row.limit = (double)b->info.max_work_group;
    row.ratio = row.limit > 0.0 ? row.value / row.limit : 0.0;
    snprintf(row.note, sizeof row.note, "the device reports %.0f", row.limit);
    if (k != NULL)
        clReleaseKernel(k);
    if (program != NULL)
        clReleaseProgram(program);
    bench_release(&out);
    return row;
}

/* Multiply-adds per us of an item that has so many vectors in use at once; 0 if that cannot be run. */
static double
rate_with(struct bench *b, const struct clgrpo_tensor *out, unsigned chains, cl_ulong *private_bytes)
{
    const bool gpu = (b->info.type & CL_DEVICE_TYPE_CPU) == 0;
    const size_t items = (size_t)b->info.compute_units * (gpu ? 2048 : 8), local = gpu ? 64 : 1;
    const cl_int rounds = (cl_int)(PROBE_WORK / chains);
    char defines[32];
    cl_program program;
    cl_kernel k = NULL;
    float x = 0.999f, y = 1e-3f;
    double best = 0.0;

    snprintf(defines, sizeof defines, " -DCHAINS=%u", chains);
    if ((program = machine_build(b, defines)) == NULL || (k = clCreateKernel(program, "k_fma", NULL)) == NULL)
        goto out;
    clSetKernelArg(k, 0, sizeof out->buf, &out->buf);
    clSetKernelArg(k, 1, sizeof rounds, &rounds);
    clSetKernelArg(k, 2, sizeof x, &x);
    clSetKernelArg(k, 3, sizeof y, &y);
    for (int i = 0; i < PROBE_ROUNDS; i++) {
        const double start = bench_now_us();
        double us;

        if (clEnqueueNDRangeKernel(b->queue, k, 1, NULL, &items, &local, 0, NULL, NULL) != CL_SUCCESS ||
            clFinish(b->queue) != CL_SUCCESS)
            break;
        us = bench_now_us() - start;
        best = rounds * (double)chains / us > best ? rounds * (double)chains / us : best;
    }
    clGetKernelWorkGroupInfo(k, clgrpo_context_device(b->ctx), CL_KERNEL_PRIVATE_MEM_SIZE, sizeof *private_bytes,
                             private_bytes, NULL);
out:
    if (k != NULL)
        clReleaseKernel(k);
    if (program != NULL)
        clReleaseProgram(program);
    return best;
}

/* If the rate falls below 0.7 of the best so far, the compiler has run out of registers and keeps vectors in memory. */
struct bench_row
machine_find_registers(struct bench *b)
{
    static const unsigned chains[] = {8, 12, 14, 16, 20, 24, 28, 32, 48, 64, 96, 128, 192, 256};
    struct bench_row row = {.kind = BENCH_OTHER, .row = "machine.registers", .unit = "floats", .limit_name = "-"};
    struct clgrpo_tensor out = bench_random(b, 1, BENCH_SHAPE((size_t)b->info.compute_units * 2048));
    const double start = bench_now_us();
    cl_ulong bytes = 0, at = 0, beyond = 0;
    double best = 0.0, rate = 0.0;
    size_t i;

    for (i = 0; i < sizeof chains / sizeof chains[0] && !b->failed; i++) {
        rate = rate_with(b, &out, chains[i], &bytes);
        if (rate < 0.7 * best || rate == 0.0)
            break;
        best = rate > best ? rate : best;
        row.value = (double)(chains[i] * machine_width(b));
        at = bytes;
    }
    beyond = bytes;
    row.median_us = bench_now_us() - start;
    row.rounds = PROBE_ROUNDS;
    if (i < sizeof chains / sizeof chains[0])
        snprintf(row.note, sizeof row.note,
                 "with %zu the rate is %.2f of the best; the driver tells of %llu and %llu "
                 "bytes of private memory",
                 chains[i] * machine_width(b), best > 0.0 ? rate / best : 0.0, (unsigned long long)at,
                 (unsigned long long)beyond);
    bench_release(&out);
    return row;
}
