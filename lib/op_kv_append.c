/* SPDX-License-Identifier: Apache-2.0 */
#include "attention.h"

#define OP "kv_append"

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_kv_append_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->k.shape[0], k = a->k.shape[1], d = a->k.shape[2];

    CLG_TRY(clg_tensor_check(ctx, OP, "k", &a->k, CLGRPO_F32, 3, CLG_SHAPE(CLG_ANY, CLG_ANY, CLG_ANY)));
    CLG_TRY(clg_attention_check_heads(ctx, OP, k, k, d, 1.0f));
    CLG_TRY(clg_tensor_check(ctx, OP, "v", &a->v, CLGRPO_F32, 3, CLG_SHAPE(n, k, d)));
    CLG_TRY(clg_tensor_check(ctx, OP, "slot", &a->slot, CLGRPO_I32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check(ctx, OP, "position", &a->position, CLGRPO_I32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_attention_check_cache(ctx, OP, &a->k_cache, &a->v_cache, k, d));
out:
    return st;
}

enum clgrpo_status
clgrpo_kv_append(struct clgrpo_context *ctx, const struct clgrpo_kv_append_args *args, cl_command_queue queue,
                 cl_uint n_wait, const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    const bool cpu = ctx->family == CLGRPO_FAMILY_CPU;
    struct clg_seq seq = {0};
    struct clg_grid grid;
    cl_kernel kernel;
    char defines[64];

    CLG_CHECK_ARGS(ctx, args, OP);
    CLG_TRY(check(ctx, args));
    snprintf(defines, sizeof defines, "-DC_HEAD_DIM=%zu -DP_GROUP=%d -DC_CACHE=%s", args->k.shape[2], cpu ? 1 : 32,
             clg_storage_name(args->v_cache.dtype));
    CLG_TRY(clg_kernel_get(ctx, "kv_append", "k_kv_append", defines, &kernel));
    CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));
    grid = (struct clg_grid){2, {args->k.shape[0], args->k.shape[1], 1}, {cpu ? 1 : 32, 1, 1}};
    CLG_TRY(CLG_LAUNCH(&seq, kernel, &grid, CLG_TENSOR_HEADS(&args->k), CLG_TENSOR_HEADS(&args->v),
                       CLG_TENSOR(&args->slot), CLG_TENSOR(&args->position), CLG_TENSOR(&args->k_cache),
                       CLG_TENSOR(&args->v_cache), CLG_INT(args->v_cache.shape[0]), CLG_INT(args->v_cache.shape[2])));
out:
    return clg_seq_end(&seq, st);
}
