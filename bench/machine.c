/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench.h"

/* The ceilings, by kernels of their own: they must not change when the library's kernels do. */
static const char source[] =
    "#define CAT_(a, b) a##b\n"
    "#define CAT(a, b) CAT_(a, b)\n"
    "typedef CAT(float, WIDTH) vf;\n"
    "#define N 12\n"
    "__kernel void k_fma(__global float *out, int rounds, float x, float y)\n"
    "{\n"
    "    vf a[N];\n"
    "    __attribute__((opencl_unroll_hint)) for (int i = 0; i < N; i++) a[i] = (vf)(0.001f * (float)(i + "
    "get_global_id(0)));\n"
    "    vf vx = (vf)(x), vy = (vf)(y);\n"
    "    for (int r = 0; r < rounds; r++) {\n"
    "        _Pragma(\"unroll\") for (int i = 0; i < N; i++) a[i] = fma(a[i], vx, vy);\n"
    "    }\n"
    "    vf s = a[0];\n"
    "    _Pragma(\"unroll\") for (int i = 1; i < N; i++) s += a[i];\n"
    "    CAT(vstore, WIDTH)(s, get_global_id(0), out);\n"
    "}\n"
    "__kernel void k_copy(__global const float *restrict a, __global float *restrict b, ulong per_item)\n"
    "{\n"
    "    size_t at = get_global_id(0) * per_item;\n"
    "    for (size_t i = 0; i < per_item; i++) CAT(vstore, WIDTH)(CAT(vload, WIDTH)(at + i, a), at + i, b);\n"
    "}\n"
    "__kernel void k_read(__global const float *restrict a, __global float *restrict out, ulong per_item)\n"
    "{\n"
    "    size_t at = get_global_id(0) * per_item;\n"
    "    vf s[4] = {(vf)(0.0f), (vf)(0.0f), (vf)(0.0f), (vf)(0.0f)};\n"
    "    for (size_t i = 0; i + 4 <= per_item; i += 4) {\n"
    "        s[0] += CAT(vload, WIDTH)(at + i, a);\n"
    "        s[1] += CAT(vload, WIDTH)(at + i + 1, a);\n"
    "        s[2] += CAT(vload, WIDTH)(at + i + 2, a);\n"
    "        s[3] += CAT(vload, WIDTH)(at + i + 3, a);\n"
    "    }\n"
    "    CAT(vstore, WIDTH)((s[0] + s[1]) + (s[2] + s[3]), get_global_id(0), out);\n"
    "}\n"
    "__kernel void k_empty(__global float *out) { if (get_global_id(0) == 1 << 30) out[0] = 1.0f; }\n";

enum { FMA_ROUNDS = 20000, FMA_ACCUMULATORS = 12, STREAM_BYTES = 128 << 20, ROUNDS = 7 };

static double
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Best of some rounds: a ceiling is what the machine can do, not what it did while it was disturbed. */
static double
best_seconds(struct bench *b, cl_kernel k, size_t global, size_t local)
{
    double best = 1e30;

    for (int i = 0; i < ROUNDS; i++) {
        double start = now();

        if (clEnqueueNDRangeKernel(b->queue, k, 1, NULL, &global, &local, 0, NULL, NULL) != CL_SUCCESS ||
            clFinish(b->queue) != CL_SUCCESS)
            return -1.0;
        if (now() - start < best)
            best = now() - start;
    }
    return best;
}

static cl_program
build(struct bench *b)
{
    const char *text = source;
    char options[32];
    cl_program program;
    cl_int code;

    snprintf(options, sizeof options, "-DWIDTH=%u", b->info.vector_width > 1 ? b->info.vector_width : 4);
    program = clCreateProgramWithSource(clgrpo_context_cl(b->ctx), 1, &text, NULL, &code);
    if (code != CL_SUCCESS)
        return NULL;
    if (clBuildProgram(program, 1, &(cl_device_id){clgrpo_context_device(b->ctx)}, options, NULL, NULL) == CL_SUCCESS)
        return program;
    clReleaseProgram(program);
    return NULL;
}

static bool
measure_fma(struct bench *b, cl_program program, cl_mem out)
{
    bool gpu = (b->info.type & CL_DEVICE_TYPE_CPU) == 0;
    size_t local = gpu ? 64 : 1, items = (size_t)b->info.compute_units * (gpu ? 2048 : 8);
    cl_kernel k = clCreateKernel(program, "k_fma", NULL);
    cl_int rounds = FMA_ROUNDS;
    float x = 0.999f, y = 1e-3f;
    double s;

    clSetKernelArg(k, 0, sizeof out, &out);
    clSetKernelArg(k, 1, sizeof rounds, &rounds);
    clSetKernelArg(k, 2, sizeof x, &x);
    clSetKernelArg(k, 3, sizeof y, &y);
    s = best_seconds(b, k, items, local);
    clReleaseKernel(k);
    b->machine.fma_gflops = 2e-9 * (double)items * FMA_ROUNDS * FMA_ACCUMULATORS *
                            (b->info.vector_width > 1 ? b->info.vector_width : 4) / s;
    return s > 0.0;
}

static bool
measure_stream(struct bench *b, cl_program program, const char *entry, cl_mem from, cl_mem to, double passes,
               double *gbs)
{
    bool gpu = (b->info.type & CL_DEVICE_TYPE_CPU) == 0;
    size_t width = b->info.vector_width > 1 ? b->info.vector_width : 4;
    size_t items = gpu ? 65536 : (size_t)b->info.compute_units * 64;
    cl_ulong per_item = STREAM_BYTES / (items * width * sizeof(float));
    cl_kernel k = clCreateKernel(program, entry, NULL);
    double s;

    clSetKernelArg(k, 0, sizeof from, &from);
    clSetKernelArg(k, 1, sizeof to, &to);
    clSetKernelArg(k, 2, sizeof per_item, &per_item);
    s = best_seconds(b, k, items, gpu ? 64 : 1);
    clReleaseKernel(k);
    *gbs = 1e-9 * passes * (double)(items * per_item * width * sizeof(float)) / s;
    return s > 0.0;
}

static bool
measure_launch(struct bench *b, cl_program program, cl_mem out)
{
    enum { MANY = 2000, FEW = 200 };
    cl_kernel k = clCreateKernel(program, "k_empty", NULL);
    size_t one = 1;
    double start;

    clSetKernelArg(k, 0, sizeof out, &out);
    if (best_seconds(b, k, 1, 1) < 0.0)
        return false;
    start = now();
    for (int i = 0; i < MANY; i++)
        clEnqueueNDRangeKernel(b->queue, k, 1, NULL, &one, &one, 0, NULL, NULL);
    clFinish(b->queue);
    b->machine.launch_us = 1e6 * (now() - start) / MANY;
    start = now();
    for (int i = 0; i < FEW; i++) {
        clEnqueueNDRangeKernel(b->queue, k, 1, NULL, &one, &one, 0, NULL, NULL);
        clFinish(b->queue);
    }
    b->machine.launch_wait_us = 1e6 * (now() - start) / FEW;
    clReleaseKernel(k);
    return true;
}

enum clgrpo_status
bench_measure_machine(struct bench *b)
{
    struct clgrpo_tensor from = {0}, to = {0};
    cl_program program = build(b);
    bool good = false;

    if (program == NULL)
        return CLGRPO_E_BUILD;
    from = bench_random(b, 1, BENCH_SHAPE(STREAM_BYTES / sizeof(float)));
    to = bench_random(b, 1, BENCH_SHAPE(STREAM_BYTES / sizeof(float)));
    if (!b->failed)
        good = measure_fma(b, program, to.buf) &&
               measure_stream(b, program, "k_copy", from.buf, to.buf, 2.0, &b->machine.copy_gbs) &&
               measure_stream(b, program, "k_read", from.buf, to.buf, 1.0, &b->machine.read_gbs) &&
               measure_launch(b, program, to.buf);
    bench_release(&from);
    bench_release(&to);
    clReleaseProgram(program);
    return good ? CLGRPO_OK : CLGRPO_E_OPENCL;
}
