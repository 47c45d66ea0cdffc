/* SPDX-License-Identifier: Apache-2.0 */
/* Programs ahead of time: what was prepared is not compiled later, nothing runs meanwhile, and processes that share a folder
 * compile each program once. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache.h"
#include "cache_case.h"
#include "internal.h"
#include "op_cases.h"

/* Seconds of a child's life. */
enum { PATIENCE = 300 };

static struct clgrpo_context *
open_cached(enum clgrpo_family family, const char *dir)
{
    struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;

    config.family = family;
    config.cache_dir = dir;
    return fx_open(NULL, &config);
}

static struct clgrpo_cache_stats
stats_of(struct clgrpo_context *ctx)
{
    struct clgrpo_cache_stats s = CLGRPO_CACHE_STATS_INIT;

    fx_ok(ctx, clgrpo_cache_stats_get(ctx, &s));
    return s;
}

/* Programs that it has, wherever they are from. */
static unsigned
n_programs(struct clgrpo_context *ctx)
{
    const struct clgrpo_cache_stats s = stats_of(ctx);

    return s.n_built + s.n_loaded;
}

/* The outputs of every operation are as they were before it was prepared, and the calls that follow compile nothing. */
START_TEST(prepared_operations_do_not_compile)
{
    struct clgrpo_context *ctx = open_cached(fx_family(_i), NULL);
    struct op_bag *bags = calloc(n_op_cases, sizeof *bags);
    unsigned n;

    ck_assert_ptr_nonnull(bags);
    for (unsigned i = 0; i < n_op_cases; i++) {
        bags[i].ctx = ctx;
        op_cases[i].make(&bags[i]);
    }
    n = n_programs(ctx);
    fx_ok(ctx, clgrpo_prepare_begin(ctx));
    for (unsigned i = 0; i < n_op_cases; i++) {
        cl_event event = NULL;

        fx_ok(ctx, op_cases[i].call(&bags[i], clgrpo_context_queue(ctx), &event));
        ck_assert_int_eq(clWaitForEvents(1, &event), CL_SUCCESS);
        clReleaseEvent(event);
    }
    ck_assert_uint_eq(n_programs(ctx), n);
    fx_ok(ctx, clgrpo_prepare_end(ctx));
    ck_assert_uint_gt(n_programs(ctx), n + 10);
    n = n_programs(ctx);
    for (unsigned i = 0; i < n_op_cases; i++) {
        struct op_bag fresh = {.ctx = ctx};
        unsigned char *before, *after;
        size_t bytes;

        op_cases[i].make(&fresh);
        before = op_bag_outputs(&fresh, &bytes);
        after = op_bag_outputs(&bags[i], &bytes);
        fx_same_bits(op_cases[i].name, before, after, bytes);
        free(before), free(after);
        fx_ok(ctx, op_cases[i].call(&bags[i], clgrpo_context_queue(ctx), NULL));
        fx_ok(ctx, clgrpo_queue_finish(ctx, clgrpo_context_queue(ctx)));
        ck_assert_msg(n_programs(ctx) == n, "%s compiles a program that was prepared", op_cases[i].name);
        op_bag_release(&fresh);
        op_bag_release(&bags[i]);
    }
    free(bags);
    clgrpo_context_destroy(ctx);
}
END_TEST

START_TEST(copies_wait_for_the_end)
{
    struct clgrpo_context *ctx = open_cached(CLGRPO_FAMILY_AUTO, "");
    cl_command_queue queue = clgrpo_context_queue(ctx);
    const float host[3] = {1.0f, 2.0f, 3.0f}, other[3] = {4.0f, 5.0f, 6.0f};
    struct clgrpo_tensor x = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(3), host);
    float got[3];

    ck_assert_int_eq(clgrpo_prepare_begin(NULL), CLGRPO_E_ARGUMENT);
    fx_fails(ctx, clgrpo_prepare_end(ctx), CLGRPO_E_ARGUMENT);
    fx_ok(ctx, clgrpo_prepare_begin(ctx));
    fx_fails(ctx, clgrpo_prepare_begin(ctx), CLGRPO_E_ARGUMENT);
    fx_ok(ctx, clgrpo_tensor_zero(ctx, &x, queue, 0, NULL, NULL));
    fx_ok(ctx, clgrpo_tensor_write(ctx, queue, &x, other, sizeof other));
    fx_ok(ctx, clgrpo_tensor_read(ctx, queue, &x, got, sizeof got));
    ck_assert(got[0] == 0.0f && got[2] == 0.0f);
    fx_ok(ctx, clgrpo_prepare_end(ctx));
    fx_ok(ctx, clgrpo_tensor_read(ctx, queue, &x, got, sizeof got));
    fx_same_bits("x", got, host, sizeof got);
    fx_release(&x);
    clgrpo_context_destroy(ctx);
}
END_TEST

/* ---- Several processes ---- */

static const char *child_dir; /* in a child: the folder that it shares */

/* In a process of its own: prepares three operations, runs them, and tells how many programs it compiled and loaded. */
START_TEST(child)
{
    static const char *const wanted[] = {"add", "rmsnorm", "swiglu"};
    struct clgrpo_context *ctx = open_cached(CLGRPO_FAMILY_AUTO, child_dir);
    struct clgrpo_cache_stats s;

    for (int pass = 0; pass < 2; pass++) {
        if (pass == 0)
            fx_ok(ctx, clgrpo_prepare_begin(ctx));
        for (unsigned i = 0; i < 3 * n_op_cases; i++) {
            struct op_bag bag = {.ctx = ctx};

            if (strcmp(op_cases[i % n_op_cases].name, wanted[i / n_op_cases]) != 0)
                continue;
            op_cases[i % n_op_cases].make(&bag);
            fx_ok(ctx, op_cases[i % n_op_cases].call(&bag, clgrpo_context_queue(ctx), NULL));
            fx_ok(ctx, clgrpo_queue_finish(ctx, clgrpo_context_queue(ctx)));
            op_bag_release(&bag);
        }
        if (pass == 0)
            fx_ok(ctx, clgrpo_prepare_end(ctx));
    }
    s = stats_of(ctx);
    printf("\nprograms %u %u\n", s.n_built, s.n_loaded);
    clgrpo_context_destroy(ctx);
}
END_TEST

/* What a child tells on its standard output, among other lines. */
static void
read_child(FILE *f, unsigned *built, unsigned *loaded)
{
    char line[256];
    int found = 0;

    while (fgets(line, sizeof line, f) != NULL)
        found += sscanf(line, "programs %u %u", built, loaded) == 2;
    ck_assert_int_eq(found, 1);
    ck_assert_int_eq(pclose(f), 0);
}

START_TEST(processes_compile_each_program_once)
{
    enum { N = 3 };
    char command[1200], self[512] = "", path[512];
    FILE *children[N];
    unsigned built = 0;

    ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof self - 1), 0);
    snprintf(command, sizeof command, "'%s' child '%s'", self, cache_path);
    for (int i = 0; i < N; i++)
        ck_assert_ptr_nonnull(children[i] = popen(command, "r"));
    for (int i = 0; i < N; i++) {
        unsigned b = 0, l = 0;

        read_child(children[i], &b, &l);
        ck_assert_uint_eq(b + l, 3);
        built += b;
    }
    ck_assert_uint_eq(built, 3);
    find_cache_file(path, 3);
}
END_TEST

/* What another builds is left out, and is there to take when that is done. */
START_TEST(try_does_not_wait)
{
    static const char key[] = "a program";
    int held = clg_cache_lock(cache_path, key, sizeof key), lock = 0;

    ck_assert_int_ge(held, 0);
    ck_assert(!clg_cache_try_lock(cache_path, key, sizeof key, &lock));
    ck_assert_int_eq(lock, -1);
    clg_cache_unlock(held);
    ck_assert(clg_cache_try_lock(cache_path, key, sizeof key, &lock));
    ck_assert_int_ge(lock, 0);
    clg_cache_unlock(lock);
    ck_assert(clg_cache_try_lock("/nowhere", key, sizeof key, &lock));
    ck_assert_int_eq(lock, -1);
}
END_TEST

int
main(int argc, char **argv)
{
    TCase *t;

    if (argc == 3 && strcmp(argv[1], "child") == 0) {
        fx_own_driver_cache();
        alarm(PATIENCE);
        child_dir = argv[2];
        fx_tests(fx_case("child"), child);
        return fx_main();
    }
    t = fx_case("prepare");
    tcase_add_checked_fixture(t, make_cache_path, remove_cache_path);
    fx_family_tests(t, prepared_operations_do_not_compile);
    fx_tests(t, copies_wait_for_the_end, processes_compile_each_program_once, try_does_not_wait);
    return fx_main();
}
