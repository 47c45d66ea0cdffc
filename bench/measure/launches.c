/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

#include "measure/bench.h"

/* These functions have the names of OpenCL's own and are found before them, so the library's calls come here: each is
 * counted and passed on. */

static unsigned count;

unsigned
bench_launches(void)
{
    return count;
}

/* OpenCL's own function. */
static void *
next_symbol(const char *name)
{
    void *f = dlsym(RTLD_NEXT, name);

    if (f == NULL)
        abort();
    return f;
}

#define NEXT(name) ((__typeof__(&name))(uintptr_t)next_symbol(#name))

#define COUNTED(name, params, args)                                                                                    \
    cl_int name params                                                                                                 \
    {                                                                                                                  \
        static __typeof__(&name) next;                                                                                 \
                                                                                                                       \
        if (next == NULL)                                                                                              \
            next = NEXT(name);                                                                                         \
        count++;                                                                                                       \
        return next args;                                                                                              \
    }
COUNTED(clEnqueueNDRangeKernel,
        (cl_command_queue queue, cl_kernel kernel, cl_uint dims, const size_t *offset, const size_t *global,
         const size_t *local, cl_uint n_wait, const cl_event *wait, cl_event *event),
        (queue, kernel, dims, offset, global, local, n_wait, wait, event))
COUNTED(clEnqueueFillBuffer,
        (cl_command_queue queue, cl_mem buf, const void *pattern, size_t pattern_bytes, size_t offset, size_t bytes,
         cl_uint n_wait, const cl_event *wait, cl_event *event),
        (queue, buf, pattern, pattern_bytes, offset, bytes, n_wait, wait, event))
COUNTED(clEnqueueCopyBuffer,
        (cl_command_queue queue, cl_mem from, cl_mem to, size_t from_offset, size_t to_offset, size_t bytes,
         cl_uint n_wait, const cl_event *wait, cl_event *event),
        (queue, from, to, from_offset, to_offset, bytes, n_wait, wait, event))
