/* SPDX-License-Identifier: Apache-2.0 */
#include "attention_simt.h"
#include "simt_tile.h"
#include "tune_table.h"

/* provider: 1 is CLBlast. */
static enum clgrpo_status
check_provider(struct clgrpo_context *ctx, const char *place, int provider)
{
    enum clgrpo_status st = CLGRPO_OK;

    if (provider == 0)
        return CLGRPO_OK;
#ifndef HAVE_CLBLAST
    CLG_REQUIRE(ctx, false, CLGRPO_E_VALUE, "%s: the library was built without CLBlast", place);
#endif
    CLG_REQUIRE(ctx, (ctx->info.type & CL_DEVICE_TYPE_GPU) != 0, CLGRPO_E_VALUE, "%s: CLBlast is for GPUs only", place);
out:
    return st;
}

/* tile: 0 by shape, else one more than its place in the device's list. */
static enum clgrpo_status
check_gemm_tile(struct clgrpo_context *ctx, const char *place, int tile)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_REQUIRE(ctx, tile == 0 || clg_simt_tile_at(ctx, (size_t)tile - 1) != NULL, CLGRPO_E_VALUE,
                "%s: the device has no product's tile %d", place, tile);
out:
    return st;
}

enum clgrpo_status
clg_tune_check(struct clgrpo_context *ctx, const char *place, size_t op, size_t shape_class, const int *values)
{
    enum clgrpo_status st = CLGRPO_OK;

    switch ((enum clg_tune_op_id)op) {
    case CLG_TUNE_GEMM_SIMT:
        CLG_TRY(check_provider(ctx, place, values[0]));
        CLG_TRY(check_gemm_tile(ctx, place, values[1]));
        break;
    case CLG_TUNE_ATTENTION_SIMT:
        CLG_TRY(
            clg_attention_simt_check(ctx, place, CLG_ATTENTION_FORWARD, (size_t)32 << shape_class, (size_t)values[0]));
        break;
    case CLG_TUNE_ATTENTION_BACKWARD_SIMT:
        CLG_TRY(
            clg_attention_simt_check(ctx, place, CLG_ATTENTION_BACKWARD, (size_t)32 << shape_class, (size_t)values[0]));
        break;
    case CLG_TUNE_ROWS_SIMT:
        CLG_REQUIRE(ctx, (size_t)values[0] <= ctx->info.max_work_group, CLGRPO_E_VALUE,
                    "%s: a work-group of %d items, the device takes at most %zu", place, values[0],
                    ctx->info.max_work_group);
        break;
    case CLG_TUNE_GEMM_CPU:
    case CLG_TUNE_ATTENTION_CPU:
    case CLG_TUNE_LOGPROB_CPU:
    case CLG_TUNE_N_OPS:
        break;
    }
out:
    return st;
}
