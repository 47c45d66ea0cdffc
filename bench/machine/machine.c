/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "machine/machine_lines.h"
#include "machine/machine.h"

enum {
    FMA_ROUNDS = 20000,
    EXP_ROUNDS = 2000,
    BLOCK_ROUNDS = 200,
    STREAM_BYTES = 128 << 20,
    ROUNDS = 7,
    LEAST_US = 60000 /* of each: a system that put two threads onto one core needs some time to part them */
};

/* What the measurements share. */
struct probe {
    struct bench *b;
    cl_program program, half, dot;
    struct clgrpo_tensor from, to;
    size_t width, items, local; /* items of a kernel that does not stream, and of a group */
    bool gpu;
};

/* Some rounds of one measurement: a ceiling is the best, what the machine can do and not what it did while it was
 * disturbed; the spread tells how much it was. */
struct rounds {
    double best_us, worst_us;
    unsigned n;
};

static void
add_round(struct rounds *r, double us)
{
    if (r->best_us == 0.0 || us < r->best_us)
        r->best_us = us;
    if (us > r->worst_us)
        r->worst_us = us;
    r->n++;
}

static bool
is_enough(const struct rounds *r, double start)
{
    return r->n >= ROUNDS && bench_now_us() - start >= LEAST_US;
}

static struct bench_row *
limit_of(struct bench *b, const char *name)
{
    struct bench_row *at = b->limits;

    while (at < b->limits + b->n_limits && strcmp(at->row, name) != 0)
        at++;
    return at;
}

/* Appends the figure, or keeps the better of two. work is in 1e3 units of the row per us, or 0: the time is the figure.
 */
static double
keep(struct bench *b, const char *name, const char *unit, double work, const struct rounds *r)
{
    struct bench_row row = {.kind = BENCH_OTHER, .rounds = r->n, .median_us = r->best_us, .limit_name = "-"},
                     *at = limit_of(b, name);

    snprintf(row.row, sizeof row.row, "%s", name);
    snprintf(row.unit, sizeof row.unit, "%s", unit);
    row.value = work > 0.0 ? 1e-3 * work / r->best_us : r->best_us;
    row.spread = (r->worst_us - r->best_us) / r->best_us;
    if (at == b->limits + BENCH_MAX_MACHINE)
        return row.value;
    b->limits_last[at - b->limits] = row.value;
    if (at == b->limits + b->n_limits) {
        b->limits_first[b->n_limits++] = row.value;
        *at = row;
    } else if (row.median_us < at->median_us) {
        *at = row;
    }
    return at->value;
}

static bool
time_kernel(struct probe *p, cl_kernel k, size_t global, size_t local, struct rounds *r)
{
    const double begin = bench_now_us();

    for (int i = -1; i < 0 || !is_enough(r, begin); i++) { /* the first one warms up */
        double start = bench_now_us();

        if (clEnqueueNDRangeKernel(p->b->queue, k, 1, NULL, &global, &local, 0, NULL, NULL) != CL_SUCCESS ||
            clFinish(p->b->queue) != CL_SUCCESS)
            return false;
        if (i >= 0)
            add_round(r, bench_now_us() - start);
    }
    return true;
}

cl_program
bench_machine_build(struct bench *b, const char *defines)
{
    const cl_device_id device = clgrpo_context_device(b->ctx);
    char options[96];
    cl_program program;
    cl_int code;

    snprintf(options, sizeof options, "-DWIDTH=%zu -DGPU=%d%s", bench_machine_width(b),
             (b->info.type & CL_DEVICE_TYPE_CPU) == 0, defines);
    program = clCreateProgramWithSource(clgrpo_context_cl(b->ctx), sizeof machine_lines / sizeof machine_lines[0],
                                        (const char **)machine_lines, NULL, &code);
    if (code != CL_SUCCESS)
        return NULL;
    if (clBuildProgram(program, 1, &device, options, NULL, NULL) == CL_SUCCESS)
        return program;
    clReleaseProgram(program);
    return NULL;
}

size_t
bench_machine_width(const struct bench *b)
{
    return b->info.vector_width > 1 ? b->info.vector_width : 4;
}

/* Chains of arithmetic in registers: per_item operations of `width` lanes by each item. */
static bool
measure_rate(struct probe *p, cl_program program, const char *entry, cl_int rounds, double per_item, const char *name,
             const char *unit, double *rate)
{
    cl_kernel k = clCreateKernel(program, entry, NULL);
    struct rounds r = {0};
    float x = 0.999f, y = 1e-3f;
    bool good;

    clSetKernelArg(k, 0, sizeof p->to.buf, &p->to.buf);
    clSetKernelArg(k, 1, sizeof rounds, &rounds);
    clSetKernelArg(k, 2, sizeof x, &x);
    clSetKernelArg(k, 3, sizeof y, &y);
    good = time_kernel(p, k, p->items, p->local, &r);
    clReleaseKernel(k);
    if (good)
        *rate = keep(p->b, name, unit, rounds * per_item * (double)(p->items * p->width), &r);
    return good;
}

/* Every group reads its block again and again; `bytes` counts an element, or is 1 to count elements. */
static bool
measure_block(struct probe *p, const char *entry, bool is_local, double bytes, const char *name, const char *unit,
              double *rate)
{
    const cl_int rounds = BLOCK_ROUNDS;
    cl_kernel k = clCreateKernel(p->program, entry, NULL);
    struct rounds r = {0};
    cl_uint arg = 0;
    bool good;

    if (!is_local)
        clSetKernelArg(k, arg++, sizeof p->from.buf, &p->from.buf);
    clSetKernelArg(k, arg++, sizeof p->to.buf, &p->to.buf);
    clSetKernelArg(k, arg++, sizeof rounds, &rounds);
    if (is_local)
        clSetKernelArg(k, arg++, MACHINE_BLOCK * sizeof(float), NULL);
    good = time_kernel(p, k, p->items, p->local, &r);
    clReleaseKernel(k);
    if (good)
        *rate = keep(p->b, name, unit, bytes * rounds * MACHINE_BLOCK * (double)(p->items / p->local), &r);
    return good;
}

/* Each item `bytes` many at a time, until the stream is through; `step` bytes apart. */
static bool
measure_stream(struct probe *p, const char *entry, size_t bytes, size_t step, double passes, const char *name,
               double *gbs)
{
    size_t items = p->gpu ? 65536 : (size_t)p->b->info.compute_units * 64;
    cl_ulong per_item = STREAM_BYTES / (items * step) / 4 * 4;
    cl_kernel k = clCreateKernel(p->program, entry, NULL);
    struct rounds r = {0};
    bool good;

    clSetKernelArg(k, 0, sizeof p->from.buf, &p->from.buf);
    clSetKernelArg(k, 1, sizeof p->to.buf, &p->to.buf);
    clSetKernelArg(k, 2, sizeof per_item, &per_item);
    good = time_kernel(p, k, items, p->gpu ? 64 : 1, &r);
    clReleaseKernel(k);
    if (good)
        *gbs = keep(p->b, name, "GB/s", passes * (double)(items * per_item * bytes), &r);
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

/* A launch in a row of `n`, or waited for through the queue or through its event. */
enum wait { IN_A_ROW, BY_QUEUE, BY_EVENT };
static bool
launch_one(struct bench *b, cl_kernel k, enum wait wait)
{
    const size_t one = 1;
    cl_event event = NULL;
    bool good = clEnqueueNDRangeKernel(b->queue, k, 1, NULL, &one, &one, 0, NULL, wait == BY_EVENT ? &event : NULL) ==
                CL_SUCCESS;

    if (wait == BY_QUEUE)
        clFinish(b->queue);
    if (event != NULL) {
        good = clWaitForEvents(1, &event) == CL_SUCCESS && good;
        clReleaseEvent(event);
    }
    return good;
}

static bool
measure_launch(struct probe *p, unsigned n, enum wait wait, const char *name, double *us)
{
    cl_kernel k = clCreateKernel(p->program, "k_empty", NULL);
    struct rounds r = {0};
    bool good = true;

    clSetKernelArg(k, 0, sizeof p->to.buf, &p->to.buf);
    for (int i = -1; i < ROUNDS && good; i++) {
        double start = bench_now_us();

        for (unsigned j = 0; j < n && good; j++)
            good = launch_one(p->b, k, wait);
        clFinish(p->b->queue);
        if (i >= 0)
            add_round(&r, (bench_now_us() - start) / n);
    }
    clReleaseKernel(k);
    if (good)
        *us = keep(p->b, name, "us", 0.0, &r);
    return good;
}

/* Where the device says that it has them. */
static bool
measure_dot(struct probe *p, double *gops)
{
    return p->dot == NULL || measure_rate(p, p->dot, "k_dot", EXP_ROUNDS, 8.0 * MACHINE_FMA_CHAINS / (double)p->width,
                                          "machine.dot.i8", "GOP/s", gops);
}

static bool
measure_arithmetic(struct probe *p, struct bench_machine *m)
{
    const size_t twice = 2 * p->width, halves = twice < 16 ? twice : 16; /* as k_fma's type */

    return measure_rate(p, p->program, "k_fma", FMA_ROUNDS, 2.0 * MACHINE_FMA_CHAINS, "machine.fma.f32", "GFLOP/s",
                        &m->fma_gflops) &&
           (p->half == NULL ||
            measure_rate(p, p->half, "k_fma", FMA_ROUNDS, 2.0 * MACHINE_FMA_CHAINS * (double)halves / (double)p->width,
                         "machine.fma.f16", "GFLOP/s", &m->fma_f16_gflops)) &&
           measure_rate(p, p->program, "k_exp", EXP_ROUNDS, MACHINE_EXP_CHAINS, "machine.exp.f32", "Gexp/s",
                        &m->exp_gps) &&
           measure_block(p, "k_f16", false, 1.0, "machine.load.f16", "Gload/s", &m->load_f16_gps) &&
           measure_block(p, "k_bf16", false, 1.0, "machine.load.bf16", "Gload/s", &m->load_bf16_gps);
}

static bool
measure_memory(struct probe *p, struct bench_machine *m)
{
    const size_t vector = p->width * sizeof(float), lone = sizeof(float);

    return measure_stream(p, "k_copy", vector, vector, 2.0, "machine.copy", &m->copy_gbs) &&
           measure_stream(p, "k_read", vector, vector, 1.0, "machine.read", &m->read_gbs) &&
           measure_stream(p, "k_write", vector, vector, 1.0, "machine.write", &m->write_gbs) &&
           measure_stream(p, "k_strided", lone, lone * MACHINE_STRIDE, 1.0, "machine.strided", &m->strided_gbs) &&
           measure_block(p, "k_local", true, sizeof(float), "machine.local", "GB/s", &m->local_gbs);
}

static bool
measure_all(struct probe *p)
{
    struct bench_machine *m = &p->b->machine;

    return measure_arithmetic(p, m) && measure_memory(p, m) &&
           measure_transfer(p, true, "machine.upload", &m->upload_gbs) &&
           measure_transfer(p, false, "machine.download", &m->download_gbs) &&
           measure_launch(p, 500, IN_A_ROW, "machine.launch", &m->launch_us) &&
           measure_launch(p, 50, BY_QUEUE, "machine.launch.waited", &m->launch_wait_us) &&
           measure_launch(p, 50, BY_EVENT, "machine.launch.event", &m->launch_event_us) && measure_dot(p, &m->dot_gops);
}

/* What is found once. */
static void
add_limit(struct bench *b, struct bench_row row)
{
    if (row.value > 0.0 && b->n_limits < BENCH_MAX_MACHINE)
        b->limits[b->n_limits++] = row;
}

/* A row without a figure: what there is that no row measures. */
static void
add_matrix_units(struct bench *b)
{
    struct bench_row row = {.kind = BENCH_OTHER, .row = "machine.matrix", .unit = "-", .limit_name = "-"};

    row.value = bench_matrix_units(clgrpo_context_device(b->ctx), row.note, sizeof row.note);
    if (b->n_limits < BENCH_MAX_MACHINE)
        b->limits[b->n_limits++] = row;
}

/* What the first and the last measurement differ by, where that is more than one machine's own. */
static void
note_disturbance(struct bench *b)
{
    for (unsigned i = 0; i < b->n_limits; i++) {
        const double first = b->limits_first[i], last = b->limits_last[i], low = first < last ? first : last;

        if (low > 0.0 && first + last - low > BENCH_DISTURBED * low && !bench_is_time(b->limits[i].unit))
            snprintf(b->limits[i].note, sizeof b->limits[i].note, "%.4g %s before the rows, %.4g behind them", first,
                     b->limits[i].unit, last);
    }
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

/* Halves of either kind that are ordinary numbers. */
static bool
fill_block(struct probe *p)
{
    static const cl_ushort pattern[4] = {0x3c01, 0x3bff, 0x3c10, 0x3d55};

    return clEnqueueFillBuffer(p->b->queue, p->from.buf, pattern, sizeof pattern, 0, MACHINE_BLOCK * sizeof pattern[0],
                               0, NULL, NULL) == CL_SUCCESS;
}

enum clgrpo_status
bench_measure_machine(struct bench *b)
{
    struct probe p = {.b = b, .width = bench_machine_width(b), .gpu = (b->info.type & CL_DEVICE_TYPE_CPU) == 0};
    bool good = false;

    b->machine.cache_bytes = largest_cache(b);
    p.items = (size_t)b->info.compute_units * (p.gpu ? 2048 : 8);
    p.local = p.gpu ? 64 : 1;
    p.program = bench_machine_build(b, "");
    if (p.program == NULL)
        return CLGRPO_E_BUILD;
    p.half = b->info.has_fp16 ? bench_machine_build(b, " -DHALF") : NULL;
    p.dot = bench_has_dot(clgrpo_context_device(b->ctx)) ? bench_machine_build(b, " -DDOT -cl-std=CL3.0") : NULL;
    p.from = bench_random(b, 1, BENCH_SHAPE(STREAM_BYTES / sizeof(float)));
    p.to = bench_random(b, 1, BENCH_SHAPE(STREAM_BYTES / sizeof(float)));
    if (!b->failed)
        good = fill_block(&p) && measure_all(&p);
    bench_release(&p.from);
    bench_release(&p.to);
    if (p.half != NULL)
        clReleaseProgram(p.half);
    if (p.dot != NULL)
        clReleaseProgram(p.dot);
    clReleaseProgram(p.program);
    if (limit_of(b, "machine.matrix") == b->limits + b->n_limits) {
        add_limit(b, bench_probe_local_size(b));
        add_limit(b, bench_probe_registers(b));
        add_matrix_units(b);
    }
    note_disturbance(b);
    for (unsigned i = 0; i < b->n_rows; i++)
        bench_apply_limit(&b->machine, &b->rows[i]);
    return good ? CLGRPO_OK : CLGRPO_E_OPENCL;
}
