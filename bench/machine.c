/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
    "__kernel void k_write(__global float *restrict a, __global float *restrict b, ulong per_item)\n"
    "{\n"
    "    size_t at = get_global_id(0) * per_item;\n"
    "    vf x = (vf)((float)at);\n"
    "    (void)a;\n"
    "    for (size_t i = 0; i < per_item; i++) CAT(vstore, WIDTH)(x, at + i, b);\n"
    "}\n"
    "__kernel void k_exp(__global float *out, int rounds, float x, float y)\n"
    "{\n"
    "    vf a[4];\n"
    "    for (int i = 0; i < 4; i++) a[i] = (vf)(0.001f * (float)(i + get_global_id(0)));\n"
    "    for (int r = 0; r < rounds; r++) {\n"
    "        _Pragma(\"unroll\") for (int i = 0; i < 4; i++) a[i] = native_exp2(fma(a[i], (vf)(-x), (vf)(y)));\n"
    "    }\n"
    "    CAT(vstore, WIDTH)((a[0] + a[1]) + (a[2] + a[3]), get_global_id(0), out);\n"
    "}\n"
    "__kernel void k_empty(__global float *out) { if (get_global_id(0) == 1 << 30) out[0] = 1.0f; }\n";

enum {
    FMA_ROUNDS = 20000,
    FMA_ACCUMULATORS = 12,
    EXP_ROUNDS = 2000,
    EXP_CHAINS = 4,
    STREAM_BYTES = 128 << 20,
    ROUNDS = 7
};

/* What the measurements share. */
struct probe {
    struct bench *b;
    cl_program program;
    struct clgrpo_tensor from, to;
    size_t width;
    bool gpu;
};

/* Some rounds of one measurement: a ceiling is the best, what the machine can do and not what it did while it was
 * disturbed; the spread tells how much it was. */
struct rounds {
    double best_us, worst_us;
};

static void
add_round(struct rounds *r, double us)
{
    if (r->best_us == 0.0 || us < r->best_us)
        r->best_us = us;
    if (us > r->worst_us)
        r->worst_us = us;
}

/* Appends the figure, or keeps the better of two. work is in 1e3 units of the row per us, or 0: the time is the figure.
 */
static double
keep(struct bench *b, const char *name, const char *unit, double work, const struct rounds *r)
{
    struct bench_row row = {.kind = BENCH_OTHER, .rounds = ROUNDS, .median_us = r->best_us, .limit_name = "-"},
                     *at = b->limits;

    snprintf(row.row, sizeof row.row, "%s", name);
    snprintf(row.unit, sizeof row.unit, "%s", unit);
    row.value = work > 0.0 ? 1e-3 * work / r->best_us : r->best_us;
    row.spread = (r->worst_us - r->best_us) / r->best_us;
    while (at < b->limits + b->n_limits && strcmp(at->row, name) != 0)
        at++;
    if (at == b->limits + BENCH_MAX_MACHINE)
        return row.value;
    if (at == b->limits + b->n_limits) {
        b->n_limits++;
        *at = row;
    } else if (row.median_us < at->median_us) {
        *at = row;
    }
    return at->value;
}

static bool
time_kernel(struct probe *p, cl_kernel k, size_t global, size_t local, struct rounds *r)
{
    for (int i = -1; i < ROUNDS; i++) { /* the first one warms up */
        double start = bench_now_us();

        if (clEnqueueNDRangeKernel(p->b->queue, k, 1, NULL, &global, &local, 0, NULL, NULL) != CL_SUCCESS ||
            clFinish(p->b->queue) != CL_SUCCESS)
            return false;
        if (i >= 0)
            add_round(r, bench_now_us() - start);
    }
    return true;
}

static cl_program
build(struct bench *b, size_t width)
{
    const char *text = source;
    char options[32];
    cl_program program;
    cl_int code;

    snprintf(options, sizeof options, "-DWIDTH=%zu", width);
    program = clCreateProgramWithSource(clgrpo_context_cl(b->ctx), 1, &text, NULL, &code);
    if (code != CL_SUCCESS)
        return NULL;
    if (clBuildProgram(program, 1, &(cl_device_id){clgrpo_context_device(b->ctx)}, options, NULL, NULL) == CL_SUCCESS)
        return program;
    clReleaseProgram(program);
    return NULL;
}

/* Chains of arithmetic in registers: per_item operations of `width` lanes by each item. */
static bool
measure_rate(struct probe *p, const char *entry, cl_int rounds, double per_item, const char *name, const char *unit,
             double *rate)
{
    size_t items = (size_t)p->b->info.compute_units * (p->gpu ? 2048 : 8);
    cl_kernel k = clCreateKernel(p->program, entry, NULL);
    struct rounds r = {0};
    float x = 0.999f, y = 1e-3f;
    bool good;

    clSetKernelArg(k, 0, sizeof p->to.buf, &p->to.buf);
    clSetKernelArg(k, 1, sizeof rounds, &rounds);
    clSetKernelArg(k, 2, sizeof x, &x);
    clSetKernelArg(k, 3, sizeof y, &y);
    good = time_kernel(p, k, items, p->gpu ? 64 : 1, &r);
    clReleaseKernel(k);
    if (good)
        *rate = keep(p->b, name, unit, per_item * (double)(items * p->width), &r);
    return good;
}

static bool
measure_stream(struct probe *p, const char *entry, double passes, const char *name, double *gbs)
{
    size_t items = p->gpu ? 65536 : (size_t)p->b->info.compute_units * 64;
    cl_ulong per_item = STREAM_BYTES / (items * p->width * sizeof(float));
    cl_kernel k = clCreateKernel(p->program, entry, NULL);
    struct rounds r = {0};
    bool good;

    clSetKernelArg(k, 0, sizeof p->from.buf, &p->from.buf);
    clSetKernelArg(k, 1, sizeof p->to.buf, &p->to.buf);
    clSetKernelArg(k, 2, sizeof per_item, &per_item);
    good = time_kernel(p, k, items, p->gpu ? 64 : 1, &r);
    clReleaseKernel(k);
    if (good)
        *gbs = keep(p->b, name, "GB/s", passes * (double)(items * per_item * p->width * sizeof(float)), &r);
    return good;
}

/* From and to ordinary host memory, as the library's own reads and writes go. */
static bool
measure_transfer(struct probe *p, bool up, const char *name, double *gbs)
{
    enum { BYTES = 32 << 20 };
    float *host = malloc(BYTES);
    struct rounds r = {0};
    cl_int code = host != NULL ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY;

    if (host != NULL)
        memset(host, 1, BYTES);
    for (int i = -1; i < ROUNDS && code == CL_SUCCESS; i++) {
        double start = bench_now_us();

        code = up ? clEnqueueWriteBuffer(p->b->queue, p->to.buf, CL_TRUE, 0, BYTES, host, 0, NULL, NULL)
                  : clEnqueueReadBuffer(p->b->queue, p->to.buf, CL_TRUE, 0, BYTES, host, 0, NULL, NULL);
        if (i >= 0)
            add_round(&r, bench_now_us() - start);
    }
    free(host);
    if (code == CL_SUCCESS)
        *gbs = keep(p->b, name, "GB/s", BYTES, &r);
    return code == CL_SUCCESS;
}

static bool
measure_launch(struct probe *p, unsigned n, bool wait, const char *name, double *us)
{
    cl_kernel k = clCreateKernel(p->program, "k_empty", NULL);
    struct rounds r = {0};
    size_t one = 1;
    bool good = true;

    clSetKernelArg(k, 0, sizeof p->to.buf, &p->to.buf);
    for (int i = -1; i < ROUNDS && good; i++) {
        double start = bench_now_us();

        for (unsigned j = 0; j < n && good; j++) {
            good = clEnqueueNDRangeKernel(p->b->queue, k, 1, NULL, &one, &one, 0, NULL, NULL) == CL_SUCCESS;
            if (wait)
                clFinish(p->b->queue);
        }
        clFinish(p->b->queue);
        if (i >= 0)
            add_round(&r, (bench_now_us() - start) / n);
    }
    clReleaseKernel(k);
    if (good)
        *us = keep(p->b, name, "us", 0.0, &r);
    return good;
}

static bool
measure_all(struct probe *p)
{
    struct bench_machine *m = &p->b->machine;

    return measure_rate(p, "k_fma", FMA_ROUNDS, 2.0 * FMA_ROUNDS * FMA_ACCUMULATORS, "machine.fma.f32", "GFLOP/s",
                        &m->fma_gflops) &&
           measure_rate(p, "k_exp", EXP_ROUNDS, 1.0 * EXP_ROUNDS * EXP_CHAINS, "machine.exp.f32", "Gexp/s",
                        &m->exp_gps) &&
           measure_stream(p, "k_copy", 2.0, "machine.copy", &m->copy_gbs) &&
           measure_stream(p, "k_read", 1.0, "machine.read", &m->read_gbs) &&
           measure_stream(p, "k_write", 1.0, "machine.write", &m->write_gbs) &&
           measure_transfer(p, true, "machine.upload", &m->upload_gbs) &&
           measure_transfer(p, false, "machine.download", &m->download_gbs) &&
           measure_launch(p, 500, false, "machine.launch", &m->launch_us) &&
           measure_launch(p, 50, true, "machine.launch.waited", &m->launch_wait_us);
}

/* The device's own word; the system's where a processor's driver does not know. */
static double
largest_cache(const struct bench *b)
{
    cl_ulong bytes = 0;

    clGetDeviceInfo(clgrpo_context_device(b->ctx), CL_DEVICE_GLOBAL_MEM_CACHE_SIZE, sizeof bytes, &bytes, NULL);
#ifdef _SC_LEVEL3_CACHE_SIZE
    if (bytes == 0 && (b->info.type & CL_DEVICE_TYPE_CPU) != 0 && sysconf(_SC_LEVEL3_CACHE_SIZE) > 0)
        bytes = (cl_ulong)sysconf(_SC_LEVEL3_CACHE_SIZE);
#endif
    return (double)bytes;
}

enum clgrpo_status
bench_measure_machine(struct bench *b)
{
    struct probe p = {.b = b,
                      .width = b->info.vector_width > 1 ? b->info.vector_width : 4,
                      .gpu = (b->info.type & CL_DEVICE_TYPE_CPU) == 0};
    bool good = false;

    b->machine.cache_bytes = largest_cache(b);
    p.program = build(b, p.width);
    if (p.program == NULL)
        return CLGRPO_E_BUILD;
    p.from = bench_random(b, 1, BENCH_SHAPE(STREAM_BYTES / sizeof(float)));
    p.to = bench_random(b, 1, BENCH_SHAPE(STREAM_BYTES / sizeof(float)));
    if (!b->failed)
        good = measure_all(&p);
    bench_release(&p.from);
    bench_release(&p.to);
    clReleaseProgram(p.program);
    for (unsigned i = 0; i < b->n_rows; i++)
        bench_apply_limit(&b->machine, &b->rows[i]);
    return good ? CLGRPO_OK : CLGRPO_E_OPENCL;
}
