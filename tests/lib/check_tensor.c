/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors, workspaces, and the order of what is enqueued: wait lists and events, also on an out-of-order queue. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "internal.h"

/* ---- Tensors ---- */

enum { BUFFER_ELEMS = 24 };

struct bounds_case {
    const char *what;
    enum clgrpo_status want, want_dense;
    size_t offset;
    unsigned rank;
    size_t shape[4], stride[4];
    bool no_buffer;
};

#define HUGE_EXTENT ((size_t)1 << 62)
static const struct bounds_case bounds_cases[] = {
    {"fills the buffer", CLGRPO_OK, CLGRPO_OK, 0, 2, {4, 6}, {6, 1}, false},
    {"ends at its end", CLGRPO_OK, CLGRPO_OK, 12, 2, {2, 6}, {6, 1}, false},
    {"one element past", CLGRPO_E_BOUNDS, CLGRPO_E_BOUNDS, 13, 2, {2, 6}, {6, 1}, false},
    {"a row past", CLGRPO_E_BOUNDS, CLGRPO_E_BOUNDS, 0, 2, {5, 6}, {6, 1}, false},
    {"columns of wider rows", CLGRPO_OK, CLGRPO_E_SHAPE, 4, 2, {3, 4}, {8, 1}, false},
    {"columns that leave the last row", CLGRPO_E_BOUNDS, CLGRPO_E_BOUNDS, 5, 2, {3, 4}, {8, 1}, false},
    {"innermost stride 2", CLGRPO_E_SHAPE, CLGRPO_E_SHAPE, 0, 2, {2, 3}, {6, 2}, false},
    {"one column of any stride", CLGRPO_OK, CLGRPO_E_SHAPE, 0, 2, {4, 1}, {6, 9}, false},
    {"one row of any stride", CLGRPO_OK, CLGRPO_OK, 18, 2, {1, 6}, {77777, 1}, false},
    {"offset past the buffer", CLGRPO_E_BOUNDS, CLGRPO_E_BOUNDS, 25, 1, {1}, {1}, false},
    {"offset that overflows", CLGRPO_E_BOUNDS, CLGRPO_E_BOUNDS, SIZE_MAX, 1, {2}, {1}, false},
    {"end that overflows", CLGRPO_E_BOUNDS, CLGRPO_E_BOUNDS, SIZE_MAX, 1, {1}, {1}, false},
    {"bytes that overflow", CLGRPO_E_BOUNDS, CLGRPO_E_BOUNDS, 0, 1, {HUGE_EXTENT}, {1}, false},
    {"stride that overflows", CLGRPO_E_BOUNDS, CLGRPO_E_BOUNDS, 0, 2, {3, 2}, {SIZE_MAX / 2 + 2, 1}, false},
    {"sum of steps that overflows", CLGRPO_E_BOUNDS, CLGRPO_E_BOUNDS, 0, 2, {2, HUGE_EXTENT}, {SIZE_MAX - 3, 1}, false},
    {"empty", CLGRPO_OK, CLGRPO_OK, 0, 2, {0, 6}, {6, 1}, false},
    {"empty without a buffer", CLGRPO_OK, CLGRPO_OK, 0, 2, {4, 0}, {0, 1}, true},
    {"no buffer", CLGRPO_E_ARGUMENT, CLGRPO_E_ARGUMENT, 0, 2, {4, 6}, {6, 1}, true},
    {"four dimensions", CLGRPO_OK, CLGRPO_OK, 0, 4, {2, 3, 2, 2}, {12, 4, 2, 1}, false},
    {"no dimension", CLGRPO_E_SHAPE, CLGRPO_E_SHAPE, 0, 0, {0}, {0}, false},
    {"five dimensions", CLGRPO_E_SHAPE, CLGRPO_E_SHAPE, 0, 5, {1, 1, 1, 1}, {1, 1, 1, 1}, false},
    {"four dimensions, one past", CLGRPO_E_BOUNDS, CLGRPO_E_BOUNDS, 1, 4, {2, 3, 2, 2}, {12, 4, 2, 1}, false},
};
enum { N_BOUNDS_CASES = sizeof bounds_cases / sizeof bounds_cases[0] };

static void
expect_status(struct clgrpo_context *ctx, const char *what, enum clgrpo_status got, enum clgrpo_status want)
{
    ck_assert_msg(got == want, "%s: got %s, want %s", what, clgrpo_status_name(got), clgrpo_status_name(want));
    ck_assert_msg((clgrpo_error_text(ctx)[0] == '\0') == (want == CLGRPO_OK), "%s: '%s'", what, clgrpo_error_text(ctx));
    clgrpo_error_clear(ctx);
}

START_TEST(tensor_bounds)
{
    const struct bounds_case *c = &bounds_cases[_i];
    struct clgrpo_context *ctx = fx_context(CLGRPO_FAMILY_CPU);
    struct clgrpo_tensor whole, t = {.offset = c->offset, .rank = c->rank, .dtype = CLGRPO_F32};

    fx_ok(ctx, clgrpo_tensor_create(ctx, CLGRPO_F32, 1, FX_SHAPE(BUFFER_ELEMS), &whole));
    t.buf = c->no_buffer ? NULL : whole.buf;
    memcpy(t.shape, c->shape, sizeof t.shape);
    memcpy(t.stride, c->stride, sizeof t.stride);
    expect_status(ctx, c->what, clg_tensor_check(ctx, "op", "t", &t, CLGRPO_F32, t.rank, t.shape), c->want);
    expect_status(ctx, c->what, clg_tensor_check_dense(ctx, "op", "t", &t, CLGRPO_F32, t.rank, t.shape), c->want_dense);
    clgrpo_tensor_destroy(&whole);
    ck_assert_ptr_null(whole.buf);
    clgrpo_tensor_destroy(&whole);
}
END_TEST

START_TEST(tensor_refuses)
{
    struct clgrpo_context *ctx = fx_context(CLGRPO_FAMILY_CPU);
    cl_command_queue q = clgrpo_context_queue(ctx);
    struct clgrpo_tensor t, u, keep = {.offset = 77};
    float host[12] = {0};

    fx_fails(ctx, clgrpo_tensor_create(ctx, CLGRPO_F32, 0, FX_SHAPE(1), &keep), CLGRPO_E_ARGUMENT);
    fx_fails(ctx, clgrpo_tensor_create(ctx, CLGRPO_F32, 5, FX_SHAPE(1, 1, 1, 1, 1), &keep), CLGRPO_E_ARGUMENT);
    fx_fails(ctx, clgrpo_tensor_create(ctx, CLGRPO_F32, 1, NULL, &keep), CLGRPO_E_ARGUMENT);
    fx_fails(ctx, clgrpo_tensor_create(ctx, (enum clgrpo_dtype)99, 1, FX_SHAPE(1), &keep), CLGRPO_E_ARGUMENT);
    fx_fails(ctx, clgrpo_tensor_create(ctx, CLGRPO_U64, 2, FX_SHAPE(HUGE_EXTENT, 4), &keep), CLGRPO_E_BOUNDS);
    fx_fails(ctx, clgrpo_tensor_create(ctx, CLGRPO_F32, 1, FX_SHAPE(ctx->info.max_alloc_bytes / 4 + 1), &keep),
             CLGRPO_E_BOUNDS);
    ck_assert_uint_eq(keep.offset, 77);
    fx_ok(ctx, clgrpo_tensor_create(ctx, CLGRPO_F32, 2, FX_SHAPE(3, 4), &t));
    fx_ok(ctx, clgrpo_tensor_create(ctx, CLGRPO_F32, 2, FX_SHAPE(3, 5), &u));
    fx_fails(ctx, clgrpo_tensor_write(ctx, q, &t, host, 44), CLGRPO_E_SHAPE);
    fx_fails(ctx, clgrpo_tensor_read(ctx, q, &t, host, 52), CLGRPO_E_SHAPE);
    fx_fails(ctx, clgrpo_tensor_read(ctx, q, &t, NULL, 48), CLGRPO_E_ARGUMENT);
    fx_fails(ctx, clgrpo_tensor_copy(ctx, &t, &u, q, 0, NULL, NULL), CLGRPO_E_SHAPE);
    u.dtype = CLGRPO_I32;
    fx_fails(ctx, clgrpo_tensor_copy(ctx, &t, &u, q, 0, NULL, NULL), CLGRPO_E_DTYPE);
    t.shape[1] = 3;
    fx_fails(ctx, clgrpo_tensor_zero(ctx, &t, q, 0, NULL, NULL), CLGRPO_E_SHAPE);
    clgrpo_tensor_destroy(&t), clgrpo_tensor_destroy(&u);
}
END_TEST

/* Writing, zeroing and copying touch their view and nothing beside it. */
START_TEST(tensor_data)
{
    static const enum clgrpo_dtype types[] = {CLGRPO_F32, CLGRPO_F16, CLGRPO_BF16, CLGRPO_I32, CLGRPO_U32, CLGRPO_U64};
    struct clgrpo_context *ctx = fx_context(CLGRPO_FAMILY_CPU);
    cl_command_queue q = clgrpo_context_queue(ctx);
    enum clgrpo_dtype type = types[_i];
    size_t size = clgrpo_dtype_bytes(type), n = 10 * size;
    struct clgrpo_tensor all, part, to;
    unsigned char host[80], got[80], want[80];

    for (size_t i = 0; i < n; i++)
        host[i] = want[i] = (unsigned char)(37 * i + 11);
    fx_ok(ctx, clgrpo_tensor_create(ctx, type, 1, FX_SHAPE(10), &all));
    to = fx_output(ctx, type, 1, FX_SHAPE(3));
    fx_ok(ctx, clgrpo_tensor_write(ctx, q, &all, host, n));
    part = clgrpo_tensor_view(all.buf, 4, type, 1, FX_SHAPE(3));
    fx_ok(ctx, clgrpo_tensor_copy(ctx, &part, &to, q, 0, NULL, NULL));
    fx_ok(ctx, clgrpo_tensor_zero(ctx, &part, q, 0, NULL, NULL));
    memset(want + 4 * size, 0, 3 * size);
    fx_ok(ctx, clgrpo_tensor_read(ctx, q, &all, got, n));
    fx_same_bits("zeroed", got, want, n);
    void *copied = fx_download(ctx, &to);
    fx_same_bits("copied", copied, host + 4 * size, 3 * size);
    free(copied);
    fx_release(&to);
    clgrpo_tensor_destroy(&all);
}
END_TEST

START_TEST(views)
{
    struct clgrpo_tensor t = clgrpo_tensor_view(NULL, 5, CLGRPO_BF16, 4, FX_SHAPE(2, 3, 5, 7));

    ck_assert(t.offset == 5 && t.dtype == CLGRPO_BF16 && t.rank == 4);
    ck_assert(t.stride[0] == 105 && t.stride[1] == 35 && t.stride[2] == 7 && t.stride[3] == 1);
    ck_assert_uint_eq(clgrpo_tensor_elems(&t), 210);
    ck_assert_uint_eq(clgrpo_dtype_bytes((enum clgrpo_dtype)99), 0);
}
END_TEST

START_TEST(workspace)
{
    struct clgrpo_context *ctx = fx_context(CLGRPO_FAMILY_CPU);
    struct clgrpo_workspace w = fx_workspace(ctx, 512), none = {0}, v;

    expect_status(ctx, "none needed", clg_workspace_check(ctx, "op", &none, 0), CLGRPO_OK);
    expect_status(ctx, "none given", clg_workspace_check(ctx, "op", &none, 1), CLGRPO_E_WORKSPACE);
    expect_status(ctx, "all of it", clg_workspace_check(ctx, "op", &w, 512), CLGRPO_OK);
    expect_status(ctx, "one byte more", clg_workspace_check(ctx, "op", &w, 513), CLGRPO_E_WORKSPACE);
    v = (struct clgrpo_workspace){.buf = w.buf, .offset_bytes = 64, .bytes = 448};
    expect_status(ctx, "the rest of it", clg_workspace_check(ctx, "op", &v, 448), CLGRPO_OK);
    v.bytes = 449;
    expect_status(ctx, "past the end", clg_workspace_check(ctx, "op", &v, 448), CLGRPO_E_BOUNDS);
    v = (struct clgrpo_workspace){.buf = w.buf, .offset_bytes = 32, .bytes = 448};
    expect_status(ctx, "misaligned", clg_workspace_check(ctx, "op", &v, 448), CLGRPO_E_WORKSPACE);
    v = (struct clgrpo_workspace){.buf = w.buf, .offset_bytes = SIZE_MAX / 64 * 64, .bytes = 448};
    expect_status(ctx, "overflow", clg_workspace_check(ctx, "op", &v, 448), CLGRPO_E_BOUNDS);
    fx_workspace_release(&w);
    ck_assert_uint_eq(clg_round_up(0, 64), 0);
    ck_assert_uint_eq(clg_round_up(65, 64), 128);
}
END_TEST

/* ---- Order ---- */

static cl_int
event_status(cl_event e)
{
    cl_int status = 99;

    ck_assert_int_eq(clGetEventInfo(e, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, NULL), CL_SUCCESS);
    return status;
}

/* In order also where the device has no other queue. */
static cl_command_queue
make_queue(struct clgrpo_context *ctx, bool in_order)
{
    cl_int code;
    cl_command_queue_properties has = 0, want = in_order ? 0 : CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE;
    cl_command_queue q;

    ck_assert_int_eq(clGetDeviceInfo(clgrpo_context_device(ctx), CL_DEVICE_QUEUE_PROPERTIES, sizeof has, &has, NULL),
                     CL_SUCCESS);
    q = clCreateCommandQueue(clgrpo_context_cl(ctx), clgrpo_context_device(ctx), want & has, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    return q;
}

/* m = x + y, then z = m + y, then a copy of z, then nothing at all with an event: each waits for the one before by
 * events alone, the first for an event that the test sets at the end. So does nothing at all on a second queue, where
 * no command before it could hold it back. */
START_TEST(waits_for_its_list)
{
    enum { N = 5, E = 33 };
    struct clgrpo_context *ctx = fx_context(fx_family(_i / 2));
    cl_command_queue q = make_queue(ctx, _i % 2 == 0), idle = make_queue(ctx, _i % 2 == 0);
    float *x = fx_random(N * E, 1.0f, 21), *y = fx_random(N * E, 1.0f, 22), *got;
    struct clgrpo_tensor copy = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(N, E));
    struct clgrpo_add_args m = CLGRPO_ADD_ARGS_INIT, z = CLGRPO_ADD_ARGS_INIT, none = CLGRPO_ADD_ARGS_INIT;
    cl_event gate = clCreateUserEvent(clgrpo_context_cl(ctx), NULL), done[5] = {NULL};

    ck_assert_ptr_nonnull(gate);
    m.a = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(N, E), x);
    m.b = z.b = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(N, E), y);
    m.y = z.a = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(N, E));
    z.y = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(N, E));
    none.a = none.b = none.y = clgrpo_tensor_view(z.y.buf, 0, CLGRPO_F32, 2, FX_SHAPE(0, E));
    fx_ok(ctx, clgrpo_add(ctx, &m, q, 1, &gate, &done[0]));
    fx_ok(ctx, clgrpo_add(ctx, &z, q, 1, &done[0], &done[1]));
    fx_ok(ctx, clgrpo_tensor_copy(ctx, &z.y, &copy, q, 1, &done[1], &done[2]));
    fx_ok(ctx, clgrpo_add(ctx, &none, q, 1, &done[2], &done[3]));
    fx_ok(ctx, clgrpo_add(ctx, &none, idle, 1, &gate, &done[4]));
    usleep(20000); /* for a command that does not wait to be done */
    for (int i = 0; i < 5; i++)
        ck_assert_msg(event_status(done[i]) > CL_COMPLETE, "command %d did not wait", i);
    ck_assert_int_eq(clSetUserEventStatus(gate, CL_COMPLETE), CL_SUCCESS);
    ck_assert_int_eq(clWaitForEvents(1, &done[3]), CL_SUCCESS);
    for (int i = 0; i < 3; i++)
        ck_assert_msg(event_status(done[i]) == CL_COMPLETE, "command %d came after what waits for it", i);
    ck_assert_int_eq(clWaitForEvents(1, &done[4]), CL_SUCCESS);
    got = fx_download(ctx, &copy);
    for (int i = 0; i < N * E; i++)
        ck_assert_msg(got[i] == x[i] + y[i] + y[i], "element %d is %g", i, (double)got[i]);
    free(x), free(y), free(got);
    fx_release_all(&m.a, &m.b, &m.y, &z.y, &copy);
    for (int i = 0; i < 5; i++)
        clReleaseEvent(done[i]);
    clReleaseEvent(gate);
    clReleaseCommandQueue(q), clReleaseCommandQueue(idle);
}
END_TEST

/* An operation of several launches keeps their order on an out-of-order queue: the norm of k * (3, 4) over and over,
 * each time through the same workspace, chained by the caller's events. */
START_TEST(launches_keep_their_order)
{
    enum { ROUNDS = 12, P = 2 };
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    cl_command_queue q = make_queue(ctx, false);
    struct clgrpo_global_norm_args a[ROUNDS];
    cl_event done[ROUNDS];
    size_t bytes = 0;

    for (int k = 0; k < ROUNDS; k++) {
        float grad[P] = {3.0f * (float)(k + 1), 4.0f * (float)(k + 1)};

        a[k] = CLGRPO_GLOBAL_NORM_ARGS_INIT;
        a[k].grad = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(P), grad);
        a[k].out = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(2));
        a[k].max_norm = 1.0f;
        if (k == 0) {
            fx_ok(ctx, clgrpo_global_norm_workspace(ctx, &a[k], &bytes));
            a[k].workspace = fx_workspace(ctx, bytes);
        }
        a[k].workspace = a[0].workspace;
    }
    for (int k = 0; k < ROUNDS; k++)
        fx_ok(ctx, clgrpo_global_norm(ctx, &a[k], q, k > 0, k > 0 ? &done[k - 1] : NULL, &done[k]));
    ck_assert_int_eq(clWaitForEvents(1, &done[ROUNDS - 1]), CL_SUCCESS);
    for (int k = 0; k < ROUNDS; k++) {
        float *got = fx_download(ctx, &a[k].out);

        ck_assert_msg(got[0] == 5.0f * (float)(k + 1), "round %d: norm %g", k, (double)got[0]);
        free(got);
        fx_release(&a[k].grad), fx_release(&a[k].out);
        clReleaseEvent(done[k]);
    }
    fx_workspace_release(&a[0].workspace);
    clReleaseCommandQueue(q);
}
END_TEST

int
main(void)
{
    /* kernels first: the tests of tensors give buffers back, which the fixture avoids under oclgrind */
    TCase *order = fx_case("order"), *tc = fx_case("tensor");

    tcase_add_loop_test(tc, tensor_bounds, 0, N_BOUNDS_CASES);
    fx_tests(tc, tensor_refuses);
    tcase_add_loop_test(tc, tensor_data, 0, 6);
    fx_tests(tc, views, workspace);
    tcase_add_loop_test(order, waits_for_its_list, 0, 2 * FX_N_FAMILIES);
    fx_family_tests(order, launches_keep_their_order);
    return fx_main();
}
