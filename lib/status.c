/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <stdarg.h>
#include <stdlib.h>

static const struct {
    const char *name, *text;
} status_table[] = {
    [CLGRPO_OK] = {"CLGRPO_OK", "success"},
    [CLGRPO_E_ARGUMENT] = {"CLGRPO_E_ARGUMENT", "an argument is null, unknown or of another version of the library"},
    [CLGRPO_E_SHAPE] = {"CLGRPO_E_SHAPE", "the extents or strides of the tensors do not fit together"},
    [CLGRPO_E_BOUNDS] = {"CLGRPO_E_BOUNDS", "a tensor leaves its buffer"},
    [CLGRPO_E_DTYPE] = {"CLGRPO_E_DTYPE", "the operation does not take this element type"},
    [CLGRPO_E_VALUE] = {"CLGRPO_E_VALUE", "a scalar is out of its range"},
    [CLGRPO_E_WORKSPACE] = {"CLGRPO_E_WORKSPACE", "the workspace is too small or misaligned"},
    [CLGRPO_E_UNSUPPORTED] = {"CLGRPO_E_UNSUPPORTED", "no kernel of this device handles the case"},
    [CLGRPO_E_MEMORY] = {"CLGRPO_E_MEMORY", "the host is out of memory"},
    [CLGRPO_E_BUILD] = {"CLGRPO_E_BUILD", "a kernel did not compile"},
    [CLGRPO_E_DEVICE] = {"CLGRPO_E_DEVICE", "there is no such device, or it lacks what clgrpo needs"},
    [CLGRPO_E_OPENCL] = {"CLGRPO_E_OPENCL", "an OpenCL call failed"},
    [CLGRPO_E_TUNING] = {"CLGRPO_E_TUNING", "CLGRPO_TUNE, or the tuning file that was named, cannot be used"},
};
enum { N_STATUS = sizeof status_table / sizeof status_table[0] };

#define CL_NAME(code)                                                                                                  \
    {                                                                                                                  \
        code, #code                                                                                                    \
    }
static const struct {
    cl_int code;
    const char *name;
} cl_names[] = {
    CL_NAME(CL_DEVICE_NOT_FOUND),
    CL_NAME(CL_DEVICE_NOT_AVAILABLE),
    CL_NAME(CL_COMPILER_NOT_AVAILABLE),
    CL_NAME(CL_MEM_OBJECT_ALLOCATION_FAILURE),
    CL_NAME(CL_OUT_OF_RESOURCES),
    CL_NAME(CL_OUT_OF_HOST_MEMORY),
    CL_NAME(CL_MEM_COPY_OVERLAP),
    CL_NAME(CL_BUILD_PROGRAM_FAILURE),
    CL_NAME(CL_MISALIGNED_SUB_BUFFER_OFFSET),
    CL_NAME(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST),
    CL_NAME(CL_INVALID_VALUE),
    CL_NAME(CL_INVALID_PLATFORM),
    CL_NAME(CL_INVALID_DEVICE),
    CL_NAME(CL_INVALID_CONTEXT),
    CL_NAME(CL_INVALID_QUEUE_PROPERTIES),
    CL_NAME(CL_INVALID_COMMAND_QUEUE),
    CL_NAME(CL_INVALID_MEM_OBJECT),
    CL_NAME(CL_INVALID_BINARY),
    CL_NAME(CL_INVALID_BUILD_OPTIONS),
    CL_NAME(CL_INVALID_PROGRAM),
    CL_NAME(CL_INVALID_PROGRAM_EXECUTABLE),
    CL_NAME(CL_INVALID_KERNEL_NAME),
    CL_NAME(CL_INVALID_KERNEL),
    CL_NAME(CL_INVALID_ARG_INDEX),
    CL_NAME(CL_INVALID_ARG_VALUE),
    CL_NAME(CL_INVALID_ARG_SIZE),
    CL_NAME(CL_INVALID_KERNEL_ARGS),
    CL_NAME(CL_INVALID_WORK_DIMENSION),
    CL_NAME(CL_INVALID_WORK_GROUP_SIZE),
    CL_NAME(CL_INVALID_WORK_ITEM_SIZE),
    CL_NAME(CL_INVALID_GLOBAL_OFFSET),
    CL_NAME(CL_INVALID_EVENT_WAIT_LIST),
    CL_NAME(CL_INVALID_EVENT),
    CL_NAME(CL_INVALID_OPERATION),
    CL_NAME(CL_INVALID_BUFFER_SIZE),
    CL_NAME(CL_INVALID_GLOBAL_WORK_SIZE),
};

const char *
clgrpo_version(void)
{
    return PACKAGE_VERSION;
}

const char *
clgrpo_status_name(enum clgrpo_status status)
{
    return (unsigned)status < N_STATUS ? status_table[status].name : "CLGRPO_E_?";
}

const char *
clgrpo_status_text(enum clgrpo_status status)
{
    return (unsigned)status < N_STATUS ? status_table[status].text : "unknown status";
}

const char *
clg_cl_name(cl_int code)
{
    for (size_t i = 0; i < sizeof cl_names / sizeof cl_names[0]; i++)
        if (cl_names[i].code == code)
            return cl_names[i].name;
    return "an unlisted OpenCL error";
}

enum clgrpo_status
clg_fail(struct clgrpo_context *ctx, enum clgrpo_status status, const char *fmt, ...)
{
    va_list ap;

    clgrpo_error_clear(ctx);
    ctx->error.status = status;
    ctx->error.cl = CL_SUCCESS;
    va_start(ap, fmt);
    vsnprintf(ctx->error.text, sizeof ctx->error.text, fmt, ap);
    va_end(ap);
    return status;
}

enum clgrpo_status
clg_fail_cl(struct clgrpo_context *ctx, cl_int code, const char *call)
{
    int name_len = 0;

    while (call[name_len] != '\0' && call[name_len] != '(')
        name_len++;
    clg_fail(ctx, CLGRPO_E_OPENCL, "%.*s failed with %s (%d)", name_len, call, clg_cl_name(code), code);
    ctx->error.cl = code;
    return CLGRPO_E_OPENCL;
}

enum clgrpo_status
clgrpo_error_status(const struct clgrpo_context *ctx)
{
    return ctx != NULL ? ctx->error.status : CLGRPO_E_ARGUMENT;
}

cl_int
clgrpo_error_cl(const struct clgrpo_context *ctx)
{
    return ctx != NULL ? ctx->error.cl : CL_SUCCESS;
}

const char *
clgrpo_error_text(const struct clgrpo_context *ctx)
{
    return ctx != NULL ? ctx->error.text : "";
}

const char *
clgrpo_error_log(const struct clgrpo_context *ctx)
{
    return ctx != NULL && ctx->error.log != NULL ? ctx->error.log : "";
}

void
clgrpo_error_clear(struct clgrpo_context *ctx)
{
    if (ctx == NULL)
        return;
    free(ctx->error.log);
    ctx->error = (struct clg_error){.status = CLGRPO_OK, .cl = CL_SUCCESS};
}

struct clg_error
clg_error_save(struct clgrpo_context *ctx)
{
    struct clg_error before = ctx->error;

    ctx->error = (struct clg_error){.status = CLGRPO_OK, .cl = CL_SUCCESS};
    return before;
}

void
clg_error_restore(struct clgrpo_context *ctx, struct clg_error before)
{
    clgrpo_error_clear(ctx);
    ctx->error = before;
}
