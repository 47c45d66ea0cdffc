/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <stdarg.h>

enum clgrpo_status
clg_seq_begin(struct clg_seq *seq, struct clgrpo_context *ctx, cl_command_queue queue, cl_uint n_wait,
              const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    cl_command_queue_properties properties = 0;

    CLG_REQUIRE(ctx, queue != NULL, CLGRPO_E_ARGUMENT, "the command queue is null");
    CLG_REQUIRE(ctx, n_wait == 0 || wait_list != NULL, CLGRPO_E_ARGUMENT, "%u events to wait for, and no list", n_wait);
    CLG_CL(ctx, clGetCommandQueueInfo(queue, CL_QUEUE_PROPERTIES, sizeof properties, &properties, NULL));
    *seq = (struct clg_seq){.ctx = ctx, .queue = queue, .n_wait = n_wait, .wait_list = wait_list, .event = event};
    seq->in_order = (properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE) == 0;
out:
    return st;
}

/* What the next command of the sequence waits for. */
static cl_uint
wait_for(const struct clg_seq *seq, const cl_event **list)
{
    if (!seq->started) {
        *list = seq->n_wait > 0 ? seq->wait_list : NULL;
        return seq->n_wait;
    }
    *list = seq->last != NULL ? &seq->last : NULL;
    return seq->last != NULL ? 1 : 0;
}

static bool
wants_event(const struct clg_seq *seq)
{
    return !seq->in_order || seq->event != NULL;
}

static void
advance(struct clg_seq *seq, cl_event done)
{
    if (seq->last != NULL)
        clReleaseEvent(seq->last);
    seq->last = done;
    seq->started = true;
}

static enum clgrpo_status
set_arg(struct clgrpo_context *ctx, cl_kernel kernel, cl_uint index, size_t bytes, const void *value)
{
    cl_int code = clSetKernelArg(kernel, index, bytes, value);
    char name[64] = "?", call[128];

    if (code == CL_SUCCESS)
        return CLGRPO_OK;
    clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof name, name, NULL);
    snprintf(call, sizeof call, "%s: clSetKernelArg of argument %u", name, index);
    return clg_fail_cl(ctx, code, call);
}

static enum clgrpo_status
set_args(struct clgrpo_context *ctx, cl_kernel kernel, const char *format, va_list ap)
{
    enum clgrpo_status st = CLGRPO_OK;
    cl_uint index = 0;

    for (const char *f = format; *f != '\0'; f++) {
        cl_mem mem;
        cl_int i;
        cl_uint u;
        cl_ulong z;
        cl_float x;
        const struct clgrpo_tensor *t;

        switch (*f) {
        case 'm':
            mem = va_arg(ap, cl_mem);
            CLG_TRY(set_arg(ctx, kernel, index++, sizeof mem, &mem));
            break;
        case 'i':
            i = va_arg(ap, cl_int);
            CLG_TRY(set_arg(ctx, kernel, index++, sizeof i, &i));
            break;
        case 'u':
            u = va_arg(ap, cl_uint);
            CLG_TRY(set_arg(ctx, kernel, index++, sizeof u, &u));
            break;
        case 'z':
            z = va_arg(ap, size_t);
            CLG_TRY(set_arg(ctx, kernel, index++, sizeof z, &z));
            break;
        case 'f':
            x = (cl_float)va_arg(ap, double);
            CLG_TRY(set_arg(ctx, kernel, index++, sizeof x, &x));
            break;
        case 'L':
            CLG_TRY(set_arg(ctx, kernel, index++, va_arg(ap, size_t), NULL));
            break;
        case 't':
            t = va_arg(ap, const struct clgrpo_tensor *);
            z = t->offset;
            CLG_TRY(set_arg(ctx, kernel, index++, sizeof t->buf, &t->buf));
            CLG_TRY(set_arg(ctx, kernel, index++, sizeof z, &z));
            break;
        default:
            CLG_REQUIRE(ctx, false, CLGRPO_E_ARGUMENT, "launch: unknown argument letter '%c'", *f);
        }
    }
out:
    return st;
}

enum clgrpo_status
clg_launch(struct clg_seq *seq, cl_kernel kernel, const struct clg_grid *grid, const char *format, ...)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clgrpo_context *ctx = seq->ctx;
    size_t global[3], items = 1;
    const cl_event *list;
    cl_event done = NULL;
    cl_uint n_wait;
    va_list ap;

    for (cl_uint i = 0; i < grid->dims; i++) {
        if (grid->n_groups[i] == 0)
            return CLGRPO_OK;
        global[i] = grid->n_groups[i] * grid->local[i];
        items *= grid->local[i];
    }
    CLG_REQUIRE(ctx, items <= ctx->info.max_work_group, CLGRPO_E_UNSUPPORTED,
                "a work-group of %zu items, the device takes at most %zu", items, ctx->info.max_work_group);
    va_start(ap, format);
    st = set_args(ctx, kernel, format, ap);
    va_end(ap);
    CLG_TRY(st);
    n_wait = wait_for(seq, &list);
    CLG_CL(ctx, clEnqueueNDRangeKernel(seq->queue, kernel, grid->dims, NULL, global, grid->local, n_wait, list,
                                       wants_event(seq) ? &done : NULL));
    advance(seq, done);
out:
    return st;
}

enum clgrpo_status
clg_seq_copy(struct clg_seq *seq, cl_mem from, cl_mem to, size_t from_bytes, size_t to_bytes, size_t n)
{
    enum clgrpo_status st = CLGRPO_OK;
    const cl_event *list;
    cl_event done = NULL;
    cl_uint n_wait = wait_for(seq, &list);

    if (n == 0)
        return CLGRPO_OK;
    CLG_CL(seq->ctx, clEnqueueCopyBuffer(seq->queue, from, to, from_bytes, to_bytes, n, n_wait, list,
                                         wants_event(seq) ? &done : NULL));
    advance(seq, done);
out:
    return st;
}

enum clgrpo_status
clg_seq_zero(struct clg_seq *seq, cl_mem buf, size_t offset_bytes, size_t n_bytes)
{
    enum clgrpo_status st = CLGRPO_OK;
    const cl_uchar zero = 0;
    const cl_event *list;
    cl_event done = NULL;
    cl_uint n_wait = wait_for(seq, &list);

    if (n_bytes == 0)
        return CLGRPO_OK;
    CLG_CL(seq->ctx, clEnqueueFillBuffer(seq->queue, buf, &zero, sizeof zero, offset_bytes, n_bytes, n_wait, list,
                                         wants_event(seq) ? &done : NULL));
    advance(seq, done);
out:
    return st;
}

enum clgrpo_status
clg_seq_end(struct clg_seq *seq, enum clgrpo_status st)
{
    if (seq->ctx == NULL)
        return st;
    if (st == CLGRPO_OK && seq->event != NULL && seq->last == NULL) {
        cl_int code =
            clEnqueueMarkerWithWaitList(seq->queue, seq->n_wait, seq->n_wait > 0 ? seq->wait_list : NULL, &seq->last);

        if (code != CL_SUCCESS)
            st = clg_fail_cl(seq->ctx, code, "clEnqueueMarkerWithWaitList(");
    }
    if (st == CLGRPO_OK && seq->event != NULL)
        *seq->event = seq->last;
    else if (seq->last != NULL)
        clReleaseEvent(seq->last);
    seq->last = NULL;
    return st;
}
