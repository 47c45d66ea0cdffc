/* SPDX-License-Identifier: Apache-2.0 */
#include "gemm_kernel.h"
#include "simt_tile.h"
#include "tier.h"
#include "tune.h"

static bool
is_aligned(const struct clgrpo_tensor *t)
{
    return t->stride[0] % 4 == 0 && t->offset % 4 == 0;
}

/* The define of the tier half-product if both operands are f16 and it is in use, else "". */
static const char *
half_tier(struct clgrpo_context *ctx, const struct clgrpo_tensor *a, const struct clgrpo_tensor *b)
{
    const bool halves = a->dtype == CLGRPO_F16 && b->dtype == CLGRPO_F16;

    return halves ? clg_tier_defines(ctx, CLG_TIER_HALF_PRODUCT) : "";
}

enum clgrpo_status
clg_gemm_simt_run(struct clg_seq *seq, const struct clgrpo_gemm_args *args)
{
    enum clgrpo_status st = CLGRPO_OK;
    size_t m = args->c.shape[0], n = args->c.shape[1], k = args->a.shape[args->trans_a ? 0 : 1];
    const int tuned_tile = clg_tune_get(seq->ctx, CLG_TUNE_GEMM_SIMT_TILE, clg_gemm_class_of(m, args->trans_a));
    const struct clg_simt_tile tile =
        tuned_tile > 0 ? *clg_simt_tile_at(seq->ctx, (size_t)tuned_tile - 1) : clg_simt_tile_choose(seq->ctx, m, n);
    const struct clg_grid grid = {
        2,
        {clg_divide_up(n, clg_simt_tile_cols(&tile)), clg_divide_up(m, clg_simt_tile_rows(&tile)), 1},
        {tile.x, tile.y, 1}};
    struct clgrpo_tensor b = args->b;
    bool trans_b = args->trans_b;
    char of_tile[CLG_SIMT_TILE_DEFINES], defines[CLG_SIMT_TILE_DEFINES + 112];

    if (args->b_packed.buf != NULL) {
        b = args->b_packed;
        b.stride[0] = n;
        trans_b = false;
    }
    clg_simt_tile_defines(&tile, of_tile);
    snprintf(defines, sizeof defines, "-DC_TRANS_A=%d -DC_TRANS_B=%d -DC_ALIGNED=%d -DC_A=%s -DC_B=%s%s %s",
             args->trans_a, trans_b, is_aligned(&args->a) && is_aligned(&b), clg_storage_name(args->a.dtype),
             clg_storage_name(b.dtype), of_tile, half_tier(seq->ctx, &args->a, &b));
    CLG_TRY(CLG_RUN(seq, "gemm_simt", "k_gemm", defines, &grid, CLG_TENSOR(&args->a), CLG_TENSOR(&b),
                    CLG_TENSOR(&args->c), CLG_SIZE(args->a.stride[0]), CLG_SIZE(b.stride[0]),
                    CLG_SIZE(args->c.stride[0]), CLG_INT(m), CLG_INT(n), CLG_INT(k),
                    CLG_INT((cl_int)clg_gemm_finish_of(args)), CLG_FLOAT(args->alpha)));
out:
    return st;
}
