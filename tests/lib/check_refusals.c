/* SPDX-License-Identifier: Apache-2.0 */
/* What operations refuse: outputs that share memory, scalars that are not finite, memory that is not aligned. */
#include "op_cases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL(op, ctx, args) clgrpo_##op((ctx), (args), clgrpo_context_queue(ctx), 0, NULL, NULL)

/* ---- Outputs over other tensors, of every operation ---- */

/* The outputs that may be another tensor, by operation and the numbers of the bag: output and that one. */
static const char allowed[] = "\n"
                              "rmsnorm 3 0\n"
                              "rmsnorm 0 3\n"
                              "rmsnorm_alone 2 0\n"
                              "rmsnorm_backward 4 3\n"
                              "swiglu_backward 2 0\n"
                              "add 2 0\n"
                              "add 2 1\n"
                              "advantage 2 0\n"
                              "policy_loss 4 0\n"
                              "policy_loss_rows 4 0\n";

static bool
is_allowed(const char *name, unsigned output, unsigned as)
{
    char line[64];

    snprintf(line, sizeof line, "\n%s %u %u\n", name, output, as);
    return strstr(allowed, line) != NULL;
}

/* Puts output i where tensor j is, or `shift` elements behind. */
static void
check_pair(struct clgrpo_context *ctx, const struct op_case *c, unsigned i, unsigned j, size_t shift)
{
    struct op_bag b = {.ctx = ctx};
    struct clgrpo_tensor *t;
    enum clgrpo_status st;

    c->make(&b);
    t = op_bag_in_args(&b, i);
    if (t != NULL && op_bag_in_args(&b, j) != NULL && shift < clgrpo_tensor_elems(&b.tensor[j])) {
        t->buf = b.tensor[j].buf;
        t->offset = b.tensor[j].offset * clgrpo_dtype_bytes(b.tensor[j].dtype) / clgrpo_dtype_bytes(t->dtype) + shift;
        st = c->call(&b, clgrpo_context_queue(ctx), NULL);
        if (is_allowed(c->name, i, j) && shift == 0)
            ck_assert_msg(st == CLGRPO_OK, "%s: tensor %u as tensor %u: %s", c->name, i, j, clgrpo_error_text(ctx));
        else
            ck_assert_msg(st == CLGRPO_E_SHAPE || st == CLGRPO_E_BOUNDS, "%s: tensor %u over tensor %u + %zu: %s",
                          c->name, i, j, shift, clgrpo_status_name(st));
        clgrpo_error_clear(ctx);
        fx_ok(ctx, clgrpo_queue_finish(ctx, clgrpo_context_queue(ctx)));
    }
    op_bag_release(&b);
}

/* Little of what is refused is launched: an interpreter of kernels sees a part of the operations. */
static unsigned
next_case(unsigned k)
{
    return k + (fx_small() ? 7 : 1);
}

START_TEST(outputs_over_other_tensors)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (unsigned k = 0; k < n_op_cases; k = next_case(k)) {
        struct op_bag b = {.ctx = ctx};
        bool is_output[OP_TENSORS];
        unsigned n;

        op_cases[k].make(&b);
        n = b.n;
        memcpy(is_output, b.is_output, sizeof is_output);
        op_bag_release(&b);
        for (unsigned i = 0; i < n; i++)
            for (unsigned j = 0; j < n && is_output[i]; j++)
                for (size_t shift = 0; i != j && shift < 2; shift++)
                    check_pair(ctx, &op_cases[k], i, j, shift);
    }
}
END_TEST

/* The first dimension of every output of more than one row steps over less than a row. */
START_TEST(outputs_over_themselves)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    unsigned n = 0;

    for (unsigned k = 0; k < n_op_cases; k = next_case(k))
        for (unsigned i = 0; i < OP_TENSORS; i++)
            for (int half = 0; half < 2; half++) {
                struct op_bag b = {.ctx = ctx};
                struct clgrpo_tensor *t;

                op_cases[k].make(&b);
                t = i < b.n && b.is_output[i] ? op_bag_in_args(&b, i) : NULL;
                if (t != NULL && t->rank >= 2 && t->shape[0] > 1) {
                    t->stride[0] = half ? t->stride[0] / 2 : 0;
                    fx_fails(ctx, op_cases[k].call(&b, clgrpo_context_queue(ctx), NULL), CLGRPO_E_SHAPE);
                    n++;
                }
                op_bag_release(&b);
            }
    ck_assert_uint_gt(n, fx_small() ? 2 : 20);
}
END_TEST

/* ---- Views of one buffer that share nothing ---- */

/* Matrices 8 x 8 that are columns of one, or rows of one, or a matrix between the rows of another. */
START_TEST(views_beside_one_another)
{
    enum { N = 8 };
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    float *host = fx_random(N * 3 * N, 1.0f, 3);
    struct clgrpo_add_args a = CLGRPO_ADD_ARGS_INIT;
    struct clgrpo_tensor all = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(N, 3 * N), host);

    a.a = a.b = a.y = clgrpo_tensor_view(all.buf, all.offset, CLGRPO_F32, 2, FX_SHAPE(N, N));
    a.a.stride[0] = a.b.stride[0] = a.y.stride[0] = 3 * N;
    a.b.offset += N;
    a.y.offset += 2 * N;
    fx_ok(ctx, CALL(add, ctx, &a));
    a.y.offset = a.b.offset + 1; /* a column of b, and a gap */
    fx_fails(ctx, CALL(add, ctx, &a), CLGRPO_E_SHAPE);
    a.y.offset = all.offset + 3 * N * N - N * N; /* dense, behind the first half of the rows of a and b */
    a.y.stride[0] = N;
    fx_fails(ctx, CALL(add, ctx, &a), CLGRPO_E_SHAPE); /* which their others reach into */
    a.a.shape[0] = a.b.shape[0] = a.y.shape[0] = 5;
    fx_ok(ctx, CALL(add, ctx, &a));
    fx_release(&all);
    free(host);
}
END_TEST

/* Heads of q, k, v in turn: [N][H][3][D] in one buffer, gradients likewise. */
START_TEST(heads_in_turn)
{
    enum { N = 5, H = 2, D = 32 };
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct clgrpo_attention_args a = CLGRPO_ATTENTION_ARGS_INIT;
    float *host = fx_random(N * H * 4 * D, 1.0f, 3);
    struct clgrpo_tensor all = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(N, H * 4 * D), host), *const views[] = {
                                                                                                &a.q, &a.k, &a.v, &a.o};
    struct clgrpo_tensor offsets = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(2), (const int32_t[]){0, N});

    for (size_t i = 0; i < 4; i++) {
        *views[i] = clgrpo_tensor_view(all.buf, all.offset + i * D, CLGRPO_F32, 3, FX_SHAPE(N, H, D));
        views[i]->stride[0] = H * 4 * D;
        views[i]->stride[1] = 4 * D;
    }
    a.offsets = offsets;
    a.max_len = N;
    a.scale = 0.2f;
    fx_ok(ctx, CALL(attention, ctx, &a));
    a.o.offset -= D / 2; /* half over v */
    fx_fails(ctx, CALL(attention, ctx, &a), CLGRPO_E_SHAPE);
    fx_release_all(&all, &offsets);
    free(host);
}
END_TEST

/* Sub-buffers are the memory of the buffer that they are of. */
START_TEST(sub_buffers)
{
    enum { N = 2048 };
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    const cl_buffer_region low = {0, N * sizeof(float)}, high = {N * sizeof(float), N * sizeof(float)};
    cl_int code;
    cl_mem buf = clCreateBuffer(clgrpo_context_cl(ctx), CL_MEM_READ_WRITE, 2 * N * sizeof(float), NULL, &code);
    cl_mem a = clCreateSubBuffer(buf, 0, CL_BUFFER_CREATE_TYPE_REGION, &low, &code);
    cl_mem b = clCreateSubBuffer(buf, 0, CL_BUFFER_CREATE_TYPE_REGION, &high, &code);
    struct clgrpo_cast_args args = CLGRPO_CAST_ARGS_INIT;
    const float zeros[2 * N] = {0};

    ck_assert_int_eq(code, CL_SUCCESS);
    ck_assert_int_eq(
        clEnqueueWriteBuffer(clgrpo_context_queue(ctx), buf, CL_TRUE, 0, sizeof zeros, zeros, 0, NULL, NULL),
        CL_SUCCESS);
    args.x = clgrpo_tensor_view(a, 0, CLGRPO_F32, 1, FX_SHAPE(N));
    args.y = clgrpo_tensor_view(b, 0, CLGRPO_F32, 1, FX_SHAPE(N));
    fx_ok(ctx, CALL(cast, ctx, &args));
    args.y = clgrpo_tensor_view(buf, N, CLGRPO_F32, 1, FX_SHAPE(N));
    fx_ok(ctx, CALL(cast, ctx, &args));
    args.y.offset = N - 1;
    fx_fails(ctx, CALL(cast, ctx, &args), CLGRPO_E_SHAPE);
    fx_ok(ctx, clgrpo_queue_finish(ctx, clgrpo_context_queue(ctx)));
    clReleaseMemObject(a);
    clReleaseMemObject(b);
    clReleaseMemObject(buf);
}
END_TEST

/* ---- Alignment ---- */

/* A product over the caller's own memory, from `at` bytes behind a multiple of 64 on. */
static enum clgrpo_status
multiply_at(struct clgrpo_context *ctx, size_t at, float *got)
{
    enum { N = 16, BYTES = N * N * sizeof(float) };
    struct clgrpo_gemm_args a = CLGRPO_GEMM_ARGS_INIT;
    struct clgrpo_workspace w = {0};
    unsigned char *host = aligned_alloc(64, 4 * BYTES);
    enum clgrpo_status st;
    size_t bytes;
    cl_int code;
    cl_mem buf;

    for (size_t i = 0; i < 3 * N * N; i++) {
        const float x = (float)(i % 7) - 2.5f;

        memcpy(host + at + i * sizeof x, &x, sizeof x);
    }
    buf = clCreateBuffer(clgrpo_context_cl(ctx), CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, 3 * BYTES, host + at, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    a.a = clgrpo_tensor_view(buf, 0, CLGRPO_F32, 2, FX_SHAPE(N, N));
    a.b = clgrpo_tensor_view(buf, N * N, CLGRPO_F32, 2, FX_SHAPE(N, N));
    a.c = clgrpo_tensor_view(buf, 2 * N * N, CLGRPO_F32, 2, FX_SHAPE(N, N));
    st = clgrpo_gemm_workspace(ctx, &a, &bytes);
    if (st == CLGRPO_OK) {
        a.workspace = w = fx_workspace(ctx, bytes);
        st = CALL(gemm, ctx, &a);
    }
    if (st == CLGRPO_OK)
        ck_assert_int_eq(
            clEnqueueReadBuffer(clgrpo_context_queue(ctx), buf, CL_TRUE, 2 * BYTES, BYTES, got, 0, NULL, NULL),
            CL_SUCCESS);
    fx_workspace_release(&w);
    clReleaseMemObject(buf);
    free(host);
    return st;
}

START_TEST(memory_of_the_caller)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    float at_64[256], at_16[256];

    fx_ok(ctx, multiply_at(ctx, 0, at_64));
    fx_ok(ctx, multiply_at(ctx, 16, at_16));
    fx_same_bits("products", at_64, at_16, sizeof at_64);
    fx_fails(ctx, multiply_at(ctx, 4, at_16), CLGRPO_E_ARGUMENT);
    fx_fails(ctx, multiply_at(ctx, 8, at_16), CLGRPO_E_ARGUMENT);
    fx_fails(ctx, multiply_at(ctx, 1, at_16), CLGRPO_E_ARGUMENT);
}
END_TEST

START_TEST(workspace_of_the_caller)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct clgrpo_global_norm_args a = CLGRPO_GLOBAL_NORM_ARGS_INIT;
    float *host = fx_random(100, 1.0f, 7);
    unsigned char *memory;
    size_t bytes;
    cl_int code;

    a.grad = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(100), host);
    a.out = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(2));
    fx_ok(ctx, clgrpo_global_norm_workspace(ctx, &a, &bytes));
    memory = aligned_alloc(64, (bytes + 127) / 64 * 64);
    a.workspace.bytes = bytes;
    a.workspace.buf =
        clCreateBuffer(clgrpo_context_cl(ctx), CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, bytes, memory + 4, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    fx_fails(ctx, CALL(global_norm, ctx, &a), CLGRPO_E_WORKSPACE);
    clReleaseMemObject(a.workspace.buf);
    fx_release_all(&a.grad, &a.out);
    free(memory);
    free(host);
}
END_TEST

/* ---- Scalars ---- */

/* Makes the float at `at` of the args of an operation not finite, in three ways. */
static void
check_scalar(struct clgrpo_context *ctx, const char *name, size_t at)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    const struct op_case *c = op_case_named(name);

    for (int i = 0; i < 3; i++) {
        struct op_bag b = {.ctx = ctx};

        c->make(&b);
        memcpy((unsigned char *)b.args + at, &bad[i], sizeof bad[i]);
        fx_fails(ctx, c->call(&b, clgrpo_context_queue(ctx), NULL), CLGRPO_E_VALUE);
        op_bag_release(&b);
    }
}

START_TEST(scalars_that_are_not_finite)
{
#define SCALAR(op, member) check_scalar(ctx, #op, offsetof(struct clgrpo_##op##_args, member))
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    SCALAR(rmsnorm, eps);
    SCALAR(gemm, alpha);
    SCALAR(linear_logprob, inv_temperature);
    SCALAR(linear_logprob_backward, inv_temperature);
    SCALAR(attention, scale);
    SCALAR(attention_backward, scale);
    SCALAR(attention_decode, scale);
    SCALAR(advantage, eps);
    SCALAR(policy_loss, clip_low);
    SCALAR(policy_loss, clip_high);
    SCALAR(policy_loss, dual_clip);
    SCALAR(policy_loss, kl_beta);
    SCALAR(policy_loss, ratio_min);
    SCALAR(policy_loss, ratio_max);
    SCALAR(sample, temperature);
    SCALAR(sample, top_p);
    SCALAR(global_norm, max_norm);
    SCALAR(adamw, lr);
    SCALAR(adamw, beta1);
    SCALAR(adamw, beta2);
    SCALAR(adamw, eps);
    SCALAR(adamw, weight_decay);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("refusals");

    fx_family_tests(tc, outputs_over_other_tensors, outputs_over_themselves, views_beside_one_another, heads_in_turn,
                    sub_buffers, memory_of_the_caller, workspace_of_the_caller, scalars_that_are_not_finite);
    return fx_main();
}
