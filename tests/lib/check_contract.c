/* SPDX-License-Identifier: Apache-2.0 */
/* What holds of every call: the error record, null contexts and queues, structs of older programs, reserved fields. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "internal.h"

START_TEST(last_error_is_kept)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct clgrpo_tensor t = {.rank = 1, .dtype = CLGRPO_F32, .shape = {5}, .stride = {1}};

    ck_assert_str_eq(clgrpo_error_text(ctx), "");
    ck_assert_int_eq(clg_fail_cl(ctx, CL_OUT_OF_RESOURCES, "clFinish(queue)"), CLGRPO_E_OPENCL);
    ck_assert_int_eq(clgrpo_error_cl(ctx), CL_OUT_OF_RESOURCES);
    ck_assert_str_eq(clgrpo_error_text(ctx), "clFinish failed with CL_OUT_OF_RESOURCES (-5)");
    ck_assert_int_eq(clg_tensor_check(ctx, "op", "t", &t, CLGRPO_F32, 1, CLG_SHAPE(6)), CLGRPO_E_SHAPE);
    ck_assert_int_eq(clgrpo_error_status(ctx), CLGRPO_E_SHAPE);
    ck_assert_int_eq(clgrpo_error_cl(ctx), CL_SUCCESS);
    ck_assert_str_eq(clgrpo_error_text(ctx), "op: t has extent 5 in dimension 0, need 6");
    ck_assert_int_eq(clg_tensor_check(ctx, "op", "t", &t, CLGRPO_I32, 1, CLG_SHAPE(5)), CLGRPO_E_DTYPE);
    ck_assert_str_eq(clgrpo_error_text(ctx), "op: t is f32, need i32");
    clgrpo_error_clear(ctx);
    ck_assert_int_eq(clgrpo_error_status(ctx), CLGRPO_OK);
    ck_assert_str_eq(clgrpo_error_text(ctx), "");
}
END_TEST

START_TEST(reserved_fields_are_zero)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct clgrpo_tensor t;
    struct clgrpo_workspace w = fx_workspace(ctx, 64);

    fx_ok(ctx, clgrpo_tensor_create(ctx, CLGRPO_F32, 1, FX_SHAPE(5), &t));
    fx_ok(ctx, clg_tensor_check(ctx, "op", "t", &t, CLGRPO_F32, 1, CLG_SHAPE(5)));
    t.reserved[1] = 7;
    fx_fails(ctx, clg_tensor_check(ctx, "op", "t", &t, CLGRPO_F32, 1, CLG_SHAPE(5)), CLGRPO_E_ARGUMENT);
    fx_ok(ctx, clg_workspace_check(ctx, "op", &w, 64));
    w.reserved = 1;
    fx_fails(ctx, clg_workspace_check(ctx, "op", &w, 64), CLGRPO_E_ARGUMENT);
    clgrpo_tensor_destroy(&t);
    fx_workspace_release(&w);
}
END_TEST

/* Without a context there is no record: the status says all, and nothing crashes. */
START_TEST(no_context)
{
    struct clgrpo_context *ctx = fx_context(CLGRPO_FAMILY_CPU);
    struct clgrpo_device_info info = CLGRPO_DEVICE_INFO_INIT;
    struct clgrpo_cache_stats stats = CLGRPO_CACHE_STATS_INIT;
    struct clgrpo_global_norm_args norm = CLGRPO_GLOBAL_NORM_ARGS_INIT;
    struct clgrpo_tensor t = {0};
    cl_command_queue q = clgrpo_context_queue(ctx);
    size_t bytes = 0;

    ck_assert_int_eq(clgrpo_global_norm(NULL, &norm, q, 0, NULL, NULL), CLGRPO_E_ARGUMENT);
    ck_assert_int_eq(clgrpo_global_norm_workspace(NULL, &norm, &bytes), CLGRPO_E_ARGUMENT);
    fx_fails(ctx, clgrpo_global_norm_workspace(ctx, NULL, &bytes), CLGRPO_E_ARGUMENT);
    fx_fails(ctx, clgrpo_global_norm(ctx, NULL, q, 0, NULL, NULL), CLGRPO_E_ARGUMENT);
    ck_assert_int_eq(clgrpo_tensor_create(NULL, CLGRPO_F32, 1, FX_SHAPE(1), &t), CLGRPO_E_ARGUMENT);
    ck_assert_int_eq(clgrpo_tensor_write(NULL, q, &t, &bytes, 0), CLGRPO_E_ARGUMENT);
    ck_assert_int_eq(clgrpo_tensor_read(NULL, q, &t, &bytes, 0), CLGRPO_E_ARGUMENT);
    ck_assert_int_eq(clgrpo_tensor_zero(NULL, &t, q, 0, NULL, NULL), CLGRPO_E_ARGUMENT);
    ck_assert_int_eq(clgrpo_tensor_copy(NULL, &t, &t, q, 0, NULL, NULL), CLGRPO_E_ARGUMENT);
    ck_assert_int_eq(clgrpo_queue_finish(NULL, q), CLGRPO_E_ARGUMENT);
    fx_fails(ctx, clgrpo_queue_finish(ctx, NULL), CLGRPO_E_ARGUMENT);
    fx_fails(ctx, clgrpo_tensor_write(ctx, NULL, &t, &bytes, 0), CLGRPO_E_ARGUMENT);
    ck_assert_int_eq(clgrpo_device_info_get(NULL, &info), CLGRPO_E_ARGUMENT);
    ck_assert_int_eq(clgrpo_cache_stats_get(NULL, &stats), CLGRPO_E_ARGUMENT);
    fx_fails(ctx, clgrpo_cache_stats_get(ctx, NULL), CLGRPO_E_ARGUMENT);
    ck_assert_int_eq(clgrpo_error_status(NULL), CLGRPO_E_ARGUMENT);
    ck_assert_int_eq(clgrpo_error_cl(NULL), CL_SUCCESS);
    ck_assert_str_eq(clgrpo_error_text(NULL), "");
    ck_assert_str_eq(clgrpo_error_log(NULL), "");
    ck_assert_ptr_null(clgrpo_context_cl(NULL));
    ck_assert_ptr_null(clgrpo_context_device(NULL));
    ck_assert_ptr_null(clgrpo_context_queue(NULL));
    clgrpo_error_clear(NULL);
    clgrpo_context_destroy(NULL);
}
END_TEST

/* What an older program does not know has its default, whatever lies behind its struct. */
START_TEST(older_struct_has_defaults)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct clgrpo_rmsnorm_args a = CLGRPO_RMSNORM_ARGS_INIT;
    struct clgrpo_cache_stats stats = CLGRPO_CACHE_STATS_INIT;
    const float x[4] = {1e-3f, 2e-3f, -1e-3f, 5e-4f}, one[4] = {1.0f, 1.0f, 1.0f, 1.0f};
    cl_command_queue q = clgrpo_context_queue(ctx);
    float *got[2];

    a.x = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(1, 4), x);
    a.w = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(4), one);
    a.y = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(1, 4));
    a.rstd = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(1));
    for (int i = 0; i < 2; i++) {
        a.struct_size = i == 0 ? sizeof a : offsetof(struct clgrpo_rmsnorm_args, eps);
        fx_ok(ctx, clgrpo_rmsnorm(ctx, &a, q, 0, NULL, NULL));
        got[i] = fx_download(ctx, &a.y);
        a.eps = 100.0f;
        memset(&a.workspace, 0xff, sizeof a.workspace);
    }
    fx_same_bits("y", got[1], got[0], 4 * sizeof(float));
    a.struct_size = sizeof a + sizeof(size_t);
    fx_fails(ctx, clgrpo_rmsnorm(ctx, &a, q, 0, NULL, NULL), CLGRPO_E_ARGUMENT);
    a.struct_size = 1;
    fx_fails(ctx, clgrpo_rmsnorm(ctx, &a, q, 0, NULL, NULL), CLGRPO_E_ARGUMENT);
    stats.struct_size = offsetof(struct clgrpo_cache_stats, build_seconds);
    stats.build_seconds = -7.0;
    fx_ok(ctx, clgrpo_cache_stats_get(ctx, &stats));
    ck_assert_uint_gt(stats.n_built + stats.n_loaded, 0);
    ck_assert(stats.build_seconds == -7.0);
    free(got[0]), free(got[1]);
    fx_release_all(&a.x, &a.w, &a.y, &a.rstd);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("contract");

    fx_tests(tc, no_context);
    fx_family_tests(tc, last_error_is_kept, reserved_fields_are_zero, older_struct_has_defaults);
    return fx_main();
}
