/* SPDX-License-Identifier: Apache-2.0 */
/* Products of operands that are stored as halves: the bits of products of the f32 values that are stored. */
#include "gemm_case.h"

#include <stdlib.h>
#include <string.h>

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
check_stored(struct clgrpo_context *ctx, struct gemm_shape s, unsigned flags, float alpha, const struct stored *types,
             bool packed)
{
    struct gemm_product p = gemm_product_make(ctx, s, flags, alpha, flags % 3);

    fx_store_as(ctx, types->a, &p.args.a, p.a);
    fx_store_as(ctx, types->b, &p.args.b, p.b);
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

    fx_family_tests(tc, stored_as_halves, packing_rounds);
    return fx_main();
}
