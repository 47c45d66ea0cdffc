/* SPDX-License-Identifier: Apache-2.0 */
/* CLBlast as the provider of products, which the environment can ask for on every device. */
#include <stdlib.h>
#include <string.h>

#include "gemm.h"
#include "gemm_case.h"
#include "tune_table.h"

/* Of one kernel and of several; by one, two and more than a tile of either. */
static const struct gemm_shape shapes[] = {{1, 1, 1},   {2, 3, 5},     {7, 17, 9},     {1, 33, 18},    {37, 1, 16},
                                           {65, 63, 3}, {131, 67, 13}, {100, 300, 51}, {257, 260, 261}};
enum { N_SHAPES = sizeof shapes / sizeof shapes[0] };

START_TEST(every_shape_and_form)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (int i = 0; i < N_SHAPES; i++)
        for (unsigned flags = 0; flags < 8; flags++) {
            struct gemm_product p =
                gemm_product_make(ctx, shapes[i], flags, flags == 5 ? -0.375f : 1.0f, (size_t)i % 3);
            float *got, *again;

            ck_assert_int_eq(clg_gemm_provider_choose(ctx, shapes[i].m, flags & 1), CLG_GEMM_CLBLAST);
            got = gemm_product_run(ctx, &p);
            gemm_product_verify_near(&p, got);
            if (!p.ref.accumulate) {
                again = gemm_product_run(ctx, &p);
                fx_same_bits("a second run", again, got, shapes[i].m * shapes[i].n * sizeof *got);
                free(again);
            }
            free(got);
            gemm_product_free(&p);
        }
}
END_TEST

/* No terms, and no elements: CLBlast refuses what the contract allows. */
START_TEST(empty_products)
{
    static const struct gemm_shape empty[] = {{3, 5, 0}, {0, 5, 4}, {3, 0, 4}};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (unsigned i = 0; i < 3; i++)
        for (unsigned flags = 0; flags < 8; flags += 4) {
            struct gemm_product p = gemm_product_make(ctx, empty[i], flags, 1.0f, 2);
            float *got = gemm_product_run(ctx, &p);

            gemm_product_verify_near(&p, got);
            free(got);
            gemm_product_free(&p);
        }
}
END_TEST

/* On an out-of-order queue, ordered by events alone: a write that a user event holds back, C = A B, C += A B. */
START_TEST(events_order_an_out_of_order_queue)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct gemm_product p = gemm_product_make(ctx, (struct gemm_shape){140, 133, 29}, 0, 1.0f, 0);
    const size_t n = 140 * 133, bytes_a = 140 * 29 * sizeof *p.a, at = p.args.a.offset * sizeof *p.a;
    float *zeros = calloc(1, bytes_a), *once, *twice;
    cl_event gate, all[3] = {NULL, NULL, NULL};
    cl_int code;
    cl_command_queue queue = gemm_queue_out_of_order(ctx);

    ck_assert_ptr_nonnull(zeros);
    once = gemm_product_run(ctx, &p);
    gate = clCreateUserEvent(clgrpo_context_cl(ctx), &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    ck_assert_int_eq(
        clEnqueueWriteBuffer(clgrpo_context_queue(ctx), p.args.a.buf, CL_TRUE, at, bytes_a, zeros, 0, NULL, NULL),
        CL_SUCCESS);
    ck_assert_int_eq(clEnqueueWriteBuffer(queue, p.args.a.buf, CL_FALSE, at, bytes_a, p.a, 1, &gate, &all[0]),
                     CL_SUCCESS);
    fx_ok(ctx, clgrpo_gemm(ctx, &p.args, queue, 1, &all[0], &all[1]));
    p.args.accumulate = true;
    fx_ok(ctx, clgrpo_gemm(ctx, &p.args, queue, 1, &all[1], &all[2]));
    ck_assert_int_eq(clSetUserEventStatus(gate, CL_COMPLETE), CL_SUCCESS);
    ck_assert_int_eq(clWaitForEvents(1, &all[2]), CL_SUCCESS);
    memcpy(p.c, once, n * sizeof *once);
    p.ref.accumulate = true;
    twice = fx_download(ctx, &p.args.c);
    gemm_product_verify_near(&p, twice);
    for (unsigned i = 0; i < 3; i++)
        clReleaseEvent(all[i]);
    clReleaseEvent(gate);
    clReleaseCommandQueue(queue);
    free(zeros), free(once), free(twice);
    gemm_product_free(&p);
}
END_TEST

/* Packed weights stay with the library's own kernels. */
START_TEST(packed_b_is_not_for_it)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct gemm_product p = gemm_product_make(ctx, (struct gemm_shape){7, 17, 300}, 2, 1.0f, 1);

    gemm_product_pack(ctx, &p, CLGRPO_F32);
    gemm_product_check(ctx, &p);
}
END_TEST

/* The environment forces it on a CPU; a tuned row cannot. */
START_TEST(only_on_demand)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    const bool gpu = (ctx->info.type & CL_DEVICE_TYPE_GPU) != 0;
    const int clblast[2] = {1, 0};

    unsetenv("CLGRPO_GEMM");
    ck_assert_int_eq(clg_gemm_provider_choose(ctx, 5, false), CLG_GEMM_OWN);
    ck_assert_int_eq(clg_tune_check(ctx, "clblast", CLG_TUNE_GEMM_SIMT, CLG_GEMM_PLAIN, clblast) == CLGRPO_OK, gpu);
    clgrpo_error_clear(ctx);
    setenv("CLGRPO_GEMM", "own", 1);
    ck_assert_int_eq(clg_gemm_provider_choose(ctx, 5, false), CLG_GEMM_OWN);
    setenv("CLGRPO_GEMM", "clblast", 1);
    ck_assert_int_eq(clg_gemm_provider_choose(ctx, 5, false), CLG_GEMM_CLBLAST);
}
END_TEST

int
main(void)
{
    TCase *t = fx_case("gemm_clblast");

    setenv("CLGRPO_GEMM", "clblast", 1);
    fx_family_tests(t, every_shape_and_form, empty_products, events_order_an_out_of_order_queue, packed_b_is_not_for_it,
                    only_on_demand);
    return fx_main();
}
