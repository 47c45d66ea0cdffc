/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts, statuses by name, and kernels by name. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fixture.h"
#include "launch.h"

static struct clgrpo_context *
open_as(const char *selector, enum clgrpo_family family)
{
    struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;

    config.family = family;
    config.cache_dir = "";
    return fx_open(selector, &config);
}

static struct clgrpo_add_args
make_add(struct clgrpo_context *ctx, size_t n, size_t e, const float *x, const float *y)
{
    struct clgrpo_add_args a = CLGRPO_ADD_ARGS_INIT;

    a.a = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(n, e), x);
    a.b = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(n, e), y);
    a.y = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(n, e));
    return a;
}

static void
release_add(struct clgrpo_add_args *a)
{
    fx_release_all(&a->a, &a->b, &a->y);
}

static void
check_sum(struct clgrpo_context *ctx, const struct clgrpo_tensor *t, const float *x, const float *y, size_t n)
{
    float *got = fx_download(ctx, t);

    for (size_t i = 0; i < n; i++)
        ck_assert_msg(got[i] == x[i] + y[i], "element %zu is %g, want %g", i, (double)got[i], (double)(x[i] + y[i]));
    free(got);
}

/* ---- Contexts ---- */

static cl_uint
references(cl_context cl)
{
    cl_uint n = 0;

    ck_assert_int_eq(clGetContextInfo(cl, CL_CONTEXT_REFERENCE_COUNT, sizeof n, &n, NULL), CL_SUCCESS);
    return n;
}

START_TEST(create_borrows)
{
    struct clgrpo_context *host = open_as(NULL, CLGRPO_FAMILY_AUTO), *ctx = NULL;
    cl_context cl = clgrpo_context_cl(host);
    cl_device_id device = clgrpo_context_device(host);
    cl_uint before = references(cl);

    ck_assert_int_eq(clgrpo_context_create(cl, device, NULL, &ctx, NULL, 0), CLGRPO_OK);
    ck_assert_ptr_eq(clgrpo_context_cl(ctx), cl);
    ck_assert_ptr_eq(clgrpo_context_device(ctx), device);
    ck_assert_ptr_null(clgrpo_context_queue(ctx));
    ck_assert_uint_gt(references(cl), before);
    clgrpo_context_destroy(ctx);
    ck_assert_uint_eq(references(cl), before);
    clgrpo_context_destroy(host);
    clgrpo_context_destroy(NULL);
}
END_TEST

static void
create_fails(cl_context cl, cl_device_id device, const struct clgrpo_context_config *config, const char *sentence)
{
    struct clgrpo_context *out = (void *)&cl;
    char error[256] = "";

    ck_assert_int_eq(clgrpo_context_create(cl, device, config, &out, error, sizeof error), CLGRPO_E_ARGUMENT);
    ck_assert_ptr_null(out);
    ck_assert_msg(strstr(error, sentence) != NULL, "%s", error);
}

START_TEST(create_refuses)
{
    struct clgrpo_context *host = open_as(NULL, CLGRPO_FAMILY_AUTO), *out = NULL;
    char error[256];
    struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;
    cl_context cl = clgrpo_context_cl(host);
    cl_device_id device = clgrpo_context_device(host);

    ck_assert_int_eq(clgrpo_context_create(cl, device, NULL, NULL, error, sizeof error), CLGRPO_E_ARGUMENT);
    ck_assert_int_eq(clgrpo_context_create(NULL, device, NULL, &out, NULL, 0), CLGRPO_E_ARGUMENT);
    create_fails(NULL, device, &config, "the cl_context is null");
    create_fails(cl, NULL, &config, "the device is null");
    config.struct_size = 0;
    create_fails(cl, device, &config, "struct_size is 0");
    config.struct_size = sizeof config + 8;
    create_fails(cl, device, &config, "built for a newer one");
    config.struct_size = sizeof config;
    config.family = (enum clgrpo_family)7;
    create_fails(cl, device, &config, "unknown family 7");
    clgrpo_context_destroy(host);
}
END_TEST

START_TEST(selectors)
{
    struct clgrpo_device_info info = CLGRPO_DEVICE_INFO_INIT;
    struct clgrpo_context *ctx = open_as("0:0", CLGRPO_FAMILY_AUTO), *out = (void *)&info;
    cl_device_id device = clgrpo_context_device(ctx);
    char error[256] = "", name[128];

    fx_ok(ctx, clgrpo_device_info_get(ctx, &info));
    ck_assert(info.vector_width == 1 || info.vector_width == 4 || info.vector_width == 8 || info.vector_width == 16);
    ck_assert(info.compute_units > 0 && info.max_work_group > 0 && strstr(info.key, info.vendor) != NULL);
    info.struct_size = 3;
    fx_fails(ctx, clgrpo_device_info_get(ctx, &info), CLGRPO_E_ARGUMENT);
    clgrpo_context_destroy(ctx);
    for (size_t i = 0; i <= strlen(info.name) && i < sizeof name; i++)
        name[i] = (char)(info.name[i] >= 'a' && info.name[i] <= 'z' ? info.name[i] - 32 : info.name[i]);
    ctx = open_as(name, CLGRPO_FAMILY_AUTO);
    ck_assert_ptr_eq(clgrpo_context_device(ctx), device);
    clgrpo_context_destroy(ctx);
    ck_assert_int_eq(clgrpo_context_open("no such thing", NULL, &out, error, sizeof error), CLGRPO_E_DEVICE);
    ck_assert_ptr_null(out);
    ck_assert_msg(strstr(error, "no such thing") != NULL && strstr(error, info.name) != NULL, "%s", error);
    ck_assert_int_eq(clgrpo_context_open("99:0", NULL, &out, NULL, 0), CLGRPO_E_DEVICE);
    ck_assert_int_eq(clgrpo_context_open(NULL, NULL, NULL, error, sizeof error), CLGRPO_E_ARGUMENT);
}
END_TEST

static enum clgrpo_family
family_of(enum clgrpo_family wanted)
{
    struct clgrpo_context *ctx = open_as(NULL, wanted);
    struct clgrpo_device_info info = CLGRPO_DEVICE_INFO_INIT;

    fx_ok(ctx, clgrpo_device_info_get(ctx, &info));
    clgrpo_context_destroy(ctx);
    return info.family;
}

static void
refused_by(const char *variable, const char *value, const char *sentence)
{
    struct clgrpo_context *out = NULL;
    char error[256] = "";

    setenv(variable, value, 1);
    ck_assert_int_eq(clgrpo_context_open(NULL, NULL, &out, error, sizeof error), CLGRPO_E_VALUE);
    ck_assert_ptr_null(out);
    ck_assert_msg(strstr(error, variable) != NULL && strstr(error, sentence) != NULL, "%s", error);
}

START_TEST(families)
{
    char *old = getenv("CLGRPO_FAMILY");

    old = old != NULL ? strdup(old) : NULL;
    setenv("CLGRPO_FAMILY", "simt", 1);
    ck_assert_int_eq(family_of(CLGRPO_FAMILY_AUTO), CLGRPO_FAMILY_SIMT);
    ck_assert_int_eq(family_of(CLGRPO_FAMILY_CPU), CLGRPO_FAMILY_CPU);
    setenv("CLGRPO_FAMILY", "CPU", 1);
    ck_assert_int_eq(family_of(CLGRPO_FAMILY_AUTO), CLGRPO_FAMILY_CPU);
    ck_assert_int_eq(family_of(CLGRPO_FAMILY_SIMT), CLGRPO_FAMILY_SIMT);
    refused_by("CLGRPO_FAMILY", "gpu", "simt or cpu");
    old != NULL ? setenv("CLGRPO_FAMILY", old, 1) : unsetenv("CLGRPO_FAMILY");
    free(old);
}
END_TEST

START_TEST(vector_widths)
{
    static const char *const widths[] = {"4", "8", "16"};
    char *old = getenv("CLGRPO_VECTOR_WIDTH");

    old = old != NULL ? strdup(old) : NULL;
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        struct clgrpo_device_info info = CLGRPO_DEVICE_INFO_INIT;
        struct clgrpo_context *ctx;

        setenv("CLGRPO_VECTOR_WIDTH", widths[i], 1);
        ctx = open_as(NULL, CLGRPO_FAMILY_CPU);
        fx_ok(ctx, clgrpo_device_info_get(ctx, &info));
        ck_assert_uint_eq(info.vector_width, (cl_uint)atoi(widths[i]));
        clgrpo_context_destroy(ctx);
    }
    struct clgrpo_device_info own = CLGRPO_DEVICE_INFO_INIT, simt = CLGRPO_DEVICE_INFO_INIT;
    struct clgrpo_context *ctx = open_as(NULL, CLGRPO_FAMILY_SIMT);

    fx_ok(ctx, clgrpo_device_info_get(ctx, &simt));
    clgrpo_context_destroy(ctx);
    unsetenv("CLGRPO_VECTOR_WIDTH");
    ctx = open_as(NULL, CLGRPO_FAMILY_SIMT);
    fx_ok(ctx, clgrpo_device_info_get(ctx, &own));
    ck_assert_uint_eq(simt.vector_width, own.vector_width);
    clgrpo_context_destroy(ctx);
    refused_by("CLGRPO_VECTOR_WIDTH", "5", "4, 8 or 16");
    refused_by("CLGRPO_VECTOR_WIDTH", "8x", "4, 8 or 16");
    old != NULL ? setenv("CLGRPO_VECTOR_WIDTH", old, 1) : unsetenv("CLGRPO_VECTOR_WIDTH");
    free(old);
}
END_TEST

/* Two contexts of each family on one device at once: neither sees the other's errors or programs, or minds its end. */
START_TEST(contexts_are_independent)
{
    struct clgrpo_context *ctx[4];
    float *x = fx_random(21, 1.0f, 1), *y = fx_random(21, 1.0f, 2);
    struct clgrpo_add_args a[4], bad = CLGRPO_ADD_ARGS_INIT;

    for (int i = 0; i < 4; i++)
        ctx[i] = open_as(NULL, fx_family(i % 2));
    bad.struct_size = 1;
    ck_assert_int_eq(clgrpo_add(ctx[0], &bad, clgrpo_context_queue(ctx[0]), 0, NULL, NULL), CLGRPO_E_ARGUMENT);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(clgrpo_error_status(ctx[i]), i == 0 ? CLGRPO_E_ARGUMENT : CLGRPO_OK);
        a[i] = make_add(ctx[i], 3, 7, x, y);
        ck_assert_int_eq(clgrpo_add(ctx[i], &a[i], clgrpo_context_queue(ctx[i]), 0, NULL, NULL), CLGRPO_OK);
    }
    for (int i = 0; i < 4; i++) {
        struct clgrpo_cache_stats stats = CLGRPO_CACHE_STATS_INIT;

        fx_ok(ctx[i], clgrpo_cache_stats_get(ctx[i], &stats));
        ck_assert_uint_eq(stats.n_built, 1);
        check_sum(ctx[i], &a[i].y, x, y, 21);
        release_add(&a[i]);
        clgrpo_context_destroy(ctx[i]);
    }
    free(x), free(y);
}
END_TEST

/* What OpenCL refuses comes back with its code; here a copy onto itself, shifted. */
START_TEST(opencl_failure_is_reported)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    cl_command_queue q = clgrpo_context_queue(ctx);
    float *x = fx_random(6, 1.0f, 3);
    struct clgrpo_add_args a = make_add(ctx, 2, 3, x, x);
    struct clgrpo_tensor from = clgrpo_tensor_view(a.a.buf, 0, CLGRPO_F32, 1, FX_SHAPE(5)), to = from;

    to.offset = 1;
    ck_assert_int_eq(clgrpo_tensor_copy(ctx, &from, &to, q, 0, NULL, NULL), CLGRPO_E_OPENCL);
    ck_assert_int_eq(clgrpo_error_cl(ctx), CL_MEM_COPY_OVERLAP);
    ck_assert_str_eq(clgrpo_error_text(ctx), "clEnqueueCopyBuffer failed with CL_MEM_COPY_OVERLAP (-8)");
    clgrpo_error_clear(ctx);
    fx_fails(ctx, clgrpo_add(ctx, &a, NULL, 0, NULL, NULL), CLGRPO_E_ARGUMENT);
    fx_ok(ctx, clgrpo_add(ctx, &a, q, 0, NULL, NULL));
    check_sum(ctx, &a.y, x, x, 6);
    release_add(&a);
    free(x);
}
END_TEST

START_TEST(names)
{
    char version[32];

    for (int i = CLGRPO_OK; i <= CLGRPO_E_OPENCL; i++) {
        ck_assert_int_eq(strncmp(clgrpo_status_name((enum clgrpo_status)i), "CLGRPO_", 7), 0);
        for (int j = CLGRPO_OK; j < i; j++) {
            ck_assert_str_ne(clgrpo_status_name((enum clgrpo_status)i), clgrpo_status_name((enum clgrpo_status)j));
            ck_assert_str_ne(clgrpo_status_text((enum clgrpo_status)i), clgrpo_status_text((enum clgrpo_status)j));
        }
    }
    ck_assert_str_eq(clgrpo_status_name((enum clgrpo_status)99), "CLGRPO_E_?");
    snprintf(version, sizeof version, "%d.%d.%d", CLGRPO_VERSION_MAJOR, CLGRPO_VERSION_MINOR, CLGRPO_VERSION_PATCH);
    ck_assert_str_eq(clgrpo_version(), version);
}
END_TEST

/* ---- Kernels by name ---- */

START_TEST(kernels_are_built_once)
{
    struct clgrpo_context *ctx = open_as(NULL, fx_family(_i));
    const char *defines = _i == 0 ? "-DC_CPU=0" : "-DC_CPU=1";
    cl_kernel first, again, other;

    fx_ok(ctx, clg_kernel_get(ctx, "add", "k_add", defines, &first));
    fx_ok(ctx, clg_kernel_get(ctx, "add", "k_add", defines, &again));
    ck_assert_ptr_eq(first, again);
    ck_assert_uint_eq(ctx->cache_stats.n_built, 1);
    fx_ok(ctx, clg_kernel_get(ctx, "add", "k_add", "-DC_CPU=1 -DC_UNUSED", &other));
    ck_assert_ptr_ne(first, other);
    ck_assert_uint_eq(ctx->cache_stats.n_built, 2);
    fx_fails(ctx, clg_kernel_get(ctx, "no_unit", "k_add", NULL, &other), CLGRPO_E_UNSUPPORTED);
    fx_fails(ctx, clg_kernel_get(ctx, "add", "k_none", defines, &other), CLGRPO_E_BUILD);
    ck_assert_int_eq(clg_kernel_get(ctx, "add", "k_add", "-Dfloat=nonsense", &other), CLGRPO_E_BUILD);
    ck_assert_ptr_nonnull(strstr(clgrpo_error_text(ctx), "add: clBuildProgram failed"));
    ck_assert_ptr_nonnull(strchr(clgrpo_error_log(ctx), '\n')); /* all of it, where the sentence has the first line */
    clgrpo_error_clear(ctx);
    ck_assert_str_eq(clgrpo_error_log(ctx), "");
    fx_ok(ctx, clg_kernel_get(ctx, "add", "k_add", defines, &again));
    ck_assert_ptr_eq(first, again);
    clgrpo_context_destroy(ctx);
}
END_TEST

/* k_add has 11 parameters, the first a buffer. */
START_TEST(launch_refuses)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct clg_grid huge = clg_grid1(1, ctx->info.max_work_group + 1), one = clg_grid1(1, 1), none = clg_grid1(0, 1);
    const struct clg_arg numbers[12] = {CLG_INT(1)};
    struct clg_seq seq = {0};
    char want[64];
    cl_kernel k;

    fx_ok(ctx, clg_kernel_get(ctx, "add", "k_add", _i == 0 ? "-DC_CPU=0" : "-DC_CPU=1", &k));
    fx_ok(ctx, clg_seq_begin(&seq, ctx, clgrpo_context_queue(ctx), 0, NULL, NULL));
    fx_fails(ctx, clg_launch(&seq, k, &huge, numbers, 11), CLGRPO_E_UNSUPPORTED);
    for (cl_uint n = 0; n <= 12; n++) {
        if (n == 11)
            continue;
        ck_assert_int_eq(clg_launch(&seq, k, &one, numbers, n), CLGRPO_E_ARGUMENT);
        snprintf(want, sizeof want, "k_add: %u arguments for 11 parameters", n);
        ck_assert_str_eq(clgrpo_error_text(ctx), want);
        clgrpo_error_clear(ctx);
    }
    fx_fails(ctx, clg_launch(&seq, k, &one, numbers, 11), CLGRPO_E_OPENCL); /* an int for a buffer */
    fx_ok(ctx, clg_launch(&seq, k, &none, numbers, 0));
    ck_assert_int_eq(clg_seq_end(&seq, CLGRPO_E_VALUE), CLGRPO_E_VALUE);
}
END_TEST

/* Values reach the union as the kernel's type; what 32 bits do not hold is refused with its value. */
START_TEST(arguments)
{
    struct clgrpo_context *ctx = fx_context(CLGRPO_FAMILY_SIMT);
    const size_t most_int = 0x7fffffff, most_uint = 0xffffffff;
    struct clg_grid one = clg_grid1(1, 1);
    struct clg_arg args[11] = {CLG_INT(-3), CLG_UINT(7u), CLG_SIZE((size_t)1 << 40), CLG_FLOAT(0.1)};
    struct clg_seq seq = {0};
    cl_kernel k;

    ck_assert_int_eq(args[0].value.i, -3);
    ck_assert_uint_eq(args[1].value.u, 7);
    ck_assert_uint_eq(args[2].value.z, (size_t)1 << 40);
    ck_assert(args[3].value.f == 0.1f && args[3].bytes == 4);
    ck_assert_uint_eq(CLG_LOCAL((size_t)96).bytes, 96);
    ck_assert(CLG_INT(most_int).too_much == 0 && CLG_UINT(most_uint).too_much == 0);
    ck_assert_uint_eq(CLG_INT(most_int + 1).too_much, most_int + 1);
    ck_assert_uint_eq(CLG_UINT(most_uint + 1).too_much, most_uint + 1);
    fx_ok(ctx, clg_kernel_get(ctx, "add", "k_add", "-DC_CPU=0", &k));
    fx_ok(ctx, clg_seq_begin(&seq, ctx, clgrpo_context_queue(ctx), 0, NULL, NULL));
    args[0] = CLG_UINT(most_uint + 1);
    ck_assert_int_eq(clg_launch(&seq, k, &one, args, 11), CLGRPO_E_ARGUMENT);
    ck_assert_str_eq(clgrpo_error_text(ctx), "k_add: argument 0 is 4294967296, more than its 32 bits hold");
    clgrpo_error_clear(ctx);
    fx_ok(ctx, clg_seq_end(&seq, CLGRPO_OK));
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("core");

    fx_own_driver_cache();
    fx_tests(tc, create_borrows, create_refuses, selectors, families, vector_widths, contexts_are_independent, names,
             arguments);
    fx_family_tests(tc, opencl_failure_is_reported, kernels_are_built_once, launch_refuses);
    return fx_main();
}
