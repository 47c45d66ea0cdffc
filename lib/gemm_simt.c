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

/* The product's operands as the kernel takes them. */
struct operands {
    struct clgrpo_tensor b;
    bool trans_b;
};

static struct operands
operands_of(const struct clgrpo_gemm_args *args)
{
    struct operands o = {args->b, args->trans_b};

    if (args->b_packed.buf != NULL) {
        o.b = args->b_packed;
        o.b.stride[0] = args->c.shape[1];
        o.trans_b = false;
    }
    return o;
}

static enum clgrpo_status
get_kernel(struct clgrpo_context *ctx, const struct clgrpo_gemm_args *args, const struct operands *o,
           const struct clg_simt_tile *tile, cl_kernel *kernel, size_t *most)
{
    char of_tile[CLG_SIMT_TILE_DEFINES], defines[CLG_SIMT_TILE_DEFINES + 128];

    clg_simt_tile_defines(tile, of_tile);
    snprintf(defines, sizeof defines, "-DC_TRANS_A=%d -DC_TRANS_B=%d -DC_ALIGNED=%d -DC_A=%s -DC_B=%s%s%s %s",
             args->trans_a, o->trans_b, is_aligned(&args->a) && is_aligned(&o->b), clg_storage_name(args->a.dtype),
             clg_storage_name(o->b.dtype), clg_act_define(args->c.dtype), of_tile, half_tier(ctx, &args->a, &o->b));
    return clg_kernel_get_most(ctx, "gemm_simt", "k_gemm", defines, kernel, most);
}

/* The tuned tile, or the one for this shape; where its kernel does not take so many items, the next smaller one. */
static enum clgrpo_status
choose(struct clgrpo_context *ctx, const struct clgrpo_gemm_args *args, const struct operands *o,
       struct clg_simt_tile *tile, cl_kernel *kernel)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t m = args->c.shape[0], n = args->c.shape[1];
    const int tuned = clg_tune_get(ctx, CLG_TUNE_GEMM_SIMT_TILE, clg_gemm_class_of(m, args->trans_a));
    size_t most = ctx->info.max_work_group, items;

    *tile = tuned > 0 ? *clg_simt_tile_at(ctx, (size_t)tuned - 1) : clg_simt_tile_choose(ctx, m, n, most);
    CLG_TRY(get_kernel(ctx, args, o, tile, kernel, &most));
    for (items = clg_simt_tile_items(tile); items > most; items = clg_simt_tile_items(tile)) {
        *tile = clg_simt_tile_choose(ctx, m, n, most);
        if (clg_simt_tile_items(tile) >= items)
            break;
        CLG_TRY(get_kernel(ctx, args, o, tile, kernel, &most));
    }
out:
    return st;
}

enum clgrpo_status
clg_gemm_simt_run(struct clg_seq *seq, const struct clgrpo_gemm_args *args)
{
    enum clgrpo_status st = CLGRPO_OK;
    size_t m = args->c.shape[0], n = args->c.shape[1], k = args->a.shape[args->trans_a ? 0 : 1];
    const struct operands o = operands_of(args);
    struct clg_simt_tile tile;
    struct clg_grid grid;
    cl_kernel kernel;

    CLG_TRY(choose(seq->ctx, args, &o, &tile, &kernel));
    grid =
        (struct clg_grid){2,
                          {clg_divide_up(n, clg_simt_tile_cols(&tile)), clg_divide_up(m, clg_simt_tile_rows(&tile)), 1},
                          {tile.x, tile.y, 1}};
    clg_gemm_work(seq, args, 1.0);
    CLG_TRY(CLG_LAUNCH(seq, kernel, &grid, CLG_TENSOR(&args->a), CLG_TENSOR(&o.b), CLG_TENSOR(&args->c),
                       CLG_SIZE(args->a.stride[0]), CLG_SIZE(o.b.stride[0]), CLG_SIZE(args->c.stride[0]), CLG_INT(m),
                       CLG_INT(n), CLG_INT(k), CLG_INT((cl_int)clg_gemm_finish_of(args)), CLG_FLOAT(args->alpha)));
out:
    return st;
}
