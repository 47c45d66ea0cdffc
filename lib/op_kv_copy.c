/* SPDX-License-Identifier: Apache-2.0 */
#include "attention.h"

#include <math.h>

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

CLG_VIEWS(views, clgrpo_kv_copy, OP, CLG_OUT(a, k_cache), CLG_OUT(a, v_cache), CLG_IN(a, source), CLG_IN(a, target),
          CLG_IN(a, length))

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_kv_copy_args *a)
{
    const size_t items = seq->ctx->family == CLGRPO_FAMILY_CPU ? 1 : 64, block = CLGRPO_ATTENTION_BLOCK;
    const size_t n_blocks = a->v_cache.shape[2] / block;
    const struct clg_grid grid = {3, {a->source.shape[0], a->v_cache.shape[1], n_blocks}, {items, 1, 1}};
    char defines[64];

    snprintf(defines, sizeof defines, "-DC_HEAD_DIM=%zu -DC_WORD=%s -DP_GROUP=%zu", a->v_cache.shape[3],
             clgrpo_dtype_bytes(a->v_cache.dtype) == 2 ? "ushort" : "uint", items);
    CLG_WORK(seq, 0.0, NAN); /* the lengths lie on the device */
    return CLG_RUN(seq, OP, "k_kv_copy", defines, &grid, CLG_TENSOR(&a->source), CLG_TENSOR(&a->target),
                   CLG_TENSOR(&a->length), CLG_TENSOR(&a->k_cache), CLG_TENSOR(&a->v_cache),
                   CLG_INT(a->v_cache.shape[0]), CLG_INT(a->v_cache.shape[2]));
}

CLG_OPERATION(clgrpo_kv_copy, OP, check, views, run)
