/* SPDX-License-Identifier: Apache-2.0 */
#include "attention.h"
#include "attention_simt.h"
#include "tune.h"

#define OP "attention"

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_attention_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_TRY(clg_attention_check_batch(ctx, OP, CLG_ATTENTION_BATCH(a)));
    if (a->lse.buf != NULL)
        CLG_TRY(clg_tensor_check(ctx, OP, "lse", &a->lse, CLGRPO_F32, 2, CLG_SHAPE(a->q.shape[0], a->q.shape[1])));
out:
    return st;
}

CLG_VIEWS(views, clgrpo_attention, OP, CLG_OUT(a, o), CLG_OUT(a, lse), CLG_IN(a, q), CLG_IN(a, k), CLG_IN(a, v),
          CLG_IN(a, offsets), CLG_IN(a, prefix))

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
    const struct clg_attention_simt_shape shape = {a->q.shape[2], &a->prefix, tensors, 4};
    static const char *const kernels[][2] = {{"attention_simt", "k_attention_forward"}};
    struct clg_attention_simt chosen;
    struct clg_grid grid = {3, {clg_round_up(a->max_len, block) / block, h, a->offsets.shape[0] - 1}, {1, 1, 1}};

    CLG_TRY(clg_attention_simt_choose(seq->ctx, (size_t)tile, &shape, kernels, 1, &chosen));
    grid.local[0] = CLG_ATTENTION_SIMT_X;
    grid.local[1] = chosen.rows;
    CLG_TRY(CLG_LAUNCH(seq, chosen.kernel[0], &grid, ARGUMENTS(a), CLG_INT(h / a->k.shape[1]),
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
    char defines[80];

    snprintf(defines, sizeof defines, "-DC_HEAD_DIM=%zu -DP_TILES=%zu%s", a->q.shape[2], limit,
             clg_act_define(a->q.dtype));
    CLG_TRY(CLG_RUN(seq, "attention_cpu", "k_attention_forward", defines, &grid, ARGUMENTS(a), CLG_INT(group),
                    CLG_INT(cut.tiles), CLG_FLOAT(a->scale * CLG_ATTENTION_LOG2E), CLG_INT(a->causal)));
out:
    return st;
}

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_attention_args *a)
{
    if (a->q.shape[0] == 0)
        return CLGRPO_OK;
    CLG_WORK(seq, 2.0 * clg_attention_product_flop(CLG_ATTENTION_BATCH(a), a->causal),
             CLG_BYTES(&a->q, &a->k, &a->v, &a->o, &a->lse));
    return seq->ctx->family == CLGRPO_FAMILY_CPU ? launch_cpu(seq, a) : launch_simt(seq, a);
}

static size_t
workspace_bytes(const struct clgrpo_context *ctx, const struct clgrpo_attention_args *a)
{
    (void)ctx, (void)a;
    return 0;
}

CLG_OPERATION_WITH_SPACE(clgrpo_attention, OP, check, views, workspace_bytes, run)
