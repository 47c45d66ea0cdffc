/* SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"
#include "profile.h"

enum clgrpo_status
clg_seq_begin(struct clg_seq *seq, struct clgrpo_context *ctx, cl_command_queue queue, cl_uint n_wait,
              const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    cl_command_queue_properties properties = 0;

    CLG_REQUIRE(ctx, queue != NULL, CLGRPO_E_ARGUMENT, "the command queue is null");
    CLG_REQUIRE(ctx, n_wait == 0 || wait_list != NULL, CLGRPO_E_ARGUMENT, "%u events to wait for, and no list", n_wait);
    CLG_CL(ctx, clGetCommandQueueInfo(queue, CL_QUEUE_PROPERTIES, sizeof properties, &properties, NULL));
    *seq = (struct clg_seq){.operation = seq->operation,
                            .ctx = ctx,
                            .queue = queue,
                            .n_wait = n_wait,
                            .wait_list = wait_list,
                            .event = event};
    seq->in_order = (properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE) == 0;
    if (ctx->profile != NULL)
        CLG_TRY(clg_profile_begin(ctx, seq->operation, properties, &seq->call));
out:
    return st;
}

/* What the next command of the sequence waits for. */
cl_uint
clg_seq_wait_for(const struct clg_seq *seq, const cl_event **list)
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
    return !seq->in_order || seq->event != NULL || seq->ctx->profile != NULL;
}

void
clg_seq_advance(struct clg_seq *seq, const char *kernel, cl_event done)
{
    const struct clg_command command = {seq->operation, kernel, seq->call, seq->flop, seq->bytes};

    if (seq->ctx->profile != NULL)
        clg_profile_add(seq->ctx->profile, &command, done);
    seq->flop = seq->bytes = 0.0;
    if (seq->last != NULL)
        clReleaseEvent(seq->last);
    seq->last = done;
    seq->started = true;
}

static const char *
kernel_name(cl_kernel kernel, char name[64])
{
    snprintf(name, 64, "?");
    clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, 64, name, NULL);
    return name;
}

/* With fewer arguments than parameters a kernel would run with those of an earlier launch. */
static enum clgrpo_status
check_count(struct clgrpo_context *ctx, cl_kernel kernel, cl_uint n_args)
{
    enum clgrpo_status st = CLGRPO_OK;
    cl_uint n_params = 0;
    char name[64];

    CLG_CL(ctx, clGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, sizeof n_params, &n_params, NULL));
    CLG_REQUIRE(ctx, n_args == n_params, CLGRPO_E_ARGUMENT, "%s: %u arguments for %u parameters",
                kernel_name(kernel, name), n_args, n_params);
out:
    return st;
}

static enum clgrpo_status
set_arg(struct clgrpo_context *ctx, cl_kernel kernel, cl_uint index, const struct clg_arg *arg)
{
    enum clgrpo_status st = CLGRPO_OK;
    char name[64], call[128];
    cl_int code;

    CLG_REQUIRE(ctx, arg->too_much == 0, CLGRPO_E_ARGUMENT, "%s: argument %u is %zu, more than its 32 bits hold",
                kernel_name(kernel, name), index, arg->too_much);
    code = clSetKernelArg(kernel, index, arg->bytes, arg->is_local ? NULL : &arg->value);
    if (code == CL_SUCCESS)
        return CLGRPO_OK;
    snprintf(call, sizeof call, "%s: clSetKernelArg of argument %u", kernel_name(kernel, name), index);
    st = clg_fail_cl(ctx, code, call);
out:
    return st;
}

enum clgrpo_status
clg_launch(struct clg_seq *seq, cl_kernel kernel, const struct clg_grid *grid, const struct clg_arg *args,
           cl_uint n_args)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clgrpo_context *ctx = seq->ctx;
    size_t global[3], items = 1;
    char name[64];
    const cl_event *list;
    cl_event done = NULL;
    cl_uint n_wait;

    for (cl_uint i = 0; i < grid->dims; i++) {
        if (grid->n_groups[i] == 0)
            return CLGRPO_OK;
        global[i] = grid->n_groups[i] * grid->local[i];
        items *= grid->local[i];
    }
    CLG_REQUIRE(ctx, items <= ctx->info.max_work_group, CLGRPO_E_UNSUPPORTED,
                "a work-group of %zu items, the device takes at most %zu", items, ctx->info.max_work_group);
    if (ctx->preparing)
        return CLGRPO_OK;
    CLG_TRY(check_count(ctx, kernel, n_args));
    for (cl_uint i = 0; i < n_args; i++)
        CLG_TRY(set_arg(ctx, kernel, i, &args[i]));
    n_wait = clg_seq_wait_for(seq, &list);
    CLG_CL(ctx, clEnqueueNDRangeKernel(seq->queue, kernel, grid->dims, NULL, global, grid->local, n_wait, list,
                                       wants_event(seq) ? &done : NULL));
    clg_seq_advance(seq, ctx->profile != NULL ? kernel_name(kernel, name) : "", done);
out:
    return st;
}

enum clgrpo_status
clg_run(struct clg_seq *seq, const char *unit, const char *entry, const char *defines, const struct clg_grid *grid,
        const struct clg_arg *args, cl_uint n_args)
{
    enum clgrpo_status st = CLGRPO_OK;
    cl_kernel kernel;

    CLG_TRY(clg_kernel_get(seq->ctx, unit, entry, defines, &kernel));
    CLG_TRY(clg_launch(seq, kernel, grid, args, n_args));
out:
    return st;
}

enum clgrpo_status
clg_seq_copy(struct clg_seq *seq, cl_mem from, cl_mem to, size_t from_bytes, size_t to_bytes, size_t n)
{
    enum clgrpo_status st = CLGRPO_OK;
    const cl_event *list;
    cl_event done = NULL;
    cl_uint n_wait = clg_seq_wait_for(seq, &list);

    if (n == 0 || seq->ctx->preparing)
        return CLGRPO_OK;
    CLG_CL(seq->ctx, clEnqueueCopyBuffer(seq->queue, from, to, from_bytes, to_bytes, n, n_wait, list,
                                         wants_event(seq) ? &done : NULL));
    CLG_WORK(seq, 0.0, 2.0 * (double)n);
    clg_seq_advance(seq, "copy", done);
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
    cl_uint n_wait = clg_seq_wait_for(seq, &list);

    if (n_bytes == 0 || seq->ctx->preparing)
        return CLGRPO_OK;
    CLG_CL(seq->ctx, clEnqueueFillBuffer(seq->queue, buf, &zero, sizeof zero, offset_bytes, n_bytes, n_wait, list,
                                         wants_event(seq) ? &done : NULL));
    CLG_WORK(seq, 0.0, (double)n_bytes);
    clg_seq_advance(seq, "fill", done);
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

double
clg_bytes_sum(const struct clgrpo_tensor *const *tensors, cl_uint n)
{
    double bytes = 0.0;

    for (cl_uint i = 0; i < n; i++)
        if (tensors[i]->buf != NULL)
            bytes += (double)clgrpo_tensor_elems(tensors[i]) * (double)clgrpo_dtype_bytes(tensors[i]->dtype);
    return bytes;
}
