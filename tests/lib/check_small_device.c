/* SPDX-License-Identifier: Apache-2.0 */
/* Devices, or compiled kernels, that take work-groups of 64 or 128 items only: every operation has the bits that it has
 * elsewhere; and devices that lack what the library needs. This program stands between the library and OpenCL, says what such a device says, and refuses as it does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gemm_case.h"
#include "logprob_case.h"
#include "next_cl.h"
#include "op_cases.h"

static size_t of_device, of_kernel;    /* 0: as it is */
static const char *version, *language; /* NULL: as it is */
static bool no_compiler;
static unsigned refused;

cl_int
clGetDeviceInfo(cl_device_id d, cl_device_info what, size_t bytes, void *value, size_t *needs)
{
    cl_int code = NEXT(clGetDeviceInfo)(d, what, bytes, value, needs);

    if (what == CL_DEVICE_MAX_WORK_GROUP_SIZE && of_device > 0 && value != NULL)
        memcpy(value, &of_device, sizeof of_device);
    if (what == CL_DEVICE_COMPILER_AVAILABLE && no_compiler && value != NULL)
        memset(value, 0, bytes);
    if (what == CL_DEVICE_VERSION && version != NULL && value != NULL)
        snprintf(value, bytes, "%s", version);
    if (what == CL_DEVICE_OPENCL_C_VERSION && language != NULL && value != NULL)
        snprintf(value, bytes, "%s", language);
    return code;
}

cl_int
clGetKernelWorkGroupInfo(cl_kernel k, cl_device_id d, cl_kernel_work_group_info what, size_t bytes, void *value,
                         size_t *needs)
{
    cl_int code = NEXT(clGetKernelWorkGroupInfo)(k, d, what, bytes, value, needs);
    const size_t most = of_kernel > 0 ? of_kernel : of_device;

    if (what == CL_KERNEL_WORK_GROUP_SIZE && most > 0 && value != NULL)
        memcpy(value, &most, sizeof most);
    return code;
}

cl_int
clEnqueueNDRangeKernel(cl_command_queue q, cl_kernel k, cl_uint dims, const size_t *offset, const size_t *global,
                       const size_t *local, cl_uint n_wait, const cl_event *list, cl_event *event)
{
    const size_t most = of_kernel > 0 ? of_kernel : of_device;
    size_t items = 1;

    for (cl_uint i = 0; i < dims && local != NULL; i++)
        items *= local[i];
    if (most > 0 && items > most) {
        refused++;
        return CL_INVALID_WORK_GROUP_SIZE;
    }
    return NEXT(clEnqueueNDRangeKernel)(q, k, dims, offset, global, local, n_wait, list, event);
}

static struct clgrpo_context *
open_simt(void)
{
    struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;

    config.family = CLGRPO_FAMILY_SIMT;
    config.tune_file = "";
    return fx_open(NULL, &config);
}

static unsigned char *
outputs(struct clgrpo_context *ctx, const struct op_case *c, size_t *bytes)
{
    struct op_bag b = {.ctx = ctx};
    unsigned char *out;

    c->make(&b);
    fx_ok(ctx, c->call(&b, clgrpo_context_queue(ctx), NULL));
    out = op_bag_outputs(&b, bytes);
    op_bag_release(&b);
    return out;
}

/* Large enough that the usual tiles are the largest ones. */
static float *
product(struct clgrpo_context *ctx, size_t m, size_t n, size_t k)
{
    struct gemm_product p = gemm_product_make(ctx, (struct gemm_shape){m, n, k}, 0, 1.0f, 0);
    float *got = gemm_product_run(ctx, &p);

    gemm_product_free(&p);
    return got;
}

static float *
head(struct clgrpo_context *ctx, size_t n, size_t v, size_t e)
{
    struct head h = head_make(ctx, (struct shape){n, e, v}, false, 1.0f);
    float *got;

    head_forward(ctx, &h);
    got = fx_download(ctx, &h.fwd.logprob);
    head_release(&h);
    return got;
}

static const struct {
    size_t device, kernel;
} grants[] = {{64, 0}, {128, 0}, {0, 64}, {0, 128}};
enum { N_GRANTS = sizeof grants / sizeof grants[0] };

/* The usual context, and one that was opened with a grant. */
struct both {
    struct clgrpo_context *usual, *small;
    int grant;
};

static void
grant(const struct both *b)
{
    of_device = grants[b->grant].device;
    of_kernel = grants[b->grant].kernel;
}

static void
lift(void)
{
    of_device = of_kernel = 0;
}

static struct both
open_both(int which)
{
    struct both b = {.usual = open_simt(), .grant = which};

    grant(&b);
    refused = 0;
    b.small = open_simt();
    return b;
}

static void
close_both(struct both *b)
{
    ck_assert_uint_eq(refused, 0);
    lift();
    clgrpo_context_destroy(b->small);
    clgrpo_context_destroy(b->usual);
}

START_TEST(every_operation)
{
    struct both b = open_both(_i);

    for (unsigned i = 0; i < n_op_cases; i++) {
        size_t bytes, n;
        unsigned char *want, *got = outputs(b.small, &op_cases[i], &bytes);

        lift();
        want = outputs(b.usual, &op_cases[i], &n);
        grant(&b);
        ck_assert_uint_eq(n, bytes);
        fx_same_bits(op_cases[i].name, got, want, n);
        free(got), free(want);
    }
    close_both(&b);
}
END_TEST

START_TEST(large_shapes)
{
    enum { M = 520, N = 390, K = 40, V = 1500, E = 32 };
    struct both b = open_both(_i);

    for (int i = 0; i < 2; i++) {
        float *want, *got = i == 0 ? product(b.small, M, N, K) : head(b.small, M, V, E);

        lift();
        want = i == 0 ? product(b.usual, M, N, K) : head(b.usual, M, V, E);
        grant(&b);
        fx_same_bits(i == 0 ? "product" : "head", got, want, (i == 0 ? M * N : M) * sizeof(float));
        free(got), free(want);
    }
    close_both(&b);
}
END_TEST

static void
refuses(const char *sentence)
{
    struct clgrpo_context *ctx = NULL;
    char error[256] = "";

    ck_assert_int_eq(clgrpo_context_open(NULL, NULL, &ctx, error, sizeof error), CLGRPO_E_DEVICE);
    ck_assert_ptr_null(ctx);
    ck_assert_msg(strstr(error, sentence) != NULL, "%s", error);
}

START_TEST(what_it_lacks_is_told)
{
    no_compiler = true;
    refuses("no compiler");
    no_compiler = false;
    version = "OpenCL 1.1 Old";
    refuses("has \"OpenCL 1.1 Old\" and ");
    version = NULL;
    language = "OpenCL C 1.0";
    refuses("need OpenCL 1.2 and OpenCL C 1.2");
    language = "nonsense";
    refuses("\"nonsense\"");
    language = NULL;
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("small work-groups");

    tcase_add_loop_test(tc, every_operation, 0, N_GRANTS);
    tcase_add_loop_test(tc, large_shapes, 0, N_GRANTS);
    fx_tests(tc, what_it_lacks_is_told);
    return fx_main();
}
