/* SPDX-License-Identifier: Apache-2.0 */
#include "attention.h"
#include "attention_simt.h"
#include "tune.h"

#define OP "attention"

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_attention_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->q.shape[0], h = a->q.shape[1], d = a->q.shape[2], k = a->k.shape[1];

    CLG_TRY(clg_tensor_check(ctx, OP, "q", &a->q, CLGRPO_F32, 3, CLG_SHAPE(CLG_ANY, CLG_ANY, CLG_ANY)));
    CLG_TRY(clg_tensor_check(ctx, OP, "k", &a->k, CLGRPO_F32, 3, CLG_SHAPE(n, CLG_ANY, d)));
    CLG_TRY(clg_attention_check_heads(ctx, OP, h, k, d, a->scale));
    CLG_TRY(clg_tensor_check(ctx, OP, "v", &a->v, CLGRPO_F32, 3, CLG_SHAPE(n, k, d)));
    CLG_TRY(clg_tensor_check(ctx, OP, "o", &a->o, CLGRPO_F32, 3, CLG_SHAPE(n, h, d)));
    CLG_TRY(clg_tensor_check(ctx, OP, "offsets", &a->offsets, CLGRPO_I32, 1, CLG_SHAPE(CLG_ANY)));
    CLG_REQUIRE(ctx, a->offsets.shape[0] >= 1, CLGRPO_E_SHAPE, OP ": offsets is empty, need one more than sequences");
    if (a->lse.buf != NULL)
        CLG_TRY(clg_tensor_check(ctx, OP, "lse", &a->lse, CLGRPO_F32, 2, CLG_SHAPE(n, h)));
    CLG_TRY(clg_attention_check_prefix(ctx, OP, &a->prefix, &a->offsets));
    CLG_TRY(clg_attention_check_count(ctx, OP, "the number of rows", n));
    CLG_TRY(clg_attention_check_count(ctx, OP, "max_len", a->max_len));
out:
    return st;
}

enum clgrpo_status
clgrpo_attention_workspace(struct clgrpo_context *ctx, const struct clgrpo_attention_args *args, size_t *bytes)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_CHECK_ARGS(ctx, args, OP);
    CLG_REQUIRE(ctx, bytes != NULL, CLGRPO_E_ARGUMENT, OP ": bytes is null");
    CLG_TRY(check(ctx, args));
    *bytes = 0;
out:
    return st;
}

/* The arguments that both families' kernels begin with. */
#define ARGUMENTS(a)                                                                                                   \
    CLG_TENSOR_HEADS(&(a)->q), CLG_TENSOR_HEADS(&(a)->k), CLG_TENSOR_HEADS(&(a)->v), CLG_TENSOR(&(a)->offsets),        \
        CLG_TENSOR_HEADS(&(a)->o), CLG_TENSOR_ROWS(&(a)->lse), CLG_INT((a)->lse.buf != NULL), CLG_ATTENTION_PREFIX(a)

static enum clgrpo_status
launch_simt(struct clg_seq *seq, const struct clgrpo_attention_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t h = a->q.shape[1], block = CLGRPO_ATTENTION_BLOCK;
    const struct clgrpo_tensor *const tensors[] = {&a->q, &a->k, &a->v, &a->o};
    const int tile = clg_tune_get(seq->ctx, CLG_TUNE_ATTENTION_SIMT_TILE, clg_attention_class(a->q.shape[2]));
    const struct clg_attention_simt chosen =
        clg_attention_simt_with(seq->ctx, (size_t)tile, a->q.shape[2], &a->prefix, tensors, 4);
    const struct clg_grid grid = {3,
                                  {clg_round_up(a->max_len, block) / block, h, a->offsets.shape[0] - 1},
                                  {CLG_ATTENTION_SIMT_X, chosen.rows, 1}};
    cl_kernel kernel;

    CLG_TRY(clg_kernel_get(seq->ctx, "attention_simt", "k_attention_forward", chosen.defines, &kernel));
    CLG_TRY(CLG_LAUNCH(seq, kernel, &grid, ARGUMENTS(a), CLG_INT(h / a->k.shape[1]),
                       CLG_FLOAT(a->scale * CLG_ATTENTION_LOG2E), CLG_INT(a->causal)));
out:
    return st;
}

static enum clgrpo_status
launch_cpu(struct clg_seq *seq, const struct clgrpo_attention_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t k = a->k.shape[1], group = a->q.shape[1] / k, n_sequences = a->offsets.shape[0] - 1,
                 limit =
                     (size_t)clg_tune_get(seq->ctx, CLG_TUNE_ATTENTION_CPU_TILES, clg_attention_class(a->q.shape[2]));
    struct clg_attention_cut cut = clg_attention_cut_choose(seq->ctx, limit, group, k * n_sequences, a->max_len);
    struct clg_grid grid = {3, {cut.n_chunks, k, n_sequences}, {1, 1, 1}};
    cl_kernel kernel;
    char defines[64];

    snprintf(defines, sizeof defines, "-DC_HEAD_DIM=%zu -DP_TILES=%zu", a->q.shape[2], limit);
    CLG_TRY(clg_kernel_get(seq->ctx, "attention_cpu", "k_attention_forward", defines, &kernel));
    CLG_TRY(CLG_LAUNCH(seq, kernel, &grid, ARGUMENTS(a), CLG_INT(group), CLG_INT(cut.tiles),
                       CLG_FLOAT(a->scale * CLG_ATTENTION_LOG2E), CLG_INT(a->causal)));
out:
    return st;
}

enum clgrpo_status
clgrpo_attention(struct clgrpo_context *ctx, const struct clgrpo_attention_args *args, cl_command_queue queue,
                 cl_uint n_wait, const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_seq seq = {0};

    CLG_CHECK_ARGS(ctx, args, OP);
    CLG_TRY(check(ctx, args));
    CLG_TRY(clg_workspace_check(ctx, OP, &args->workspace, 0));
    CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));
    if (args->q.shape[0] > 0 && ctx->family == CLGRPO_FAMILY_CPU)
        CLG_TRY(launch_cpu(&seq, args));
    else if (args->q.shape[0] > 0)
        CLG_TRY(launch_simt(&seq, args));
out:
    return clg_seq_end(&seq, st);
}
