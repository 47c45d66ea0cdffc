/* SPDX-License-Identifier: Apache-2.0 */
#include "gemm_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
check_product(struct clgrpo_context *ctx, struct gemm_shape s, unsigned flags, float alpha, size_t pad, bool packed)
{
    struct gemm_product p = gemm_product_make(ctx, s, flags, alpha, pad);

    if (packed)
        gemm_product_pack(ctx, &p, CLGRPO_F32);
    gemm_product_check(ctx, &p);
}

static const struct gemm_shape shapes[] = {
    {1, 1, 1},      {2, 3, 5},     {6, 16, 8},    {7, 17, 9},      {5, 15, 7},    {13, 2, 31},   {1, 33, 18},
    {37, 1, 16},    {3, 65, 2},    {1, 67, 3},    {2, 35, 4},      {12, 64, 4},   {64, 64, 16},  {65, 63, 33},
    {97, 31, 256},  {6, 19, 257},  {23, 47, 3},   {1, 8, 700},     {1, 530, 300}, {2, 270, 259}, {3, 290, 37},
    {98, 129, 270}, {131, 67, 13}, {193, 200, 5}, {100, 300, 513},
};
enum { N_SHAPES = sizeof shapes / sizeof shapes[0], N_SMALL = 11 };

/* All forms, or for a slow device all of two shapes, and one of each other. */
static bool
takes_form(int i, unsigned flags)
{
    return !fx_small() || i == 1 || i == 3 || flags == (unsigned)i % 8;
}

START_TEST(every_shape_and_form)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (int i = 0; i < (fx_small() ? N_SMALL : N_SHAPES); i++)
        for (unsigned flags = 0; flags < 8; flags++)
            if (takes_form(i, flags))
                check_product(ctx, shapes[i], flags, 1.0f, i % 3, false);
}
END_TEST

START_TEST(alpha_scales_the_sum)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (unsigned flags = 0; flags < 8; flags++) {
        check_product(ctx, (struct gemm_shape){7, 18, 5}, flags, -0.375f, 1, false);
        if (!fx_small())
            check_product(ctx, (struct gemm_shape){9, 35, 600}, flags, 1.7f, 0, flags & 1);
        check_product(ctx, (struct gemm_shape){1 + flags % 3, 66, 5}, flags, 0.3f, 0, true);
    }
}
END_TEST

START_TEST(packed_b)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (int i = 0; i < (fx_small() ? N_SMALL : N_SHAPES); i++)
        for (unsigned flags = 0; flags < 8; flags++)
            if (takes_form(i, flags))
                check_product(ctx, shapes[i], flags, 1.0f, (i + 1) % 4, true);
}
END_TEST

START_TEST(no_terms_or_no_elements)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (unsigned flags = 0; flags < 8; flags++) {
        check_product(ctx, (struct gemm_shape){3, 5, 0}, flags, 1.0f, 2, false);
        check_product(ctx, (struct gemm_shape){3, 5, 0}, flags, 0.5f, 2, false);
        check_product(ctx, (struct gemm_shape){0, 5, 4}, flags, 1.0f, 0, false);
        check_product(ctx, (struct gemm_shape){3, 0, 4}, flags, 1.0f, 0, false);
    }
}
END_TEST

/* Rows computed alone, and among others, have the same bits; so has a second run. */
START_TEST(batch_invariance)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct gemm_shape s = fx_small() ? (struct gemm_shape){11, 20, 7} : (struct gemm_shape){133, 70, 301};
    struct gemm_product p = gemm_product_make(ctx, s, 2, 1.0f, 0);
    float *all = gemm_product_run(ctx, &p), *again = gemm_product_run(ctx, &p);

    fx_same_bits("second run", again, all, s.m * s.n * sizeof *all);
    free(again);
    for (size_t row = 0; row < s.m; row += 5) {
        struct clgrpo_tensor a = p.args.a, c = p.args.c;
        struct gemm_product one = p;
        float *got;

        one.args.a.offset += row * a.stride[0];
        one.args.a.shape[0] = 1;
        one.args.c = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(1, s.n));
        one.args.workspace = (struct clgrpo_workspace){0};
        got = gemm_product_run(ctx, &one);
        fx_same_bits("a row alone", got, all + row * s.n, s.n * sizeof *all);
        free(got);
        fx_release(&one.args.c);
        fx_workspace_release(&one.args.workspace);
        p.args.c = c;
    }
    free(all);
    gemm_product_free(&p);
}
END_TEST

/* Two products on an out-of-order queue, ordered by events alone: C = A B, then C += A B. */
START_TEST(events_order_an_out_of_order_queue)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct gemm_product p = gemm_product_make(ctx, (struct gemm_shape){40, 33, 29}, 0, 1.0f, 0);
    cl_event first = NULL, second = NULL;
    size_t bytes;
    cl_command_queue queue = gemm_queue_out_of_order(ctx);
    float *chain = malloc(40 * 33 * sizeof *chain), *got;

    fx_ok(ctx, clgrpo_gemm_workspace(ctx, &p.args, &bytes));
    p.args.workspace = fx_workspace(ctx, bytes);
    fx_ok(ctx, clgrpo_gemm(ctx, &p.args, queue, 0, NULL, &first));
    p.args.accumulate = true;
    fx_ok(ctx, clgrpo_gemm(ctx, &p.args, queue, 1, &first, &second));
    ck_assert_int_eq(clWaitForEvents(1, &second), CL_SUCCESS);
    ref_gemm_chain(&p.ref, chain);
    memcpy(p.c, chain, 40 * 33 * sizeof *chain);
    p.ref.accumulate = true;
    got = fx_download(ctx, &p.args.c);
    gemm_product_verify(&p, got);
    free(got);
    free(chain);
    clReleaseEvent(first);
    clReleaseEvent(second);
    clReleaseCommandQueue(queue);
    gemm_product_free(&p);
}
END_TEST

START_TEST(an_empty_product_still_signals)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct gemm_product p = gemm_product_make(ctx, (struct gemm_shape){0, 5, 4}, 0, 1.0f, 0);
    cl_event done = NULL;

    fx_ok(ctx, clgrpo_gemm(ctx, &p.args, clgrpo_context_queue(ctx), 0, NULL, &done));
    ck_assert_ptr_nonnull(done);
    ck_assert_int_eq(clWaitForEvents(1, &done), CL_SUCCESS);
    clReleaseEvent(done);
    gemm_product_free(&p);
}
END_TEST

START_TEST(bad_arguments)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct gemm_product p = gemm_product_make(ctx, (struct gemm_shape){4, 6, 5}, 0, 1.0f, 0);
    size_t bytes;

    free(gemm_product_run(ctx, &p));
    fx_fails(ctx, clgrpo_gemm(ctx, NULL, clgrpo_context_queue(ctx), 0, NULL, NULL), CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_gemm, p.args, bad.struct_size++, CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_gemm, p.args, bad.b.shape[0]++, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_gemm, p.args, bad.trans_b = true, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_gemm, p.args, bad.c.rank = 1, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_gemm, p.args, bad.a.offset += 1000, CLGRPO_E_BOUNDS);
    fx_refuses(ctx, clgrpo_gemm, p.args, bad.c.stride[0] = 1000, CLGRPO_E_BOUNDS);
    fx_refuses(ctx, clgrpo_gemm, p.args, bad.a.dtype = CLGRPO_I32, CLGRPO_E_DTYPE);
    fx_refuses(ctx, clgrpo_gemm, p.args, bad.b_packed = bad.b, CLGRPO_E_SHAPE);
    fx_fails(ctx, clgrpo_gemm_workspace(ctx, &p.args, NULL), CLGRPO_E_ARGUMENT);
    fx_ok(ctx, clgrpo_gemm_workspace(ctx, &p.args, &bytes));
    if (bytes > 0) {
        fx_refuses(ctx, clgrpo_gemm, p.args, bad.workspace.bytes = bytes - 4, CLGRPO_E_WORKSPACE);
    }
    fx_fails(ctx, clgrpo_gemm(ctx, &p.args, NULL, 0, NULL, NULL), CLGRPO_E_ARGUMENT);
    gemm_product_free(&p);
}
END_TEST

START_TEST(bad_pack_arguments)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct clgrpo_gemm_pack_args ok = CLGRPO_GEMM_PACK_ARGS_INIT;

    ok.b = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(5, 7));
    ok.packed = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(clgrpo_gemm_pack_elems(ctx, 5, 7)));
    fx_ok(ctx, clgrpo_gemm_pack(ctx, &ok, clgrpo_context_queue(ctx), 0, NULL, NULL));
    fx_refuses(ctx, clgrpo_gemm_pack, ok, bad.struct_size = 0, CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_gemm_pack, ok, bad.packed.shape[0]--, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_gemm_pack, ok, bad.b.stride[0] = 900, CLGRPO_E_BOUNDS);
    fx_refuses(ctx, clgrpo_gemm_pack, ok, bad.b.dtype = CLGRPO_U64, CLGRPO_E_DTYPE);
    fx_release_all(&ok.b, &ok.packed);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("gemm");

    fx_family_tests(tc, every_shape_and_form, alpha_scales_the_sum, packed_b, no_terms_or_no_elements, batch_invariance,
                    events_order_an_out_of_order_queue, an_empty_product_still_signals, bad_arguments,
                    bad_pack_arguments);
    return fx_main();
}
