/* SPDX-License-Identifier: Apache-2.0 */
#include "machine/machine.h"

#include <unistd.h>

#include "machine/machine_internal.h"

enum { STREAM_BYTES = 128 << 20, BETWEEN_US = 3000000 };

/* The device's answer; for a processor whose driver has none, the system's. */
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

/* Bit patterns that are ordinary numbers both in f16 and in bf16. */
static bool
fill_block(struct machine_probe *p)
{
    static const cl_ushort pattern[4] = {0x3c01, 0x3bff, 0x3c10, 0x3d55};

    return clEnqueueFillBuffer(p->b->queue, p->from.buf, pattern, sizeof pattern, 0, MACHINE_BLOCK * sizeof pattern[0],
                               0, NULL, NULL) == CL_SUCCESS;
}

struct machine_probe *
machine_open(struct bench *b)
{
    static struct machine_probe probe;
    struct machine_probe *p = &probe;
    const bool gpu = (b->info.type & CL_DEVICE_TYPE_CPU) == 0, dot = machine_has_dot(clgrpo_context_device(b->ctx));

    *p = (struct machine_probe){.b = b, .width = machine_width(b), .gpu = gpu, .local = gpu ? 64 : 1};
    b->machine.cache_bytes = largest_cache(b);
    p->items = (size_t)b->info.compute_units * (gpu ? 2048 : 8);
    p->program = machine_build(b, "");
    p->half = b->info.has_fp16 ? machine_build(b, " -DHALF") : NULL;
    p->dot = dot ? machine_build(b, " -DDOT -cl-std=CL3.0") : NULL;
    p->from = bench_random(b, 1, BENCH_SHAPE(STREAM_BYTES / sizeof(float)));
    p->to = bench_random(b, 1, BENCH_SHAPE(STREAM_BYTES / sizeof(float)));
    if (p->program != NULL && !b->failed && fill_block(p))
        return p;
    bench_fail(b, "the machine's limits could not be measured");
    machine_close(p);
    return NULL;
}

void
machine_close(struct machine_probe *p)
{
    if (p == NULL)
        return;
    const cl_program programs[] = {p->program, p->half, p->dot};

    bench_release(&p->from);
    bench_release(&p->to);
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
        if (programs[i] != NULL)
            clReleaseProgram(programs[i]);
}

/* What does not change during a run. */
static void
find_once(struct bench *b)
{
    struct bench_row row = machine_find_local_size(b);

    if (row.value > 0.0)
        machine_add_limit(b, &row);
    row = machine_find_registers(b);
    if (row.value > 0.0)
        machine_add_limit(b, &row);
    row = machine_find_matrix_units(clgrpo_context_device(b->ctx));
    machine_add_limit(b, &row);
}

bool
machine_measure(struct machine_probe *p)
{
    struct bench *b = p->b;
    bool good;

    p->between = false;
    good = machine_measure_hard(p) && machine_measure_arithmetic(p) && machine_measure_memory(p) &&
           machine_measure_host(p) && machine_measure_dot(p);
    if (!machine_has_limit(b, "machine.matrix"))
        find_once(b);
    machine_note_disturbance(b);
    for (unsigned i = 0; i < b->n_rows; i++)
        bench_apply_limit(&b->machine, &b->rows[i]);
    p->last_us = bench_now_us();
    if (!good)
        bench_fail(b, "the machine's limits could not be measured");
    return good;
}

void
machine_measure_between(void *probe)
{
    struct machine_probe *p = probe;

    if (p->b->failed || bench_now_us() - p->last_us < BETWEEN_US)
        return;
    p->between = true;
    if (!machine_measure_hard(p))
        bench_fail(p->b, "the machine's limits could not be measured");
    p->last_us = bench_now_us();
}
