/* SPDX-License-Identifier: Apache-2.0 */
/* Every OpenCL call of every operation fails once: a status and a sentence, nothing leaked, and the next call works. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <config.h>
#include "fault_cl.h"
#include "op_cases.h"

static unsigned char *
run(struct clgrpo_context *ctx, const struct op_case *c, bool with_event, size_t *bytes)
{
    struct op_bag b = {.ctx = ctx};
    cl_event event = NULL;
    unsigned char *out;

    c->make(&b);
    fx_ok(ctx, c->call(&b, clgrpo_context_queue(ctx), with_event ? &event : NULL));
    if (with_event) {
        ck_assert_int_eq(clWaitForEvents(1, &event), CL_SUCCESS);
        clReleaseEvent(event);
    }
    out = op_bag_outputs(&b, bytes);
    op_bag_release(&b);
    return out;
}

static int
count_calls(struct clgrpo_context *ctx, const struct op_case *c, bool with_event)
{
    struct op_bag b = {.ctx = ctx};
    cl_event event = NULL;
    int n;

    c->make(&b);
    fault_arm(0);
    fx_ok(ctx, c->call(&b, clgrpo_context_queue(ctx), with_event ? &event : NULL));
    n = fault_disarm();
    if (with_event)
        clReleaseEvent(event);
    fx_ok(ctx, clgrpo_queue_finish(ctx, clgrpo_context_queue(ctx)));
    op_bag_release(&b);
    return n;
}

static void
fail_call(struct clgrpo_context *ctx, const struct op_case *c, int at, bool with_event)
{
    struct op_bag b = {.ctx = ctx};
    cl_event event = NULL;
    enum clgrpo_status st;
    size_t bytes;
    int before;

    c->make(&b);
    before = fault_live();
    fault_arm(at);
    st = c->call(&b, clgrpo_context_queue(ctx), with_event ? &event : NULL);
    fault_disarm();
    ck_assert_msg(st == CLGRPO_E_OPENCL, "%s: call %d failed, the operation said %s", c->name, at,
                  clgrpo_status_name(st));
    ck_assert_int_eq(clgrpo_error_cl(ctx), CL_OUT_OF_RESOURCES);
    ck_assert_msg(strstr(clgrpo_error_text(ctx), "CL_OUT_OF_RESOURCES") != NULL, "%s: call %d: '%s'", c->name, at,
                  clgrpo_error_text(ctx));
    clgrpo_error_clear(ctx);
    ck_assert_msg(event == NULL, "%s: call %d failed, and an event was handed out", c->name, at);
    ck_assert_msg(fault_live() == before, "%s: call %d failed, and %d objects are left", c->name, at,
                  fault_live() - before);
    free(op_bag_outputs(&b, &bytes)); /* finishes what was enqueued; the guards are whole */
    op_bag_release(&b);
}

START_TEST(every_call_of_every_operation)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (unsigned i = 0; i < n_op_cases; i++)
        for (int with_event = 0; with_event < 2; with_event++) {
            const struct op_case *c = &op_cases[i];
            size_t n = 0, n_again = 0;
            unsigned char *want = run(ctx, c, with_event != 0, &n), *got;
            int calls = count_calls(ctx, c, with_event != 0);

            ck_assert_int_gt(calls, 2);
            for (int at = 1; at <= calls; at++)
                fail_call(ctx, c, at, with_event != 0);
            got = run(ctx, c, with_event != 0, &n_again);
            ck_assert_uint_eq(n, n_again);
            fx_same_bits(c->name, want, got, n);
            free(want);
            free(got);
        }
}
END_TEST

#ifdef HAVE_CLBLAST
/* Call `at` fails, and perhaps inside CLBlast, which makes of it a code of OpenCL's or of its own; what it does not
 * need may fail without harm. */
static enum clgrpo_status
fail_inside(struct clgrpo_context *ctx, const struct op_case *c, int at, const unsigned char *want)
{
    struct op_bag b = {.ctx = ctx};
    cl_event event = NULL;
    enum clgrpo_status st;
    unsigned char *got;
    size_t n = 0;
    int before;

    c->make(&b);
    before = fault_live();
    fault_arm(at);
    st = c->call(&b, clgrpo_context_queue(ctx), &event);
    fault_disarm();
    ck_assert_msg(st == CLGRPO_OK || st == CLGRPO_E_OPENCL, "call %d: %s", at, clgrpo_status_name(st));
    ck_assert_msg((event != NULL) == (st == CLGRPO_OK), "call %d: %s and %s event", at, clgrpo_status_name(st),
                  event != NULL ? "an" : "no");
    ck_assert_msg(st == CLGRPO_OK || clgrpo_error_text(ctx)[0] != '\0', "call %d: no sentence", at);
    clgrpo_error_clear(ctx);
    if (event != NULL)
        clReleaseEvent(event);
    ck_assert_msg(fault_live() == before, "call %d: %s, and %d objects are left", at, clgrpo_status_name(st),
                  fault_live() - before);
    got = op_bag_outputs(&b, &n);
    if (st == CLGRPO_OK)
        fx_same_bits("gemm by CLBlast", want, got, n);
    free(got);
    op_bag_release(&b);
    return st;
}

START_TEST(every_call_of_clblast)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    const struct op_case *c = op_cases;
    unsigned char *want, *got;
    int calls, refused = 0;
    size_t n = 0;

    while (strcmp(c->name, "gemm") != 0)
        c++;
    setenv("CLGRPO_GEMM", "clblast", 1);
    want = run(ctx, c, true, &n);
    calls = count_calls(ctx, c, true);
    for (int at = 1; at <= calls; at++)
        refused += fail_inside(ctx, c, at, want) != CLGRPO_OK;
    got = run(ctx, c, true, &n);
    fx_same_bits("gemm by CLBlast", want, got, n);
    free(want);
    free(got);
    unsetenv("CLGRPO_GEMM");
    ck_assert_int_gt(refused, 8);
}
END_TEST
#endif

/* A context that starts with no program: opening, compiling or loading, and the call itself. */
static enum clgrpo_status
open_and_add(const char *cache_dir, int at, int *calls)
{
    static const size_t shape[2] = {3, 5};
    struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;
    struct clgrpo_context *ctx = NULL;
    struct clgrpo_add_args a = CLGRPO_ADD_ARGS_INIT;
    enum clgrpo_status st;
    char error[512] = "";

    config.cache_dir = cache_dir;
    fault_arm(at);
    st = clgrpo_context_open(NULL, &config, &ctx, error, sizeof error);
    if (st == CLGRPO_OK)
        st = clgrpo_tensor_create(ctx, CLGRPO_F32, 2, shape, &a.a);
    if (st == CLGRPO_OK)
        st = clgrpo_tensor_zero(ctx, &a.a, clgrpo_context_queue(ctx), 0, NULL, NULL);
    a.b = a.y = a.a;
    if (st == CLGRPO_OK)
        st = clgrpo_add(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL);
    if (st == CLGRPO_OK)
        st = clgrpo_queue_finish(ctx, clgrpo_context_queue(ctx));
    *calls = fault_disarm();
    ck_assert_msg(st == CLGRPO_OK || error[0] != '\0' || clgrpo_error_text(ctx)[0] != '\0', "call %d: no sentence", at);
    clgrpo_tensor_destroy(&a.a);
    clgrpo_context_destroy(ctx);
    return st;
}

/* Queries that only inform, and the disk cache, may fail without harm; everything else must say so. Either way nothing
 * leaks. */
START_TEST(every_call_from_the_start)
{
    char dir[] = "/tmp/check_faults.XXXXXX";
    const char *cache = _i == 0 ? "" : dir;
    int calls, ignored, refused = 0, live;
    char command[128];

    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(open_and_add(cache, 0, &calls), CLGRPO_OK); /* fills the cache */
    ck_assert_int_eq(open_and_add(cache, 0, &calls), CLGRPO_OK);
    live = fault_live();
    for (int at = 1; at <= calls; at++) {
        refused += open_and_add(cache, at, &ignored) != CLGRPO_OK;
        ck_assert_msg(fault_live() == live, "call %d of %d failed, and %d objects are left", at, calls,
                      fault_live() - live);
        ck_assert_int_eq(open_and_add(cache, 0, &ignored), CLGRPO_OK);
    }
    ck_assert_int_gt(refused, 8);
    snprintf(command, sizeof command, "rm -r %s", dir);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

int
main(void)
{
    TCase *c = fx_case("faults");

    fx_own_driver_cache();
    fx_family_tests(c, every_call_of_every_operation);
#ifdef HAVE_CLBLAST
    fx_family_tests(c, every_call_of_clblast);
#endif
    tcase_add_loop_test(c, every_call_from_the_start, 0, 2);
    return fx_main();
}
