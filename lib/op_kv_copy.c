/* SPDX-License-Identifier: Apache-2.0 */
#include "attention.h"

#define OP "kv_copy"

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_kv_copy_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->source.shape[0], k = a->v_cache.shape[1], d = a->v_cache.shape[3];

    CLG_TRY(clg_tensor_check(ctx, OP, "source", &a->source, CLGRPO_I32, 1, CLG_SHAPE(CLG_ANY)));
    CLG_TRY(clg_tensor_check(ctx, OP, "target", &a->target, CLGRPO_I32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check(ctx, OP, "length", &a->length, CLGRPO_I32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_attention_check_cache(ctx, OP, &a->k_cache, &a->v_cache, k, d));
    CLG_TRY(clg_attention_check_heads(ctx, OP, k, k, d, 1.0f));
    CLG_TRY(clg_attention_check_count(ctx, OP, "the number of copies", n));
out:
    return st;
}

enum clgrpo_status
clgrpo_kv_copy(struct clgrpo_context *ctx, const struct clgrpo_kv_copy_args *args, cl_command_queue queue,
               cl_uint n_wait, const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t items = ctx->family == CLGRPO_FAMILY_CPU ? 1 : 64, block = CLGRPO_ATTENTION_BLOCK;
    struct clg_seq seq = {0};
    struct clg_grid grid;
    cl_kernel kernel;
    char defines[64];

    CLG_CHECK_ARGS(ctx, args, OP);
    CLG_TRY(check(ctx, args));
    snprintf(defines, sizeof defines, "-DC_HEAD_DIM=%zu -DC_WORD=%s -DP_GROUP=%zu", args->v_cache.shape[3],
             clgrpo_dtype_bytes(args->v_cache.dtype) == 2 ? "ushort" : "uint", items);
    CLG_TRY(clg_kernel_get(ctx, "kv_copy", "k_kv_copy", defines, &kernel));
    CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));
    grid = (struct clg_grid){
        3, {args->source.shape[0], args->v_cache.shape[1], args->v_cache.shape[2] / block}, {items, 1, 1}};
    CLG_TRY(CLG_LAUNCH(&seq, kernel, &grid, CLG_TENSOR(&args->source), CLG_TENSOR(&args->target),
                       CLG_TENSOR(&args->length), CLG_TENSOR(&args->k_cache), CLG_TENSOR(&args->v_cache),
                       CLG_INT(args->v_cache.shape[0]), CLG_INT(args->v_cache.shape[2])));
out:
    return clg_seq_end(&seq, st);
}
