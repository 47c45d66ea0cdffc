/* SPDX-License-Identifier: Apache-2.0 */
#include "attention.h"

#define OP "kv_append"

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_kv_append_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->k.shape[0], k = a->k.shape[1], d = a->k.shape[2];

    CLG_TRY(clg_tensor_check_storage(ctx, OP, "k", &a->k, 3, CLG_SHAPE(CLG_ANY, CLG_ANY, CLG_ANY)));
    CLG_TRY(clg_attention_check_heads(ctx, OP, k, k, d, 1.0f));
    CLG_TRY(clg_tensor_check(ctx, OP, "v", &a->v, a->k.dtype, 3, CLG_SHAPE(n, k, d)));
    CLG_TRY(clg_tensor_check(ctx, OP, "slot", &a->slot, CLGRPO_I32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check(ctx, OP, "position", &a->position, CLGRPO_I32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_attention_check_cache(ctx, OP, &a->k_cache, &a->v_cache, k, d));
out:
    return st;
}

CLG_VIEWS(views, clgrpo_kv_append, OP, CLG_OUT(a, k_cache), CLG_OUT(a, v_cache), CLG_IN(a, k), CLG_IN(a, v),
          CLG_IN(a, slot), CLG_IN(a, position))

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_kv_append_args *a)
{
    const size_t items = seq->ctx->family == CLGRPO_FAMILY_CPU ? 1 : 32;
    const struct clg_grid grid = {2, {a->k.shape[0], a->k.shape[1], 1}, {items, 1, 1}};
    char defines[80];

    CLG_WORK(seq, 0.0,
             CLG_BYTES(&a->k, &a->v) +
                 2.0 * (double)clgrpo_tensor_elems(&a->k) * (double)clgrpo_dtype_bytes(a->v_cache.dtype));
    snprintf(defines, sizeof defines, "-DC_HEAD_DIM=%zu -DP_GROUP=%zu -DC_CACHE=%s%s", a->k.shape[2], items,
             clg_storage_name(a->v_cache.dtype), clg_act_define(a->k.dtype));
    return CLG_RUN(seq, OP, "k_kv_append", defines, &grid, CLG_TENSOR_HEADS(&a->k), CLG_TENSOR_HEADS(&a->v),
                   CLG_TENSOR(&a->slot), CLG_TENSOR(&a->position), CLG_TENSOR(&a->k_cache), CLG_TENSOR(&a->v_cache),
                   CLG_INT(a->v_cache.shape[0]), CLG_INT(a->v_cache.shape[2]));
}

CLG_OPERATION(clgrpo_kv_append, OP, check, views, run)
