/* SPDX-License-Identifier: Apache-2.0 */
#include "machine/machine.h"

#include <unistd.h>

#include "machine/machine_internal.h"

enum { STREAM_BYTES = 128 << 20 };

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

static bool
open_probe(struct machine_probe *p, struct bench *b)
{
    const bool gpu = (b->info.type & CL_DEVICE_TYPE_CPU) == 0, dot = machine_has_dot(clgrpo_context_device(b->ctx));

    *p = (struct machine_probe){.b = b, .width = machine_width(b), .gpu = gpu, .local = gpu ? 64 : 1};
    p->items = (size_t)b->info.compute_units * (gpu ? 2048 : 8);
    p->program = machine_build(b, "");
    if (p->program == NULL)
        return false;
    p->half = b->info.has_fp16 ? machine_build(b, " -DHALF") : NULL;
    p->dot = dot ? machine_build(b, " -DDOT -cl-std=CL3.0") : NULL;
    p->from = bench_random(b, 1, BENCH_SHAPE(STREAM_BYTES / sizeof(float)));
    p->to = bench_random(b, 1, BENCH_SHAPE(STREAM_BYTES / sizeof(float)));
    return !b->failed;
}

static void
close_probe(struct machine_probe *p)
{
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

enum clgrpo_status
machine_measure(struct bench *b)
{
    struct machine_probe p;
    bool built, good;

    b->machine.cache_bytes = largest_cache(b);
    built = open_probe(&p, b);
    good = built && fill_block(&p) && machine_measure_arithmetic(&p) && machine_measure_memory(&p) &&
           machine_measure_host(&p) && machine_measure_dot(&p);
    close_probe(&p);
    if (p.program == NULL)
        return CLGRPO_E_BUILD;
    if (!machine_has_limit(b, "machine.matrix"))
        find_once(b);
    machine_note_disturbance(b);
    for (unsigned i = 0; i < b->n_rows; i++)
        bench_apply_limit(&b->machine, &b->rows[i]);
    return good ? CLGRPO_OK : CLGRPO_E_OPENCL;
}
