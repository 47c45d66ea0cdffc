/* SPDX-License-Identifier: Apache-2.0 */
#include "attention.h"

#define OP "attention_decode"

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_attention_decode_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->q.shape[0], h = a->q.shape[1], d = a->q.shape[2], k = a->k_cache.shape[1];

    CLG_TRY(clg_tensor_check(ctx, OP, "q", &a->q, CLGRPO_F32, 3, CLG_SHAPE(CLG_ANY, CLG_ANY, CLG_ANY)));
    CLG_TRY(clg_attention_check_cache(ctx, OP, &a->k_cache, &a->v_cache, k, d));
    CLG_TRY(clg_attention_check_heads(ctx, OP, h, k, d, a->scale));
    CLG_TRY(clg_tensor_check(ctx, OP, "o", &a->o, CLGRPO_F32, 3, CLG_SHAPE(n, h, d)));
    CLG_TRY(clg_tensor_check(ctx, OP, "slot", &a->slot, CLGRPO_I32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check(ctx, OP, "position", &a->position, CLGRPO_I32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_attention_check_count(ctx, OP, "the number of tokens", n));
out:
    return st;
}

enum clgrpo_status
clgrpo_attention_decode_workspace(struct clgrpo_context *ctx, const struct clgrpo_attention_decode_args *args,
                                  size_t *bytes)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_CHECK_ARGS(ctx, args, OP);
    CLG_REQUIRE(ctx, bytes != NULL, CLGRPO_E_ARGUMENT, OP ": bytes is null");
    CLG_TRY(check(ctx, args));
    *bytes = 0;
out:
    return st;
}

#define FORMAT "tzzttttt"
#define ARGUMENTS(a)                                                                                                   \
    &(a)->q, (a)->q.stride[0], (a)->q.stride[1], &(a)->slot, &(a)->position, &(a)->k_cache, &(a)->v_cache, &(a)->o

static enum clgrpo_status
launch_simt(struct clg_seq *seq, const struct clgrpo_attention_decode_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t h = a->q.shape[1];
    struct clg_grid grid = {2, {a->q.shape[0], h, 1}, {CLGRPO_ATTENTION_BLOCK, 1, 1}};
    cl_kernel kernel;
    char defines[32];

    snprintf(defines, sizeof defines, "-DC_HEAD_DIM=%zu", a->q.shape[2]);
    CLG_TRY(clg_kernel_get(seq->ctx, "attention_decode_simt", "k_attention_decode", defines, &kernel));
    CLG_TRY(clg_launch(seq, kernel, &grid, FORMAT "zziiif", ARGUMENTS(a), a->o.stride[0], a->o.stride[1],
                       (cl_int)a->k_cache.shape[0], (cl_int)a->v_cache.shape[2], (cl_int)(h / a->k_cache.shape[1]),
                       (double)(a->scale * CLG_ATTENTION_LOG2E)));
out:
    return st;
}

/*
 * Few tokens to a slot: a group takes one token, its rows the query heads that share a key head, and memory sets the
 * pace. More tokens than slots must be prefill, in part at least: a group takes a stretch of tokens and cuts tiles of
 * many rows. Either way the bits are the same.
 */
static enum clgrpo_status
launch_cpu(struct clg_seq *seq, const struct clgrpo_attention_decode_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->q.shape[0], k = a->k_cache.shape[1], group = a->q.shape[1] / k;
    const bool prefill = n > a->k_cache.shape[0];
    const size_t rows = prefill ? CLG_ATTENTION_ROWS : 1, tokens = prefill ? 24 : 1;
    const size_t tiles = prefill ? 1 : group < 8 ? group : 8;
    struct clg_grid grid = {2, {(n + tokens - 1) / tokens, k, 1}, {1, 1, 1}};
    cl_kernel kernel;
    char defines[128];

    snprintf(defines, sizeof defines, "-DC_HEAD_DIM=%zu -DP_ROWS=%zu -DP_TILES=%zu -DP_TOKENS=%zu", a->q.shape[2], rows,
             tiles, tokens);
    CLG_TRY(clg_kernel_get(seq->ctx, "attention_decode_cpu", "k_attention_decode", defines, &kernel));
    CLG_TRY(clg_launch(seq, kernel, &grid, FORMAT "zziiiif", ARGUMENTS(a), a->o.stride[0], a->o.stride[1], (cl_int)n,
                       (cl_int)a->k_cache.shape[0], (cl_int)a->v_cache.shape[2], (cl_int)group,
                       (double)(a->scale * CLG_ATTENTION_LOG2E)));
out:
    return st;
}

enum clgrpo_status
clgrpo_attention_decode(struct clgrpo_context *ctx, const struct clgrpo_attention_decode_args *args,
                        CLGRPO_QUEUE_PARAMS)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_seq seq = {0};

    CLG_CHECK_ARGS(ctx, args, OP);
    CLG_TRY(check(ctx, args));
    CLG_TRY(clg_workspace_check(ctx, OP, &args->workspace, 0));
    CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));
    if (ctx->family == CLGRPO_FAMILY_CPU)
        CLG_TRY(launch_cpu(&seq, args));
    else
        CLG_TRY(launch_simt(&seq, args));
out:
    return clg_seq_end(&seq, st);
}
