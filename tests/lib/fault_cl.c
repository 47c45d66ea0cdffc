/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_cl.h"

#include "next_cl.h"

#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>

static int calls, fail_at, live;
static int inside; /* calls that an implementation makes through us while it serves one are not the program's */
static bool armed;

void
fault_arm(int n)
{
    calls = 0;
    fail_at = n;
    armed = true;
}

int
fault_disarm(void)
{
    armed = false;
    return calls;
}

int
fault_live(void)
{
    return live;
}

static bool
fails_now(void)
{
    return armed && inside == 0 && ++calls == fail_at;
}

static void
leave(int made)
{
    if (--inside == 0)
        live += made;
}

/* Calls that return a code; `makes` is how many objects a success has made. */
#define CALL(name, params, args, makes)                                                                                \
    cl_int name params                                                                                                 \
    {                                                                                                                  \
        cl_int code = CL_OUT_OF_RESOURCES;                                                                             \
                                                                                                                       \
        if (!fails_now()) {                                                                                            \
            inside++;                                                                                                  \
            code = NEXT(name) args;                                                                                    \
            leave(code == CL_SUCCESS ? (makes) : 0);                                                                   \
        }                                                                                                              \
        return code;                                                                                                   \
    }
#define PASS(name, params, args) CALL(name, params, args, 0)
/* Commands, which may hand out an event. */
#define ENQUEUE(name, params, args) CALL(name, params, args, event != NULL)
/* Calls that return an object and a code. */
#define MAKE(type, name, params, args)                                                                                 \
    type name params                                                                                                   \
    {                                                                                                                  \
        type made = NULL;                                                                                              \
        cl_int mine, *code = error != NULL ? error : &mine;                                                            \
                                                                                                                       \
        *code = CL_OUT_OF_RESOURCES;                                                                                   \
        if (!fails_now()) {                                                                                            \
            inside++;                                                                                                  \
            made = NEXT(name) args;                                                                                    \
            leave(made != NULL);                                                                                       \
        }                                                                                                              \
        return made;                                                                                                   \
    }
/* Never failed: what a program would do about it is nothing. */
#define COUNT(name, type, by)                                                                                          \
    cl_int name(type object)                                                                                           \
    {                                                                                                                  \
        cl_int code;                                                                                                   \
                                                                                                                       \
        inside++;                                                                                                      \
        code = NEXT(name)(object);                                                                                     \
        leave(by);                                                                                                     \
        return code;                                                                                                   \
    }

#define WAIT   cl_uint n_wait, const cl_event *list, cl_event *event
#define WAITED n_wait, list, event
#define QUERY  size_t bytes, void *value, size_t *needs

COUNT(clReleaseEvent, cl_event, -1)
COUNT(clReleaseProgram, cl_program, -1)
COUNT(clReleaseKernel, cl_kernel, -1)
COUNT(clReleaseMemObject, cl_mem, -1)
COUNT(clReleaseCommandQueue, cl_command_queue, -1)
COUNT(clReleaseContext, cl_context, -1)
COUNT(clRetainContext, cl_context, 1)
COUNT(clRetainMemObject, cl_mem, 1)

PASS(clGetPlatformIDs, (cl_uint n, cl_platform_id *list, cl_uint *have), (n, list, have))
PASS(clGetDeviceIDs, (cl_platform_id p, cl_device_type type, cl_uint n, cl_device_id *list, cl_uint *have),
     (p, type, n, list, have))
PASS(clGetPlatformInfo, (cl_platform_id p, cl_platform_info what, QUERY), (p, what, bytes, value, needs))
PASS(clGetDeviceInfo, (cl_device_id d, cl_device_info what, QUERY), (d, what, bytes, value, needs))
PASS(clGetCommandQueueInfo, (cl_command_queue q, cl_command_queue_info what, QUERY), (q, what, bytes, value, needs))
PASS(clGetMemObjectInfo, (cl_mem m, cl_mem_info what, QUERY), (m, what, bytes, value, needs))
PASS(clGetKernelInfo, (cl_kernel k, cl_kernel_info what, QUERY), (k, what, bytes, value, needs))
PASS(clGetProgramInfo, (cl_program p, cl_program_info what, QUERY), (p, what, bytes, value, needs))
PASS(clGetProgramBuildInfo, (cl_program p, cl_device_id d, cl_program_build_info what, QUERY),
     (p, d, what, bytes, value, needs))
PASS(clBuildProgram,
     (cl_program p, cl_uint n, const cl_device_id *d, const char *options, void(CL_CALLBACK *done)(cl_program, void *),
      void *arg),
     (p, n, d, options, done, arg))
PASS(clSetKernelArg, (cl_kernel k, cl_uint i, size_t bytes, const void *value), (k, i, bytes, value))
PASS(clFinish, (cl_command_queue q), (q))

MAKE(cl_context, clCreateContext,
     (const cl_context_properties *properties, cl_uint n, const cl_device_id *d,
      void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *arg, cl_int *error),
     (properties, n, d, notify, arg, code))
MAKE(cl_command_queue, clCreateCommandQueue,
     (cl_context c, cl_device_id d, cl_command_queue_properties properties, cl_int *error), (c, d, properties, code))
MAKE(cl_mem, clCreateBuffer, (cl_context c, cl_mem_flags flags, size_t bytes, void *host, cl_int *error),
     (c, flags, bytes, host, code))
MAKE(cl_program, clCreateProgramWithSource,
     (cl_context c, cl_uint n, const char **text, const size_t *bytes, cl_int *error), (c, n, text, bytes, code))
MAKE(cl_program, clCreateProgramWithBinary,
     (cl_context c, cl_uint n, const cl_device_id *d, const size_t *bytes, const unsigned char **binary, cl_int *status,
      cl_int *error),
     (c, n, d, bytes, binary, status, code))
MAKE(cl_kernel, clCreateKernel, (cl_program p, const char *name, cl_int *error), (p, name, code))

ENQUEUE(clEnqueueNDRangeKernel,
        (cl_command_queue q, cl_kernel k, cl_uint dims, const size_t *offset, const size_t *global, const size_t *local,
         WAIT),
        (q, k, dims, offset, global, local, WAITED))
ENQUEUE(clEnqueueCopyBuffer,
        (cl_command_queue q, cl_mem from, cl_mem to, size_t from_at, size_t to_at, size_t bytes, WAIT),
        (q, from, to, from_at, to_at, bytes, WAITED))
ENQUEUE(clEnqueueFillBuffer,
        (cl_command_queue q, cl_mem m, const void *pattern, size_t pattern_bytes, size_t at, size_t bytes, WAIT),
        (q, m, pattern, pattern_bytes, at, bytes, WAITED))
ENQUEUE(clEnqueueReadBuffer, (cl_command_queue q, cl_mem m, cl_bool blocking, size_t at, size_t bytes, void *to, WAIT),
        (q, m, blocking, at, bytes, to, WAITED))
ENQUEUE(clEnqueueWriteBuffer,
        (cl_command_queue q, cl_mem m, cl_bool blocking, size_t at, size_t bytes, const void *from, WAIT),
        (q, m, blocking, at, bytes, from, WAITED))
ENQUEUE(clEnqueueMarkerWithWaitList, (cl_command_queue q, WAIT), (q, WAITED))
ENQUEUE(clEnqueueBarrierWithWaitList, (cl_command_queue q, WAIT), (q, WAITED))
