/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a profile: what it records and loses, when it begins and ends, and the queues that it takes. */
#include <string.h>

#include "next_cl.h"
#include "profile_case.h"

/* A tensor is zeroed so many times; the profile has so many records then, and has lost so many commands. */
static struct clgrpo_profile_counts
zero(struct clgrpo_context *ctx, struct clgrpo_profile *p, struct clgrpo_tensor *x, int times, size_t n_records,
     size_t n_lost)
{
    struct clgrpo_profile_counts c;

    for (int i = 0; i < times; i++)
        fx_ok(ctx, clgrpo_tensor_zero(ctx, x, clgrpo_context_queue(ctx), 0, NULL, NULL));
    c = profile_finish(ctx, p);
    ck_assert_uint_eq(c.n_records, n_records);
    ck_assert_uint_eq(c.n_lost, n_lost);
    return c;
}

/* Memory is bounded: what comes when `most` records are there is counted, and the first ones stay. */
START_TEST(lost_records_are_counted)
{
    struct clgrpo_context *ctx = profile_open(CLGRPO_FAMILY_AUTO);
    struct clgrpo_tensor x = profile_matrix(ctx, CLGRPO_F32, 3, 5);
    struct clgrpo_profile *p = profile_begin(ctx, 700);
    struct clgrpo_profile_record r = CLGRPO_PROFILE_RECORD_INIT;

    zero(ctx, p, &x, 1000, 700, 300);
    ck_assert_uint_eq(profile_record(ctx, p, 699).call, 699);
    fx_fails(ctx, clgrpo_profile_record_get(p, 700, &r), CLGRPO_E_VALUE);
    fx_ok(ctx, clgrpo_profile_clear(p));
    zero(ctx, p, &x, 1, 1, 0);
    clgrpo_profile_destroy(p);
    clgrpo_tensor_destroy(&x);
    clgrpo_context_destroy(ctx);
}
END_TEST

/* Of the device's clock: every so many-th command has no times; 0: all have. */
static unsigned timeless;

cl_int
clGetEventProfilingInfo(cl_event event, cl_profiling_info what, size_t bytes, void *value, size_t *needs)
{
    static unsigned n;

    if (timeless > 0 && what == CL_PROFILING_COMMAND_QUEUED && ++n % timeless == 0)
        return CL_PROFILING_INFO_NOT_AVAILABLE;
    return NEXT(clGetEventProfilingInfo)(event, what, bytes, value, needs);
}

/* A command without times has no record; the others keep their order, and those that were counted their numbers. */
START_TEST(commands_without_times_are_lost)
{
    struct clgrpo_context *ctx = profile_open(CLGRPO_FAMILY_AUTO);
    struct clgrpo_tensor x = profile_matrix(ctx, CLGRPO_F32, 3, 5);
    struct clgrpo_profile *p = profile_begin(ctx, 700);
    struct clgrpo_profile_counts c;
    cl_ulong last = 0;

    timeless = 3;
    for (size_t round = 1; round <= 2; round++)
        c = zero(ctx, p, &x, 300, 200 * round, 100 * round);
    for (size_t i = 0; i < c.n_records; i++) {
        ck_assert_uint_eq(profile_record(ctx, p, i).call, i / 2 * 3 + i % 2);
        ck_assert_uint_ge(profile_record(ctx, p, i).start, last);
        last = profile_record(ctx, p, i).start;
    }
    timeless = 1; /* not one of so many */
    zero(ctx, p, &x, 100, 400, 300);
    timeless = 0;
    clgrpo_profile_destroy(p);
    clgrpo_tensor_destroy(&x);
    clgrpo_context_destroy(ctx);
}
END_TEST

/* Records begin and end with the profile; of two contexts each has its own. */
START_TEST(off_leaves_nothing)
{
    struct clgrpo_context *ctx = profile_open(CLGRPO_FAMILY_AUTO), *other = profile_open(CLGRPO_FAMILY_AUTO);
    struct clgrpo_tensor x = profile_matrix(ctx, CLGRPO_F32, 3, 5), y = profile_matrix(other, CLGRPO_F32, 3, 5);
    struct clgrpo_profile *p = profile_begin(ctx, 0), *second = NULL;

    ck_assert_uint_eq(profile_finish(ctx, p).n_records, 0);
    fx_ok(other, clgrpo_tensor_zero(other, &y, clgrpo_context_queue(other), 0, NULL, NULL));
    ck_assert_uint_eq(profile_finish(ctx, p).n_records, 0);
    fx_fails(ctx, clgrpo_profile_create(ctx, 0, &second), CLGRPO_E_ARGUMENT);
    ck_assert_ptr_null(second);
    clgrpo_profile_destroy(p);
    fx_ok(ctx, clgrpo_tensor_zero(ctx, &x, clgrpo_context_queue(ctx), 0, NULL, NULL));
    p = profile_begin(ctx, 0);
    ck_assert_uint_eq(profile_finish(ctx, p).n_records, 0);
    clgrpo_tensor_destroy(&x), clgrpo_tensor_destroy(&y);
    clgrpo_context_destroy(other);
    clgrpo_context_destroy(ctx);
    ck_assert_int_eq(clgrpo_profile_clear(p), CLGRPO_E_ARGUMENT); /* it outlives its context, and says no more */
    clgrpo_profile_destroy(p);
    clgrpo_profile_destroy(NULL);
}
END_TEST

/* A queue without times is refused, with what to do; without the profile it is as good as any. */
START_TEST(queue_without_times)
{
    struct clgrpo_context *ctx = fx_open(NULL, NULL);
    cl_command_queue queue = clgrpo_context_queue(ctx);
    struct clgrpo_tensor x = profile_matrix(ctx, CLGRPO_F32, 3, 5);
    struct clgrpo_profile *p = profile_begin(ctx, 0);
    float host[15];

    ck_assert_int_eq(clgrpo_tensor_zero(ctx, &x, queue, 0, NULL, NULL), CLGRPO_E_ARGUMENT);
    ck_assert_msg(strstr(clgrpo_error_text(ctx), "CL_QUEUE_PROFILING_ENABLE") != NULL, "%s", clgrpo_error_text(ctx));
    fx_fails(ctx, clgrpo_tensor_read(ctx, queue, &x, host, sizeof host), CLGRPO_E_ARGUMENT);
    clgrpo_profile_destroy(p);
    fx_ok(ctx, clgrpo_tensor_zero(ctx, &x, queue, 0, NULL, NULL));
    clgrpo_tensor_destroy(&x);
    clgrpo_context_destroy(ctx);
}
END_TEST

START_TEST(queue_properties)
{
    struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;
    struct clgrpo_context *ctx = NULL;
    char error[256] = "";

    config.queue_properties = CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE;
    ck_assert_int_eq(clgrpo_context_open(NULL, &config, &ctx, error, sizeof error), CLGRPO_E_ARGUMENT);
    ck_assert_msg(strstr(error, "CL_QUEUE_PROFILING_ENABLE") != NULL, "%s", error);
    ck_assert_ptr_null(ctx);
}
END_TEST

int
main(void)
{
    TCase *t = fx_case("profile life");

    fx_tests(t, lost_records_are_counted, commands_without_times_are_lost, off_leaves_nothing, queue_without_times,
             queue_properties);
    return fx_main();
}
