/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "machine/machine_internal.h"

enum { ROUNDS = 7, TRANSFER_BYTES = 32 << 20 };

/* From and to ordinary host memory, as the library's own reads and writes go. */
static bool
measure_transfer(struct machine_probe *p, bool up, const char *name, double *gbs)
{
    float *host = malloc(TRANSFER_BYTES);
    struct machine_rounds r = {0};
    cl_int code = host != NULL ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY;

    if (host != NULL)
        memset(host, 1, TRANSFER_BYTES);
    for (int i = -1; i < ROUNDS && code == CL_SUCCESS; i++) {
        double start = bench_now_us();

        code = up ? clEnqueueWriteBuffer(p->b->queue, p->to.buf, CL_TRUE, 0, TRANSFER_BYTES, host, 0, NULL, NULL)
                  : clEnqueueReadBuffer(p->b->queue, p->to.buf, CL_TRUE, 0, TRANSFER_BYTES, host, 0, NULL, NULL);
        if (i >= 0)
            machine_add_round(&r, bench_now_us() - start);
    }
    free(host);
    if (code == CL_SUCCESS)
        *gbs = machine_keep(p->b, name, "GB/s", TRANSFER_BYTES, &r);
    return code == CL_SUCCESS;
}

/* A launch that is not waited for, or that is: by finishing the queue, or by its event. */
enum wait { NOT, BY_QUEUE, BY_EVENT };

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

/* The time of one of `n` launches. */
static bool
measure_launch(struct machine_probe *p, unsigned n, enum wait wait, const char *name, double *us)
{
    cl_kernel k = clCreateKernel(p->program, "k_empty", NULL);
    struct machine_rounds r = {0};
    bool good = true;

    clSetKernelArg(k, 0, sizeof p->to.buf, &p->to.buf);
    for (int i = -1; i < ROUNDS && good; i++) {
        double start = bench_now_us();

        for (unsigned j = 0; j < n && good; j++)
            good = launch_one(p->b, k, wait);
        clFinish(p->b->queue);
        if (i >= 0)
            machine_add_round(&r, (bench_now_us() - start) / n);
    }
    clReleaseKernel(k);
    if (good)
        *us = machine_keep(p->b, name, "us", 0.0, &r);
    return good;
}

bool
machine_measure_host(struct machine_probe *p)
{
    struct bench_machine *m = &p->b->machine;

    return measure_transfer(p, true, "machine.upload", &m->upload_gbs) &&
           measure_transfer(p, false, "machine.download", &m->download_gbs) &&
           measure_launch(p, 500, NOT, "machine.launch", &m->launch_us) &&
           measure_launch(p, 50, BY_QUEUE, "machine.launch.waited", &m->launch_wait_us) &&
           measure_launch(p, 50, BY_EVENT, "machine.launch.event", &m->launch_event_us);
}
