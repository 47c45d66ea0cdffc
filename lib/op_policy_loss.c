/* SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"

#include <math.h>

#define OP "policy_loss"

/* Native vectors of tokens per work-item: many on a core, a few on a device that needs many items. */
enum { CPU_VECTORS = 64, SIMT_VECTORS = 4 };

static size_t
item_vectors(const struct clgrpo_context *ctx)
{
    return ctx->family == CLGRPO_FAMILY_CPU ? CPU_VECTORS : SIMT_VECTORS;
}

static size_t
n_items(const struct clgrpo_context *ctx, size_t n_tokens)
{
    const size_t tokens = item_vectors(ctx) * clg_vector_width(ctx);

    return (n_tokens + tokens - 1) / tokens;
}

static size_t
workspace_bytes(const struct clgrpo_context *ctx, const struct clgrpo_policy_loss_args *a)
{
    return n_items(ctx, a->logprob.shape[0]) * CLGRPO_POLICY_STATS * sizeof(float);
}

static enum clgrpo_status
check_values(struct clgrpo_context *ctx, const struct clgrpo_policy_loss_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_REQUIRE(ctx, a->clip_low >= 0.0f && a->clip_low <= 1.0f, CLGRPO_E_VALUE, OP ": clip_low is %g, need 0 to 1",
                (double)a->clip_low);
    CLG_REQUIRE(ctx, a->clip_high >= 0.0f && isfinite(a->clip_high), CLGRPO_E_VALUE,
                OP ": clip_high is %g, need 0 or more", (double)a->clip_high);
    CLG_REQUIRE(ctx, a->dual_clip == 0.0f || (a->dual_clip > 1.0f && isfinite(a->dual_clip)), CLGRPO_E_VALUE,
                OP ": dual_clip is %g, need 0 or more than 1", (double)a->dual_clip);
    CLG_REQUIRE(ctx, isfinite(a->kl_beta) && a->kl_beta >= 0.0f, CLGRPO_E_VALUE, OP ": kl_beta is %g, need 0 or more",
                (double)a->kl_beta);
out:
    return st;
}

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_policy_loss_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->logprob.shape[0];

    CLG_TRY(clg_tensor_check(ctx, OP, "logprob", &a->logprob, CLGRPO_F32, 1, CLG_SHAPE(CLG_ANY)));
    CLG_TRY(clg_tensor_check(ctx, OP, "old_logprob", &a->old_logprob, CLGRPO_F32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check(ctx, OP, "advantage", &a->advantage, CLGRPO_F32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check(ctx, OP, "weight", &a->weight, CLGRPO_F32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check(ctx, OP, "dlogprob", &a->dlogprob, CLGRPO_F32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check(ctx, OP, "stats", &a->stats, CLGRPO_F32, 1, CLG_SHAPE(CLGRPO_POLICY_STATS)));
    CLG_TRY(clg_tensor_check_optional(ctx, OP, "ref_logprob", &a->ref_logprob, CLGRPO_F32, 1, CLG_SHAPE(n)));
    CLG_REQUIRE(ctx, n <= INT32_MAX, CLGRPO_E_SHAPE, OP ": %zu tokens, at most %zu", n, (size_t)INT32_MAX);
    CLG_TRY(check_values(ctx, a));
out:
    return st;
}

CLG_VIEWS(views, clgrpo_policy_loss, OP, CLG_OUT_OR(a, dlogprob, logprob), CLG_OUT(a, stats), CLG_IN(a, logprob),
          CLG_IN(a, old_logprob), CLG_IN(a, ref_logprob), CLG_IN(a, advantage), CLG_IN(a, weight))

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_policy_loss_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const bool with_ref = a->ref_logprob.buf != NULL;
    const size_t local = seq->ctx->family == CLGRPO_FAMILY_CPU ? 1 : 64, n = a->logprob.shape[0];
    const size_t items = n_items(seq->ctx, n), at = a->workspace.offset_bytes / sizeof(float);
    const struct clg_grid grid = clg_grid1(clg_divide_up(items, local), local), one = clg_grid1(1, 64);
    const cl_mem part = n > 0 ? a->workspace.buf : a->stats.buf;
    cl_kernel loss, stats;
    char defines[64];

    snprintf(defines, sizeof defines, "-DC_REF=%d -DP_ITEM_VECTORS=%zu", with_ref, item_vectors(seq->ctx));
    CLG_TRY(clg_kernel_get(seq->ctx, OP, "k_policy_loss", defines, &loss));
    CLG_TRY(clg_kernel_get(seq->ctx, OP, "k_policy_stats", defines, &stats));
    CLG_WORK(seq, 0.0,
             CLG_BYTES(&a->logprob, &a->old_logprob, &a->ref_logprob, &a->advantage, &a->weight, &a->dlogprob));
    CLG_TRY(CLG_LAUNCH(seq, loss, &grid, CLG_TENSOR(&a->logprob), CLG_TENSOR(&a->old_logprob),
                       CLG_TENSOR(with_ref ? &a->ref_logprob : &a->logprob), CLG_TENSOR(&a->advantage),
                       CLG_TENSOR(&a->weight), CLG_TENSOR(&a->dlogprob), CLG_MEM(part), CLG_SIZE(at), CLG_UINT(n),
                       CLG_UINT(items), CLG_FLOAT(1.0 - (double)a->clip_low), CLG_FLOAT(1.0 + (double)a->clip_high),
                       CLG_FLOAT(a->dual_clip), CLG_FLOAT(a->kl_beta)));
    CLG_WORK(seq, 0.0, CLG_BYTES(&a->stats) + (double)items * CLGRPO_POLICY_STATS * sizeof(float));
    CLG_TRY(CLG_LAUNCH(seq, stats, &one, CLG_MEM(part), CLG_SIZE(at), CLG_UINT(items), CLG_TENSOR(&a->stats)));
out:
    return st;
}

CLG_OPERATION_WITH_SPACE(clgrpo_policy_loss, OP, check, views, workspace_bytes, run)
