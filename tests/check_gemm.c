/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "ref_gemm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shape {
    size_t m, n, k;
};

/* One product on host and device: reference arrays, device views with row strides `pad` longer than the rows. */
struct product {
    struct ref_gemm ref;
    float *a, *b, *c;
    struct clgrpo_gemm_args args;
};

static bool
small_only(void)
{
    const char *s = getenv("CLGRPO_TEST_SMALL");

    return s != NULL && s[0] != '\0';
}

static struct product
make_product(struct clgrpo_context *ctx, struct shape s, unsigned flags, float alpha, size_t pad)
{
    struct product p = {.args = CLGRPO_GEMM_ARGS_INIT};
    bool ta = flags & 1, tb = flags & 2;

    p.a = fx_random(s.m * s.k, 1.0f, 11);
    p.b = fx_random(s.k * s.n, 0.5f, 12);
    p.c = fx_random(s.m * s.n, 2.0f, 13);
    p.ref = (struct ref_gemm){.m = s.m,
                              .n = s.n,
                              .k = s.k,
                              .trans_a = ta,
                              .trans_b = tb,
                              .accumulate = flags & 4,
                              .alpha = alpha,
                              .a = p.a,
                              .b = p.b,
                              .c = p.c};
    p.args.a = fx_upload_strided(ctx, ta ? s.k : s.m, ta ? s.m : s.k, (ta ? s.m : s.k) + pad, p.a);
    p.args.b = fx_upload_strided(ctx, tb ? s.n : s.k, tb ? s.k : s.n, (tb ? s.k : s.n) + pad, p.b);
    p.args.c = fx_upload_strided(ctx, s.m, s.n, s.n + pad, p.ref.accumulate ? p.c : NULL);
    p.args.trans_a = ta;
    p.args.trans_b = tb;
    p.args.accumulate = p.ref.accumulate;
    p.args.alpha = alpha;
    return p;
}

static void
pack(struct clgrpo_context *ctx, struct product *p, enum clgrpo_dtype dtype)
{
    struct clgrpo_gemm_pack_args pack = CLGRPO_GEMM_PACK_ARGS_INIT;

    p->args.b_packed = fx_output(ctx, dtype, 1, FX_SHAPE(clgrpo_gemm_pack_elems(ctx, p->ref.k, p->ref.n)));
    pack.b = p->args.b;
    pack.trans_b = p->args.trans_b;
    pack.packed = p->args.b_packed;
    fx_ok(ctx, clgrpo_gemm_pack(ctx, &pack, clgrpo_context_queue(ctx), 0, NULL, NULL));
    {
        struct clgrpo_tensor gone = p->args.b;

        fx_release(&gone);
        p->args.b.buf = NULL;
    }
}

static void
release(struct product *p)
{
    fx_release(&p->args.a);
    fx_release(&p->args.b);
    fx_release(&p->args.c);
    fx_release(&p->args.b_packed);
    fx_workspace_release(&p->args.workspace);
    free(p->a);
    free(p->b);
    free(p->c);
}

static float *
run(struct clgrpo_context *ctx, struct product *p)
{
    size_t bytes = 1;

    fx_ok(ctx, clgrpo_gemm_workspace(ctx, &p->args, &bytes));
    fx_workspace_release(&p->args.workspace);
    p->args.workspace = fx_workspace(ctx, bytes);
    fx_ok(ctx, clgrpo_gemm(ctx, &p->args, clgrpo_context_queue(ctx), 0, NULL, NULL));
    return fx_download(ctx, &p->args.c);
}

/* The promised chain, bit by bit, and (which the chain itself must pass) the truth within the error of k roundings. */
static void
verify(const struct product *p, const float *got)
{
    size_t n = p->ref.m * p->ref.n;
    float *chain = malloc(n * sizeof *chain + 1);
    double *want = malloc(n * sizeof *want + 1), *magnitude = malloc(n * sizeof *magnitude + 1);
    char what[128];

    snprintf(what, sizeof what, "gemm %zu x %zu x %zu, trans %d %d, accumulate %d, alpha %g, packed %d", p->ref.m,
             p->ref.n, p->ref.k, p->ref.trans_a, p->ref.trans_b, p->ref.accumulate, (double)p->ref.alpha,
             p->args.b_packed.buf != NULL);
    ref_gemm(&p->ref, want, magnitude);
    ref_gemm_chain(&p->ref, chain);
    fx_close(what, got, want, magnitude, n, 2.0, p->ref.k);
    fx_same_bits(what, got, chain, n * sizeof *chain);
    free(chain);
    free(want);
    free(magnitude);
}

static void
check_product(struct clgrpo_context *ctx, struct shape s, unsigned flags, float alpha, size_t pad, bool packed)
{
    struct product p = make_product(ctx, s, flags, alpha, pad);
    float *got;

    if (packed)
        pack(ctx, &p, CLGRPO_F32);
    got = run(ctx, &p);
    verify(&p, got);
    free(got);
    release(&p);
}

static const struct shape shapes[] = {
    {1, 1, 1},   {2, 3, 5},   {6, 16, 8},    {7, 17, 9},    {5, 15, 7},      {13, 2, 31},   {1, 33, 18},
    {37, 1, 16}, {3, 65, 2},  {12, 64, 4},   {64, 64, 16},  {65, 63, 33},    {97, 31, 256}, {6, 19, 257},
    {23, 47, 3}, {1, 8, 700}, {131, 67, 13}, {193, 200, 5}, {100, 300, 513},
};
enum { N_SHAPES = sizeof shapes / sizeof shapes[0], N_SMALL = 9 };

START_TEST(every_shape_and_form)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (int i = 0; i < (small_only() ? N_SMALL : N_SHAPES); i++)
        for (unsigned flags = 0; flags < 8; flags++)
            check_product(ctx, shapes[i], flags, 1.0f, i % 3, false);
}
END_TEST

START_TEST(alpha_scales_the_sum)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (unsigned flags = 0; flags < 8; flags++) {
        check_product(ctx, (struct shape){7, 18, 5}, flags, -0.375f, 1, false);
        if (!small_only())
            check_product(ctx, (struct shape){9, 35, 600}, flags, 1.7f, 0, flags & 1);
    }
}
END_TEST

START_TEST(packed_b)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (int i = 0; i < (small_only() ? N_SMALL : N_SHAPES); i++)
        for (unsigned flags = 0; flags < 8; flags++)
            check_product(ctx, shapes[i], flags, 1.0f, (i + 1) % 4, true);
}
END_TEST

static const struct stored {
    enum clgrpo_dtype a, b, packed;
} stored[] = {
    {CLGRPO_F32, CLGRPO_F16, CLGRPO_F16},
    {CLGRPO_F16, CLGRPO_F32, CLGRPO_F32},
    {CLGRPO_BF16, CLGRPO_F16, CLGRPO_F32},
    {CLGRPO_BF16, CLGRPO_BF16, CLGRPO_BF16},
};
enum { N_STORED = sizeof stored / sizeof stored[0] };

static void
check_stored(struct clgrpo_context *ctx, struct shape s, unsigned flags, float alpha, const struct stored *types,
             bool packed)
{
    struct product p = make_product(ctx, s, flags, alpha, flags % 3);
    float *got;

    fx_store_as(ctx, types->a, &p.args.a, p.a);
    fx_store_as(ctx, types->b, &p.args.b, p.b);
    if (packed)
        pack(ctx, &p, types->packed);
    got = run(ctx, &p);
    verify(&p, got);
    free(got);
    release(&p);
}

/* The bits are those of the same product of f32 that hold the stored values. */
START_TEST(stored_as_halves)
{
    static const struct shape few[] = {{1, 33, 18}, {6, 16, 8}, {37, 50, 29}, {1, 65, 300}, {100, 70, 513}};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (int i = 0; i < (small_only() ? 3 : 5) && fx_family(_i) == CLGRPO_FAMILY_CPU; i++)
        for (unsigned t = 0; t < N_STORED; t++)
            for (unsigned flags = 0; flags < 8; flags++) {
                if (small_only() && (flags + t + (unsigned)i) % 5 != 0)
                    continue;
                check_stored(ctx, few[i], flags, 1.0f, &stored[t], false);
                check_stored(ctx, few[i], flags, flags & 1 ? 0.75f : 1.0f, &stored[t], true);
            }
}
END_TEST

START_TEST(packing_rounds)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (unsigned t = 0; t < 4 && fx_family(_i) == CLGRPO_FAMILY_CPU; t++) {
        const enum clgrpo_dtype to = t & 1 ? CLGRPO_F16 : CLGRPO_BF16;
        struct product p = make_product(ctx, (struct shape){5, 21, 30}, t & 2, 1.0f, 1);
        struct clgrpo_tensor rounded = fx_upload_strided(ctx, p.args.b.shape[0], p.args.b.shape[1], 40, p.b);
        float *got;

        fx_store_as(ctx, to, &rounded, p.b);
        fx_release(&rounded);
        pack(ctx, &p, to);
        got = run(ctx, &p);
        verify(&p, got);
        free(got);
        release(&p);
    }
}
END_TEST

START_TEST(no_terms_or_no_elements)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (unsigned flags = 0; flags < 8; flags++) {
        check_product(ctx, (struct shape){3, 5, 0}, flags, 1.0f, 2, false);
        check_product(ctx, (struct shape){3, 5, 0}, flags, 0.5f, 2, false);
        check_product(ctx, (struct shape){0, 5, 4}, flags, 1.0f, 0, false);
        check_product(ctx, (struct shape){3, 0, 4}, flags, 1.0f, 0, false);
    }
}
END_TEST

/* Rows computed alone, and among others, have the same bits; so has a second run. */
START_TEST(batch_invariance)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct shape s = small_only() ? (struct shape){11, 20, 7} : (struct shape){133, 70, 301};
    struct product p = make_product(ctx, s, 2, 1.0f, 0);
    float *all = run(ctx, &p), *again = run(ctx, &p);

    fx_same_bits("second run", again, all, s.m * s.n * sizeof *all);
    free(again);
    for (size_t row = 0; row < s.m; row += 5) {
        struct clgrpo_tensor a = p.args.a, c = p.args.c;
        struct product one = p;
        float *got;

        one.args.a.offset += row * a.stride[0];
        one.args.a.shape[0] = 1;
        one.args.c = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(1, s.n));
        one.args.workspace = (struct clgrpo_workspace){0};
        got = run(ctx, &one);
        fx_same_bits("a row alone", got, all + row * s.n, s.n * sizeof *all);
        free(got);
        fx_release(&one.args.c);
        fx_workspace_release(&one.args.workspace);
        p.args.c = c;
    }
    free(all);
    release(&p);
}
END_TEST

/* Two products on an out-of-order queue, ordered by events alone: C = A B, then C += A B. */
START_TEST(events_order_an_out_of_order_queue)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct product p = make_product(ctx, (struct shape){40, 33, 29}, 0, 1.0f, 0);
    cl_event first = NULL, second = NULL;
    size_t bytes;
    cl_int code;
    cl_command_queue queue = clCreateCommandQueue(clgrpo_context_cl(ctx), clgrpo_context_device(ctx),
                                                  CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, &code);
    float *chain = malloc(40 * 33 * sizeof *chain), *got;

    ck_assert_int_eq(code, CL_SUCCESS);
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
    verify(&p, got);
    free(got);
    free(chain);
    clReleaseEvent(first);
    clReleaseEvent(second);
    clReleaseCommandQueue(queue);
    release(&p);
}
END_TEST

START_TEST(an_empty_product_still_signals)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct product p = make_product(ctx, (struct shape){0, 5, 4}, 0, 1.0f, 0);
    cl_event done = NULL;

    fx_ok(ctx, clgrpo_gemm(ctx, &p.args, clgrpo_context_queue(ctx), 0, NULL, &done));
    ck_assert_ptr_nonnull(done);
    ck_assert_int_eq(clWaitForEvents(1, &done), CL_SUCCESS);
    clReleaseEvent(done);
    release(&p);
}
END_TEST

static void
gemm_fails(struct clgrpo_context *ctx, const struct clgrpo_gemm_args *args, enum clgrpo_status want)
{
    fx_fails(ctx, clgrpo_gemm(ctx, args, clgrpo_context_queue(ctx), 0, NULL, NULL), want);
}

START_TEST(bad_arguments)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct product p = make_product(ctx, (struct shape){4, 6, 5}, 0, 1.0f, 0);
    struct clgrpo_gemm_args bad;
    size_t bytes;

    free(run(ctx, &p));
    gemm_fails(ctx, NULL, CLGRPO_E_ARGUMENT);
    bad = p.args;
    bad.struct_size--;
    gemm_fails(ctx, &bad, CLGRPO_E_ARGUMENT);
    bad = p.args;
    bad.b.shape[0]++;
    gemm_fails(ctx, &bad, CLGRPO_E_SHAPE);
    bad = p.args;
    bad.trans_b = true;
    gemm_fails(ctx, &bad, CLGRPO_E_SHAPE);
    bad = p.args;
    bad.c.rank = 1;
    gemm_fails(ctx, &bad, CLGRPO_E_SHAPE);
    bad = p.args;
    bad.a.offset += 1000;
    gemm_fails(ctx, &bad, CLGRPO_E_BOUNDS);
    bad = p.args;
    bad.c.stride[0] = 1000;
    gemm_fails(ctx, &bad, CLGRPO_E_BOUNDS);
    bad = p.args;
    bad.a.dtype = CLGRPO_I32;
    gemm_fails(ctx, &bad, CLGRPO_E_DTYPE);
    bad = p.args;
    bad.b_packed = bad.b;
    gemm_fails(ctx, &bad, CLGRPO_E_SHAPE);
    fx_ok(ctx, clgrpo_gemm_workspace(ctx, &p.args, &bytes));
    if (bytes > 0) {
        bad = p.args;
        bad.workspace.bytes = bytes - 4;
        gemm_fails(ctx, &bad, CLGRPO_E_WORKSPACE);
    }
    fx_fails(ctx, clgrpo_gemm(ctx, &p.args, NULL, 0, NULL, NULL), CLGRPO_E_ARGUMENT);
    release(&p);
}
END_TEST

START_TEST(bad_pack_arguments)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    cl_command_queue queue = clgrpo_context_queue(ctx);
    struct clgrpo_gemm_pack_args ok = CLGRPO_GEMM_PACK_ARGS_INIT, bad;
    float *b = fx_random(35, 1.0f, 3);

    ok.b = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(5, 7), b);
    ok.packed = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(clgrpo_gemm_pack_elems(ctx, 5, 7)));
    fx_ok(ctx, clgrpo_gemm_pack(ctx, &ok, queue, 0, NULL, NULL));
    bad = ok;
    bad.struct_size = 0;
    fx_fails(ctx, clgrpo_gemm_pack(ctx, &bad, queue, 0, NULL, NULL), CLGRPO_E_ARGUMENT);
    bad = ok;
    bad.packed.shape[0]--;
    fx_fails(ctx, clgrpo_gemm_pack(ctx, &bad, queue, 0, NULL, NULL), CLGRPO_E_SHAPE);
    bad = ok;
    bad.b.stride[0] = 900;
    fx_fails(ctx, clgrpo_gemm_pack(ctx, &bad, queue, 0, NULL, NULL), CLGRPO_E_BOUNDS);
    bad = ok;
    bad.b.dtype = CLGRPO_U64;
    fx_fails(ctx, clgrpo_gemm_pack(ctx, &bad, queue, 0, NULL, NULL), CLGRPO_E_DTYPE);
    fx_release(&ok.b);
    fx_release(&ok.packed);
    free(b);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("gemm");
    TCase *tc = tcase_create("both families");

    tcase_set_timeout(tc, 600);
    tcase_add_loop_test(tc, every_shape_and_form, 0, FX_N_FAMILIES);
    tcase_add_loop_test(tc, alpha_scales_the_sum, 0, FX_N_FAMILIES);
    tcase_add_loop_test(tc, packed_b, 0, FX_N_FAMILIES);
    tcase_add_loop_test(tc, stored_as_halves, 0, FX_N_FAMILIES);
    tcase_add_loop_test(tc, packing_rounds, 0, FX_N_FAMILIES);
    tcase_add_loop_test(tc, no_terms_or_no_elements, 0, FX_N_FAMILIES);
    tcase_add_loop_test(tc, batch_invariance, 0, FX_N_FAMILIES);
    tcase_add_loop_test(tc, events_order_an_out_of_order_queue, 0, FX_N_FAMILIES);
    tcase_add_loop_test(tc, an_empty_product_still_signals, 0, FX_N_FAMILIES);
    tcase_add_loop_test(tc, bad_arguments, 0, FX_N_FAMILIES);
    tcase_add_loop_test(tc, bad_pack_arguments, 0, FX_N_FAMILIES);
    suite_add_tcase(suite, tc);
    return fx_main(suite);
}
