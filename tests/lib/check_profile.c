/* SPDX-License-Identifier: Apache-2.0 */
/* The profile of a context: every command of every operation, at the device's times, and no others. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op_cases.h"
#include "profile_case.h"

static cl_ulong
event_time(cl_event event, cl_profiling_info info)
{
    cl_ulong ns = 0;

    ck_assert_int_eq(clGetEventProfilingInfo(event, info, sizeof ns, &ns, NULL), CL_SUCCESS);
    return ns;
}

/* The totals are the records' sums, the longest first. */
static void
check_totals(struct clgrpo_context *ctx, struct clgrpo_profile *p, const struct clgrpo_profile_counts *c)
{
    struct clgrpo_profile_total total = CLGRPO_PROFILE_TOTAL_INIT;
    double seconds = 0.0, before = INFINITY;
    size_t n = 0;

    for (size_t i = 0; i < c->n_totals; i++) {
        double of_records = 0.0;

        fx_ok(ctx, clgrpo_profile_total_get(p, i, &total));
        for (size_t k = 0; k < c->n_records; k++) {
            const struct clgrpo_profile_record r = profile_record(ctx, p, k);

            if (strcmp(r.operation, total.operation) == 0 && strcmp(r.kernel, total.kernel) == 0)
                of_records += 1e-9 * (double)(r.end - r.start);
        }
        ck_assert_double_eq_tol(total.seconds, of_records, 1e-9);
        ck_assert_double_le(total.seconds, before);
        before = total.seconds;
        seconds += total.seconds;
        n += total.n;
    }
    ck_assert_uint_eq(n, c->n_records);
    ck_assert_double_eq_tol(seconds, c->seconds, 1e-9);
    fx_fails(ctx, clgrpo_profile_total_get(p, c->n_totals, &total), CLGRPO_E_VALUE);
}

/* One call of an operation: its commands in turn, the last of which is the event's. */
static void
check_call(const struct op_case *op, struct op_bag *bag, struct clgrpo_profile *p, cl_command_queue queue)
{
    struct clgrpo_context *ctx = bag->ctx;
    struct clgrpo_profile_record r = CLGRPO_PROFILE_RECORD_INIT;
    struct clgrpo_profile_counts c;
    cl_event event = NULL;
    cl_ulong end = 0;

    fx_ok(ctx, clgrpo_profile_clear(p));
    fx_ok(ctx, op->call(bag, queue, &event));
    ck_assert_int_eq(clWaitForEvents(1, &event), CL_SUCCESS);
    c = profile_finish(ctx, p);
    ck_assert_msg(c.n_records > 0 && c.n_lost == 0, "%s: %zu records", op->name, c.n_records);
    for (size_t i = 0; i < c.n_records; i++) {
        const cl_ulong call = r.call;

        r = profile_record(ctx, p, i);
        /* a case may be a form of an operation, with the operation's name before its own */
        ck_assert_msg(strncmp(op->name, r.operation, strlen(r.operation)) == 0 && strncmp(r.kernel, "k_", 2) == 0,
                      "%s: %s of %s", op->name, r.kernel, r.operation);
        ck_assert(i == 0 || r.call == call);
        ck_assert_msg(r.queued <= r.submitted && r.submitted <= r.start && r.start <= r.end && r.start >= end,
                      "%s: %s runs before the command that it waits for", op->name, r.kernel);
        ck_assert_msg(!(r.bytes <= 0.0) && !(r.flop < 0.0), "%s: %s: %g flop, %g bytes", op->name, r.kernel, r.flop,
                      r.bytes);
        end = r.end;
    }
    ck_assert_uint_eq(r.start, event_time(event, CL_PROFILING_COMMAND_START));
    ck_assert_uint_eq(r.end, event_time(event, CL_PROFILING_COMMAND_END));
    check_totals(ctx, p, &c);
    clReleaseEvent(event);
}

/* On an in-order queue and on one that is not, with the bits of a context that has no profile. */
START_TEST(every_operation)
{
    struct clgrpo_context *ctx = profile_open(fx_family(_i));
    const cl_command_queue_properties out_of_order = CL_QUEUE_PROFILING_ENABLE | CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE;
    cl_command_queue any = clCreateCommandQueue(clgrpo_context_cl(ctx), clgrpo_context_device(ctx), out_of_order, NULL);

    for (unsigned i = 0; i < n_op_cases; i++) {
        struct op_bag bag = {.ctx = ctx}, plain = {.ctx = fx_context(fx_family(_i))};
        struct clgrpo_profile *p;
        unsigned char *got, *want;
        size_t bytes;

        op_cases[i].make(&bag);
        op_cases[i].make(&plain);
        p = profile_begin(ctx, 0);
        check_call(&op_cases[i], &bag, p, clgrpo_context_queue(ctx));
        clgrpo_profile_destroy(p);
        fx_ok(plain.ctx, op_cases[i].call(&plain, clgrpo_context_queue(plain.ctx), NULL));
        got = op_bag_outputs(&bag, &bytes);
        want = op_bag_outputs(&plain, &bytes);
        fx_same_bits(op_cases[i].name, got, want, bytes);
        free(got), free(want);
        p = profile_begin(ctx, 0);
        if (any != NULL)
            check_call(&op_cases[i], &bag, p, any);
        clgrpo_profile_destroy(p);
        op_bag_release(&bag);
        op_bag_release(&plain);
    }
    if (any != NULL)
        clReleaseCommandQueue(any);
    clgrpo_context_destroy(ctx);
}
END_TEST

/* For kernels that read it: Oclgrind takes what a fill has written for never written. */
static struct clgrpo_tensor
zeros(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape)
{
    const struct clgrpo_tensor view = clgrpo_tensor_view(NULL, 0, dtype, rank, shape);
    void *host = calloc(clgrpo_tensor_elems(&view), clgrpo_dtype_bytes(dtype));
    struct clgrpo_tensor t;

    ck_assert_ptr_nonnull(host);
    t = fx_upload(ctx, dtype, rank, shape, host);
    free(host);
    return t;
}

/* 2 M N K, however many launches there are; and of a product that adds, C is read, too. */
START_TEST(flop_of_a_product)
{
    enum { M = 70, N = 90, K = 50 };
    struct clgrpo_context *ctx = profile_open(fx_family(_i));
    struct clgrpo_gemm_args a = CLGRPO_GEMM_ARGS_INIT;
    struct clgrpo_workspace space;
    size_t bytes = 0;

    a.a = zeros(ctx, CLGRPO_F16, 2, FX_SHAPE(K, M));
    a.b = zeros(ctx, CLGRPO_F32, 2, FX_SHAPE(K, N));
    a.c = zeros(ctx, CLGRPO_F32, 2, FX_SHAPE(M, N));
    a.trans_a = true;
    fx_ok(ctx, clgrpo_gemm_workspace(ctx, &a, &bytes));
    a.workspace = space = fx_workspace(ctx, bytes);
    for (int add = 0; add < 2; add++) {
        struct clgrpo_profile *p = profile_begin(ctx, 0);
        struct clgrpo_profile_counts c;
        double flop = 0.0, moved = 0.0;

        a.accumulate = add;
        fx_ok(ctx, clgrpo_gemm(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
        c = profile_finish(ctx, p);
        for (size_t i = 0; i < c.n_records; i++) {
            const struct clgrpo_profile_record r = profile_record(ctx, p, i);

            flop += r.flop;
            moved += strcmp(r.kernel, "k_gemm") == 0 ? r.bytes : 0.0;
        }
        ck_assert_double_eq_tol(flop, 2.0 * M * N * K, 1e-6);
        ck_assert_double_eq_tol(moved, 2.0 * M * K + 4.0 * N * K + 4.0 * (add ? 2.0 : 1.0) * M * N, 1e-6);
        clgrpo_profile_destroy(p);
    }
    fx_workspace_release(&space);
    fx_release_all(&a.a, &a.b, &a.c);
    clgrpo_context_destroy(ctx);
}
END_TEST

/* Flop of the forward for sequences that end at `offsets`, the last of which is n. */
static double
attention_flop(struct clgrpo_context *ctx, size_t n_sequences, const cl_int *offsets, size_t max_len, bool causal)
{
    enum { H = 2, D = 32 };
    const size_t n = (size_t)offsets[n_sequences];
    struct clgrpo_attention_args a = CLGRPO_ATTENTION_ARGS_INIT;
    struct clgrpo_tensor *const tensors[] = {&a.q, &a.k, &a.v, &a.o};
    struct clgrpo_profile *p;
    double flop;

    for (int i = 0; i < 4; i++)
        *tensors[i] = zeros(ctx, CLGRPO_F32, 3, FX_SHAPE(n, H, D));
    a.offsets = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(n_sequences + 1), offsets);
    a.max_len = max_len;
    a.scale = 1.0f;
    a.causal = causal;
    p = profile_begin(ctx, 0);
    fx_ok(ctx, clgrpo_attention(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    ck_assert_uint_eq(profile_finish(ctx, p).n_records, 1);
    flop = profile_record(ctx, p, 0).flop / (4.0 * H * D);
    clgrpo_profile_destroy(p);
    fx_release_all(&a.q, &a.k, &a.v, &a.o, &a.offsets);
    return flop;
}

/* Pairs of a query and a key, where the host can know them. */
START_TEST(flop_of_attention)
{
    struct clgrpo_context *ctx = profile_open(fx_family(_i));

    ck_assert_double_eq(attention_flop(ctx, 1, (const cl_int[]){0, 7}, 20, false), 49.0);
    ck_assert_double_eq(attention_flop(ctx, 1, (const cl_int[]){0, 7}, 7, true), 28.0);
    ck_assert_double_eq(attention_flop(ctx, 3, (const cl_int[]){0, 4, 8, 12}, 4, true), 30.0);
    ck_assert(isnan(attention_flop(ctx, 2, (const cl_int[]){0, 4, 7}, 4, true)));
    clgrpo_context_destroy(ctx);
}
END_TEST

START_TEST(copies_and_fills)
{
    static const char *const kernels[] = {"fill", "write", "copy", "read"}, *const operations[] = {
                                                                                "tensor_zero", "tensor_write",
                                                                                "tensor_copy", "tensor_read"};
    static const double bytes[] = {60.0, 60.0, 120.0, 60.0};
    struct clgrpo_context *ctx = profile_open(CLGRPO_FAMILY_AUTO);
    cl_command_queue queue = clgrpo_context_queue(ctx);
    struct clgrpo_tensor x = profile_matrix(ctx, CLGRPO_F32, 3, 5), y = profile_matrix(ctx, CLGRPO_F32, 3, 5);
    struct clgrpo_profile *p = profile_begin(ctx, 0);
    float host[15] = {1.0f};

    fx_ok(ctx, clgrpo_tensor_zero(ctx, &x, queue, 0, NULL, NULL));
    fx_ok(ctx, clgrpo_tensor_write(ctx, queue, &x, host, sizeof host));
    fx_ok(ctx, clgrpo_tensor_copy(ctx, &x, &y, queue, 0, NULL, NULL));
    fx_ok(ctx, clgrpo_tensor_read(ctx, queue, &y, host, sizeof host));
    ck_assert_uint_eq(profile_finish(ctx, p).n_records, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct clgrpo_profile_record r = profile_record(ctx, p, i);

        ck_assert_str_eq(r.kernel, kernels[i]);
        ck_assert_str_eq(r.operation, operations[i]);
        ck_assert_double_eq(r.bytes, bytes[i]);
        ck_assert_double_eq(r.flop, 0.0);
        ck_assert_uint_eq(r.call, i);
    }
    clgrpo_profile_destroy(p);
    clgrpo_tensor_destroy(&x), clgrpo_tensor_destroy(&y);
    clgrpo_context_destroy(ctx);
}
END_TEST

int
main(void)
{
    TCase *t = fx_case("profile");

    fx_family_tests(t, every_operation, flop_of_a_product, flop_of_attention);
    fx_tests(t, copies_and_fills);
    return fx_main();
}
