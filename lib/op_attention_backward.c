/* SPDX-License-Identifier: Apache-2.0 */
#include "attention.h"
#include "attention_simt.h"
#include "tune.h"

#include <math.h>

#define OP "attention_backward"

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_attention_backward_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->q.shape[0], h = a->q.shape[1], d = a->q.shape[2], k = a->k.shape[1];

    CLG_TRY(clg_attention_check_batch(ctx, OP, CLG_ATTENTION_BATCH(a)));
    CLG_TRY(clg_tensor_check(ctx, OP, "dout", &a->dout, a->q.dtype, 3, CLG_SHAPE(n, h, d)));
    CLG_TRY(clg_tensor_check(ctx, OP, "dq", &a->dq, a->q.dtype, 3, CLG_SHAPE(n, h, d)));
    CLG_TRY(clg_tensor_check(ctx, OP, "dk", &a->dk, a->q.dtype, 3, CLG_SHAPE(n, k, d)));
    CLG_TRY(clg_tensor_check(ctx, OP, "dv", &a->dv, a->q.dtype, 3, CLG_SHAPE(n, k, d)));
    CLG_TRY(clg_tensor_check(ctx, OP, "lse", &a->lse, CLGRPO_F32, 2, CLG_SHAPE(n, h)));
out:
    return st;
}

CLG_VIEWS(views, clgrpo_attention_backward, OP, CLG_OUT(a, dq), CLG_OUT(a, dk), CLG_OUT(a, dv), CLG_IN(a, q),
          CLG_IN(a, k), CLG_IN(a, v), CLG_IN(a, o), CLG_IN(a, lse), CLG_IN(a, dout), CLG_IN(a, offsets),
          CLG_IN(a, prefix))

/* delta [N][H]; behind it, where the one-pass kernel cannot add up dq in its tensor, the sums [N][H][D] */
static size_t
workspace_bytes(const struct clgrpo_context *ctx, const struct clgrpo_attention_backward_args *a)
{
    const bool adds = ctx->family == CLGRPO_FAMILY_CPU && a->q.dtype != CLGRPO_F32;

    return a->q.shape[0] * a->q.shape[1] * (adds ? 1 + a->q.shape[2] : 1) * sizeof(float);
}

/* Which kernels run, and their grids. */
struct plan {
    bool one_pass; /* cpu: one kernel does the work of both, with the same bits; its grid is dkdv */
    struct clg_grid dq, dkdv;
    cl_int tiles; /* cpu, dq: register tiles of a query head in a group */
    size_t limit; /* cpu: most register tiles of a group */
    struct clg_attention_simt simt;
};

static enum clgrpo_status
plan_simt(struct clgrpo_context *ctx, const struct clgrpo_attention_backward_args *a, struct plan *plan)
{
    enum clgrpo_status st = CLGRPO_OK;
    static const char *const kernels[][2] = {{"attention_dq_simt", "k_attention_dq"},
                                             {"attention_dkdv_simt", "k_attention_dkdv"}};
    const struct clgrpo_tensor *const tensors[] = {&a->q, &a->k, &a->v, &a->dout, &a->dq, &a->dk, &a->dv};
    const int tile = clg_tune_get(ctx, CLG_TUNE_ATTENTION_BACKWARD_SIMT_TILE, clg_attention_class(a->q.shape[2]));
    const struct clg_attention_simt_shape shape = {a->q.shape[2], &a->prefix, tensors, 7};
    struct clg_attention_simt simt;
    const size_t n_blocks = clg_round_up(a->max_len, CLGRPO_ATTENTION_BLOCK) / CLGRPO_ATTENTION_BLOCK;
    const size_t n_sequences = a->offsets.shape[0] - 1;

    CLG_TRY(clg_attention_simt_choose(ctx, (size_t)tile, &shape, kernels, 2, &simt));
    *plan = (struct plan){.dq = {3, {n_blocks, a->q.shape[1], n_sequences}, {CLG_ATTENTION_SIMT_X, simt.rows, 1}},
                          .dkdv = {3, {n_blocks, a->k.shape[1], n_sequences}, {CLG_ATTENTION_SIMT_X, simt.rows, 1}},
                          .simt = simt};
out:
    return st;
}

/*
 * Whether the one-pass kernel is expected to be faster. It computes 5 products where the two passes compute 7, but has
 * only one group for each pair of a sequence and a key head, so that compute units may be idle. The work of a pair
 * grows with the square of the sequence's length. The batch has at least the work of `equal` pairs of length max_len,
 * K B (N / B / max_len)^2, as the mean of the squares is at least the square of the mean. The units then take
 * ceil(equal / units) turns of 5 products, or, in two passes, at best equal / units turns of 7. With prefixes a group
 * computes a prefix and all sequences that continue it, of which there may be one set: only the K key heads count.
 */
static bool
fills_units(const struct clgrpo_context *ctx, const struct clgrpo_attention_backward_args *a)
{
    const double units = ctx->info.compute_units, n_keys = (double)a->k.shape[1], n = (double)(a->offsets.shape[0] - 1);
    const double share = (double)a->q.shape[0] / n / (double)a->max_len;
    const double equal = n_keys * (a->prefix.buf != NULL ? 1.0 : n * fmin(share * share, 1.0));

    return equal >= units * 5.0 / 7.0 * ceil(equal / units);
}

static struct plan
plan_cpu(const struct clgrpo_context *ctx, const struct clgrpo_attention_backward_args *a)
{
    const size_t k = a->k.shape[1], n_sequences = a->offsets.shape[0] - 1;
    const bool shared = a->prefix.buf != NULL;
    const size_t limit = 2048 / a->q.shape[2], keys = limit * CLG_ATTENTION_ROWS;
    const struct clg_attention_cut cut =
        clg_attention_cut_choose(ctx, limit, a->q.shape[1] / k, k * n_sequences, a->max_len);

    if (fills_units(ctx, a))
        return (struct plan){.one_pass = true,
                             .dkdv = {2, {shared ? n_sequences : k, shared ? k : n_sequences, 1}, {1, 1, 1}},
                             .limit = limit};
    return (struct plan){.dq = {3, {cut.n_chunks, k, n_sequences}, {1, 1, 1}},
                         .dkdv = {3, {clg_round_up(a->max_len, keys) / keys, k, n_sequences}, {1, 1, 1}},
                         .tiles = (cl_int)cut.tiles,
                         .limit = limit};
}

/* What a kernel computes, in products of attention, and moves besides what each reads. */
static void
say_work(struct clg_seq *seq, const struct clgrpo_attention_backward_args *a, double products, double bytes)
{
    CLG_WORK(seq, products * clg_attention_product_flop(CLG_ATTENTION_BATCH(a), a->causal),
             bytes + CLG_BYTES(&a->q, &a->k, &a->v, &a->dout, &a->lse));
}

static enum clgrpo_status
launch_one_pass(struct clg_seq *seq, const struct clgrpo_attention_backward_args *a, const struct plan *plan)
{
    enum clgrpo_status st = CLGRPO_OK;
    char defines[80];

    say_work(seq, a, 5.0, CLG_BYTES(&a->o, &a->dq, &a->dk, &a->dv));
    snprintf(defines, sizeof defines, "-DC_HEAD_DIM=%zu -DP_TILES=%zu%s", a->q.shape[2], plan->limit,
             clg_act_define(a->q.dtype));
    CLG_TRY(CLG_RUN(seq, "attention_backward_cpu", "k_attention_backward", defines, &plan->dkdv,
                    CLG_TENSOR_HEADS(&a->q), CLG_TENSOR_HEADS(&a->k), CLG_TENSOR_HEADS(&a->v), CLG_TENSOR_HEADS(&a->o),
                    CLG_TENSOR_HEADS(&a->dout), CLG_TENSOR_ROWS(&a->lse), CLG_TENSOR(&a->offsets),
                    CLG_MEM(a->workspace.buf), CLG_SIZE(a->workspace.offset_bytes / sizeof(float)),
                    CLG_TENSOR_HEADS(&a->dq), CLG_TENSOR_HEADS(&a->dk), CLG_TENSOR_HEADS(&a->dv),
                    CLG_ATTENTION_PREFIX(a), CLG_INT(a->q.shape[1] / a->k.shape[1]),
                    CLG_FLOAT(a->scale * CLG_ATTENTION_LOG2E), CLG_FLOAT(a->scale), CLG_INT(a->causal)));
out:
    return st;
}

static enum clgrpo_status
launch_two_passes(struct clg_seq *seq, const struct clgrpo_attention_backward_args *a, const struct plan *plan)
{
    enum clgrpo_status st = CLGRPO_OK;
    const bool cpu = seq->ctx->family == CLGRPO_FAMILY_CPU;
    const cl_int group = (cl_int)(a->q.shape[1] / a->k.shape[1]), causal = a->causal;
    const double scale = a->scale, scale2 = (double)(a->scale * CLG_ATTENTION_LOG2E);
    const size_t delta = a->workspace.offset_bytes / sizeof(float);
    cl_kernel dq = plan->simt.kernel[0], dkdv = plan->simt.kernel[1];
    char defines[80];

    if (cpu) {
        snprintf(defines, sizeof defines, "-DC_HEAD_DIM=%zu -DP_TILES=%zu%s", a->q.shape[2], plan->limit,
                 clg_act_define(a->q.dtype));
        CLG_TRY(clg_kernel_get(seq->ctx, "attention_dq_cpu", "k_attention_dq", defines, &dq));
        CLG_TRY(clg_kernel_get(seq->ctx, "attention_dkdv_cpu", "k_attention_dkdv", defines, &dkdv));
    }
    say_work(seq, a, 3.0, CLG_BYTES(&a->o, &a->dq));
    if (cpu)
        CLG_TRY(CLG_LAUNCH(seq, dq, &plan->dq, CLG_TENSOR_HEADS(&a->q), CLG_TENSOR_HEADS(&a->k),
                           CLG_TENSOR_HEADS(&a->v), CLG_TENSOR_HEADS(&a->o), CLG_TENSOR_HEADS(&a->dout),
                           CLG_TENSOR_ROWS(&a->lse), CLG_TENSOR(&a->offsets), CLG_MEM(a->workspace.buf),
                           CLG_SIZE(delta), CLG_TENSOR_HEADS(&a->dq), CLG_ATTENTION_PREFIX(a), CLG_INT(group),
                           CLG_INT(plan->tiles), CLG_FLOAT(scale2), CLG_FLOAT(scale), CLG_INT(causal)));
    else
        CLG_TRY(CLG_LAUNCH(seq, dq, &plan->dq, CLG_TENSOR_HEADS(&a->q), CLG_TENSOR_HEADS(&a->k),
                           CLG_TENSOR_HEADS(&a->v), CLG_TENSOR_HEADS(&a->o), CLG_TENSOR_HEADS(&a->dout),
                           CLG_TENSOR_ROWS(&a->lse), CLG_TENSOR(&a->offsets), CLG_MEM(a->workspace.buf),
                           CLG_SIZE(delta), CLG_TENSOR_HEADS(&a->dq), CLG_ATTENTION_PREFIX(a), CLG_INT(group),
                           CLG_FLOAT(scale2), CLG_FLOAT(scale), CLG_INT(causal)));
    say_work(seq, a, 4.0, CLG_BYTES(&a->dk, &a->dv));
    CLG_TRY(CLG_LAUNCH(seq, dkdv, &plan->dkdv, CLG_TENSOR_HEADS(&a->q), CLG_TENSOR_HEADS(&a->k),
                       CLG_TENSOR_HEADS(&a->v), CLG_TENSOR_HEADS(&a->dout), CLG_TENSOR_ROWS(&a->lse),
                       CLG_TENSOR(&a->offsets), CLG_MEM(a->workspace.buf), CLG_SIZE(delta), CLG_TENSOR_HEADS(&a->dk),
                       CLG_TENSOR_HEADS(&a->dv), CLG_ATTENTION_PREFIX(a), CLG_INT(group), CLG_FLOAT(scale2),
                       CLG_FLOAT(scale), CLG_INT(causal)));
out:
    return st;
}

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_attention_backward_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clgrpo_context *ctx = seq->ctx;
    struct plan plan;

    if (a->q.shape[0] == 0)
        return CLGRPO_OK;
    if (ctx->family == CLGRPO_FAMILY_CPU)
        plan = plan_cpu(ctx, a);
    else
        CLG_TRY(plan_simt(ctx, a, &plan));
    CLG_TRY(plan.one_pass ? launch_one_pass(seq, a, &plan) : launch_two_passes(seq, a, &plan));
out:
    return st;
}

CLG_OPERATION_WITH_SPACE(clgrpo_attention_backward, OP, check, views, workspace_bytes, run)
