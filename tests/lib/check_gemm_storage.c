/* SPDX-License-Identifier: Apache-2.0 */
/* Products of operands that are stored as halves: the bits of products of the f32 values that are stored, rounded once
 * where c is of halves. */
#include "gemm_case.h"

#include <stdlib.h>
#include <string.h>

#include "stored.h"

static const struct stored {
    enum clgrpo_dtype a, b, c, packed;
} stored[] = {
    {CLGRPO_F32, CLGRPO_F16, CLGRPO_F32, CLGRPO_F16},
    {CLGRPO_F16, CLGRPO_F32, CLGRPO_BF16, CLGRPO_F32},
    {CLGRPO_BF16, CLGRPO_F16, CLGRPO_F16, CLGRPO_F32},
    {CLGRPO_BF16, CLGRPO_BF16, CLGRPO_BF16, CLGRPO_BF16},
};
enum { N_STORED = sizeof stored / sizeof stored[0] };

static void
check_stored(struct clgrpo_context *ctx, struct gemm_shape s, unsigned flags, float alpha, const struct stored *types,
             bool packed)
{
    struct gemm_product p = gemm_product_make(ctx, s, flags, alpha, flags % 3);

    fx_store_as(ctx, types->a, &p.args.a, p.a);
    fx_store_as(ctx, types->b, &p.args.b, p.b);
    gemm_product_store_c(ctx, &p, types->c);
    if (packed)
        gemm_product_pack(ctx, &p, types->packed);
    gemm_product_check(ctx, &p);
}

/* The bits are those of the same product of f32 that hold the stored values. The simt family compiles a kernel for
 * each pair of types and each transpose: it takes one case in 19, in which every pair, flag and shape occurs, of small
 * runs all but two of the flags. */
START_TEST(stored_as_halves)
{
    const bool thin = fx_small() || fx_family(_i) == CLGRPO_FAMILY_SIMT;
    static const struct gemm_shape few[] = {{1, 33, 18}, {6, 16, 8}, {37, 50, 29}, {1, 65, 300}, {100, 70, 513}};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (int i = 0; i < (fx_small() ? 3 : 5); i++)
        for (unsigned t = 0; t < N_STORED; t++)
            for (unsigned flags = 0; flags < 8; flags++) {
                if (thin && (flags + 8 * (t + N_STORED * (unsigned)i)) % 19 != 0)
                    continue;
                check_stored(ctx, few[i], flags, 1.0f, &stored[t], false);
                check_stored(ctx, few[i], flags, flags & 1 ? 0.75f : 1.0f, &stored[t], true);
            }
}
END_TEST

/* More slices of k than one, and blocks of C that fewer groups at a time compute than there are; a product over no
 * terms. */
START_TEST(long_sums_are_rounded_once)
{
    static const struct gemm_shape shapes[] = {{130, 70, 2100}, {700, 40, 33}, {3, 20, 0}};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (int i = 0; i < 3; i++)
        for (unsigned flags = 0; flags < (fx_small() ? 1 : 8); flags += 3) {
            struct gemm_product p = gemm_product_make(ctx, shapes[i], flags, flags & 1 ? 0.75f : 1.0f, 1);

            gemm_product_store_c(ctx, &p, fx_storage(1 + i % 2));
            gemm_product_check(ctx, &p);
        }
}
END_TEST

START_TEST(packing_rounds)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (unsigned t = 0; t < 4; t++) {
        const enum clgrpo_dtype to = t & 1 ? CLGRPO_F16 : CLGRPO_BF16;
        struct gemm_product p = gemm_product_make(ctx, (struct gemm_shape){5, 21, 30}, t & 2, 1.0f, 1);
        struct clgrpo_tensor rounded = fx_upload_strided(ctx, p.args.b.shape[0], p.args.b.shape[1], 40, p.b);

        fx_store_as(ctx, to, &rounded, p.b);
        fx_release(&rounded);
        gemm_product_pack(ctx, &p, to);
        gemm_product_check(ctx, &p);
    }
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("gemm_storage");

    fx_family_tests(tc, stored_as_halves, long_sums_are_rounded_once, packing_rounds);
    return fx_main();
}
