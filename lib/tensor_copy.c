/* SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"

#include <string.h>

/* Copies between a dense tensor and the host: to it from `from`, or else from it into `to`. */
static enum clgrpo_status
host_copy(struct clgrpo_context *ctx, const char *op, cl_command_queue queue, const struct clgrpo_tensor *t,
          const void *from, void *to, size_t bytes)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_seq seq = {.operation = op};
    cl_event done = NULL, *event = NULL;
    size_t need, at;

    if (ctx == NULL)
        return CLGRPO_E_ARGUMENT;
    CLG_REQUIRE(ctx, queue != NULL, CLGRPO_E_ARGUMENT, "%s: the command queue is null", op);
    CLG_REQUIRE(ctx, t != NULL && (from != NULL || to != NULL || bytes == 0), CLGRPO_E_ARGUMENT, "%s: null argument",
                op);
    CLG_TRY(clg_tensor_check_dense(ctx, op, "tensor", t, t->dtype, t->rank, t->shape));
    need = clgrpo_tensor_elems(t) * clgrpo_dtype_bytes(t->dtype);
    at = t->offset * clgrpo_dtype_bytes(t->dtype);
    CLG_REQUIRE(ctx, bytes == need, CLGRPO_E_SHAPE, "%s: %zu bytes for a tensor of %zu", op, bytes, need);
    if (ctx->preparing) {
        if (to != NULL)
            memset(to, 0, bytes);
        goto out;
    }
    if (ctx->profile != NULL) {
        CLG_TRY(clg_seq_begin(&seq, ctx, queue, 0, NULL, NULL));
        event = &done;
    }
    if (bytes > 0 && from != NULL)
        CLG_CL(ctx, clEnqueueWriteBuffer(queue, t->buf, CL_TRUE, at, bytes, from, 0, NULL, event));
    else if (bytes > 0)
        CLG_CL(ctx, clEnqueueReadBuffer(queue, t->buf, CL_TRUE, at, bytes, to, 0, NULL, event));
    if (done != NULL) {
        CLG_WORK(&seq, 0.0, (double)bytes);
        clg_seq_advance(&seq, from != NULL ? "write" : "read", done);
    }
out:
    return clg_seq_end(&seq, st);
}

enum clgrpo_status
clgrpo_tensor_write(struct clgrpo_context *ctx, cl_command_queue queue, const struct clgrpo_tensor *t, const void *host,
                    size_t bytes)
{
    return host_copy(ctx, "tensor_write", queue, t, host, NULL, bytes);
}

enum clgrpo_status
clgrpo_tensor_read(struct clgrpo_context *ctx, cl_command_queue queue, const struct clgrpo_tensor *t, void *host,
                   size_t bytes)
{
    return host_copy(ctx, "tensor_read", queue, t, NULL, host, bytes);
}

enum clgrpo_status
clgrpo_tensor_zero(struct clgrpo_context *ctx, const struct clgrpo_tensor *t, cl_command_queue queue, cl_uint n_wait,
                   const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_seq seq = {.operation = "tensor_zero"};

    if (ctx == NULL)
        return CLGRPO_E_ARGUMENT;
    CLG_REQUIRE(ctx, t != NULL, CLGRPO_E_ARGUMENT, "tensor_zero: null argument");
    CLG_TRY(clg_tensor_check_dense(ctx, "tensor_zero", "tensor", t, t->dtype, t->rank, t->shape));
    CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));
    CLG_TRY(clg_seq_zero(&seq, t->buf, t->offset * clgrpo_dtype_bytes(t->dtype),
                         clgrpo_tensor_elems(t) * clgrpo_dtype_bytes(t->dtype)));
out:
    return clg_seq_end(&seq, st);
}

enum clgrpo_status
clgrpo_tensor_copy(struct clgrpo_context *ctx, const struct clgrpo_tensor *from, const struct clgrpo_tensor *to,
                   cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_seq seq = {.operation = "tensor_copy"};
    size_t size, n;

    if (ctx == NULL)
        return CLGRPO_E_ARGUMENT;
    CLG_REQUIRE(ctx, from != NULL && to != NULL, CLGRPO_E_ARGUMENT, "tensor_copy: null argument");
    CLG_TRY(clg_tensor_check_dense(ctx, "tensor_copy", "from", from, from->dtype, from->rank, from->shape));
    CLG_TRY(clg_tensor_check_dense(ctx, "tensor_copy", "to", to, from->dtype, to->rank, to->shape));
    n = clgrpo_tensor_elems(from);
    CLG_REQUIRE(ctx, n == clgrpo_tensor_elems(to), CLGRPO_E_SHAPE, "tensor_copy: %zu elements into %zu", n,
                clgrpo_tensor_elems(to));
    size = clgrpo_dtype_bytes(from->dtype);
    CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));
    CLG_TRY(clg_seq_copy(&seq, from->buf, to->buf, from->offset * size, to->offset * size, n * size));
out:
    return clg_seq_end(&seq, st);
}

enum clgrpo_status
clgrpo_queue_finish(struct clgrpo_context *ctx, cl_command_queue queue)
{
    enum clgrpo_status st = CLGRPO_OK;

    if (ctx == NULL)
        return CLGRPO_E_ARGUMENT;
    CLG_REQUIRE(ctx, queue != NULL, CLGRPO_E_ARGUMENT, "queue_finish: the command queue is null");
    CLG_CL(ctx, clFinish(queue));
out:
    return st;
}
