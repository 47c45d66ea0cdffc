/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "machine/machine_internal.h"
#include "machine/machine_lines.h"

size_t
machine_width(const struct bench *b)
{
    return b->info.vector_width > 1 ? b->info.vector_width : 4;
}

cl_program
machine_build(struct bench *b, const char *options)
{
    const cl_device_id device = clgrpo_context_device(b->ctx);
    char all[96];
    cl_program program;
    cl_int code;

    snprintf(all, sizeof all, "-DWIDTH=%zu -DGPU=%d%s", machine_width(b), (b->info.type & CL_DEVICE_TYPE_CPU) == 0,
             options);
    program = clCreateProgramWithSource(clgrpo_context_cl(b->ctx), sizeof machine_lines / sizeof machine_lines[0],
                                        (const char **)machine_lines, NULL, &code);
    if (code != CL_SUCCESS)
        return NULL;
    if (clBuildProgram(program, 1, &device, all, NULL, NULL) == CL_SUCCESS)
        return program;
    clReleaseProgram(program);
    return NULL;
}
