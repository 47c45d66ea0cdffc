/* SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"

#include <math.h>

#define OP "policy_loss"

/* Native vectors of tokens per work-item: many on a core, a few on a device that needs many items. */
enum { CPU_VECTORS = 64, SIMT_VECTORS = 4 };

/* Statistics of the first version of the operation, which its callers have room for. */
enum { FIRST_STATS = CLGRPO_POLICY_DUAL_CLIPPED };

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

static bool
by_rows(const struct clgrpo_policy_loss_args *a)
{
    return a->ratio != CLGRPO_RATIO_TOKEN || a->correction >= CLGRPO_CORRECTION_ROW_TRUNCATE;
}

/* Items of the group of a row: C_LANES of the kernel. */
static size_t
row_lanes(const struct clgrpo_context *ctx)
{
    return ctx->family == CLGRPO_FAMILY_CPU ? 1 : 64;
}

/* How many items write their sums. */
static size_t
n_parts(const struct clgrpo_context *ctx, const struct clgrpo_policy_loss_args *a)
{
    return by_rows(a) ? (a->offsets.shape[0] - 1) * row_lanes(ctx) : n_items(ctx, a->logprob.shape[0]);
}

static size_t
workspace_bytes(const struct clgrpo_context *ctx, const struct clgrpo_policy_loss_args *a)
{
    return n_parts(ctx, a) * CLGRPO_POLICY_STATS * sizeof(float);
}

static enum clgrpo_status
check_bounds(struct clgrpo_context *ctx, const char *what, float least, float most)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_REQUIRE(ctx, least >= 0.0f && least <= 1.0f && most >= 1.0f && isfinite(most), CLGRPO_E_VALUE,
                OP ": %s_min is %g and %s_max %g, need 0 <= min <= 1 <= max", what, (double)least, what, (double)most);
out:
    return st;
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
    CLG_REQUIRE(ctx, a->dual_clip == 0.0f || a->surrogate == CLGRPO_SURROGATE_CLIP, CLGRPO_E_VALUE,
                OP ": dual_clip is %g, but CISPO has none: its weight is bounded by ratio_max", (double)a->dual_clip);
    CLG_REQUIRE(ctx, isfinite(a->kl_beta) && a->kl_beta >= 0.0f, CLGRPO_E_VALUE, OP ": kl_beta is %g, need 0 or more",
                (double)a->kl_beta);
    if (a->ratio_max != 0.0f || a->ratio_min != 0.0f)
        CLG_TRY(check_bounds(ctx, "ratio", a->ratio_min, a->ratio_max));
    if (a->correction != CLGRPO_CORRECTION_NONE)
        CLG_TRY(check_bounds(ctx, "correction", a->correction_min, a->correction_max));
out:
    return st;
}

static enum clgrpo_status
check_kinds(struct clgrpo_context *ctx, const struct clgrpo_policy_loss_args *a)
{
    const struct {
        const char *name;
        int kind, last;
    } kinds[] = {{"ratio", (int)a->ratio, CLGRPO_RATIO_PRODUCT},
                 {"surrogate", (int)a->surrogate, CLGRPO_SURROGATE_CISPO},
                 {"kl", (int)a->kl, CLGRPO_KL_K3_RATIO},
                 {"correction", (int)a->correction, CLGRPO_CORRECTION_ROW_MASK}};
    enum clgrpo_status st = CLGRPO_OK;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        CLG_REQUIRE(ctx, kinds[i].kind >= 0 && kinds[i].kind <= kinds[i].last, CLGRPO_E_ARGUMENT,
                    OP ": unknown kind %d of %s", kinds[i].kind, kinds[i].name);
    CLG_REQUIRE(ctx, a->correction == CLGRPO_CORRECTION_NONE || a->sampled_logprob.buf != NULL, CLGRPO_E_ARGUMENT,
                OP ": a correction needs sampled_logprob");
    CLG_REQUIRE(ctx, !by_rows(a) || a->offsets.buf != NULL, CLGRPO_E_ARGUMENT,
                OP ": the ratio or the correction is that of a row, which needs offsets");
out:
    return st;
}

static enum clgrpo_status
check_tokens(struct clgrpo_context *ctx, const struct clgrpo_policy_loss_args *a)
{
    const struct {
        const char *name;
        const struct clgrpo_tensor *t;
        bool optional;
    } tokens[] = {{"old_logprob", &a->old_logprob, false}, {"sampled_logprob", &a->sampled_logprob, true},
                  {"ref_logprob", &a->ref_logprob, true},  {"advantage", &a->advantage, false},
                  {"weight", &a->weight, false},           {"dlogprob", &a->dlogprob, false}};
    enum clgrpo_status st = CLGRPO_OK;

    CLG_TRY(clg_tensor_check(ctx, OP, "logprob", &a->logprob, CLGRPO_F32, 1, CLG_SHAPE(CLG_ANY)));
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
        if (!tokens[i].optional || tokens[i].t->buf != NULL)
            CLG_TRY(
                clg_tensor_check(ctx, OP, tokens[i].name, tokens[i].t, CLGRPO_F32, 1, CLG_SHAPE(a->logprob.shape[0])));
out:
    return st;
}

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_policy_loss_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->logprob.shape[0];

    CLG_TRY(check_tokens(ctx, a));
    CLG_TRY(clg_tensor_check(ctx, OP, "stats", &a->stats, CLGRPO_F32, 1,
                             CLG_SHAPE(a->stats.shape[0] == FIRST_STATS ? FIRST_STATS : CLGRPO_POLICY_STATS)));
    CLG_TRY(clg_tensor_check_optional(ctx, OP, "offsets", &a->offsets, CLGRPO_I32, 1, CLG_SHAPE(CLG_ANY)));
    CLG_REQUIRE(ctx, n <= INT32_MAX, CLGRPO_E_SHAPE, OP ": %zu tokens, at most %zu", n, (size_t)INT32_MAX);
    CLG_REQUIRE(ctx, a->offsets.buf == NULL || (a->offsets.shape[0] >= 1 && a->offsets.shape[0] <= INT32_MAX),
                CLGRPO_E_SHAPE, OP ": %zu offsets, need 1 or more", a->offsets.shape[0]);
    CLG_TRY(check_kinds(ctx, a));
    CLG_TRY(check_values(ctx, a));
out:
    return st;
}

CLG_VIEWS(views, clgrpo_policy_loss, OP, CLG_OUT_OR(a, dlogprob, logprob), CLG_OUT(a, stats), CLG_IN(a, logprob),
          CLG_IN(a, old_logprob), CLG_IN(a, sampled_logprob), CLG_IN(a, ref_logprob), CLG_IN(a, advantage),
          CLG_IN(a, weight), CLG_IN(a, offsets))

/* The arguments that both kernels have; a tensor without a buffer is not read. */
#define TENSORS(a)                                                                                                     \
    CLG_TENSOR(&(a)->logprob), CLG_TENSOR(&(a)->old_logprob),                                                          \
        CLG_TENSOR((a)->sampled_logprob.buf != NULL ? &(a)->sampled_logprob : &(a)->logprob),                          \
        CLG_TENSOR((a)->ref_logprob.buf != NULL ? &(a)->ref_logprob : &(a)->logprob), CLG_TENSOR(&(a)->advantage),     \
        CLG_TENSOR(&(a)->weight), CLG_TENSOR(&(a)->dlogprob)
#define OPTIONS(a, low, high)                                                                                          \
    CLG_FLOAT(low), CLG_FLOAT(high), CLG_FLOAT((a)->dual_clip), CLG_FLOAT((a)->kl_beta),                               \
        CLG_FLOAT((a)->correction_min), CLG_FLOAT((a)->correction_max)

static enum clgrpo_status
launch_loss(struct clg_seq *seq, const struct clgrpo_policy_loss_args *a, cl_kernel loss, cl_mem part)
{
    const bool rows = by_rows(a);
    const size_t local = rows ? row_lanes(seq->ctx) : seq->ctx->family == CLGRPO_FAMILY_CPU ? 1 : 64;
    const size_t n = a->logprob.shape[0], parts = n_parts(seq->ctx, a), at = a->workspace.offset_bytes / sizeof(float);
    const struct clg_grid grid = clg_grid1(clg_divide_up(parts, local), local);
    const double low = a->ratio_max != 0.0f ? (double)a->ratio_min : 1.0 - (double)a->clip_low;
    const double high = a->ratio_max != 0.0f ? (double)a->ratio_max : 1.0 + (double)a->clip_high;

    CLG_WORK(seq, 0.0,
             CLG_BYTES(&a->logprob, &a->old_logprob, &a->sampled_logprob, &a->ref_logprob, &a->advantage, &a->weight,
                       &a->dlogprob));
    if (rows)
        return CLG_LAUNCH(seq, loss, &grid, TENSORS(a), CLG_MEM(part), CLG_SIZE(at), CLG_TENSOR(&a->offsets),
                          CLG_UINT(n), OPTIONS(a, low, high));
    return CLG_LAUNCH(seq, loss, &grid, TENSORS(a), CLG_MEM(part), CLG_SIZE(at), CLG_UINT(n), CLG_UINT(parts),
                      OPTIONS(a, low, high));
}

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_policy_loss_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t parts = n_parts(seq->ctx, a), at = a->workspace.offset_bytes / sizeof(float);
    const struct clg_grid one = clg_grid1(1, 64);
    const cl_mem part = parts > 0 ? a->workspace.buf : a->stats.buf;
    const int with_ref = a->ref_logprob.buf == NULL ? 0 : a->kl == CLGRPO_KL_K3 ? 1 : 2;
    cl_kernel loss, stats;
    char defines[128];
    int n = snprintf(defines, sizeof defines, "-DC_REF=%d -DC_CISPO=%d -DC_DUAL=%d -DC_CORRECTION=%d", with_ref,
                     a->surrogate == CLGRPO_SURROGATE_CISPO, a->dual_clip > 0.0f, (int)a->correction);

    if (by_rows(a)) {
        snprintf(defines + n, sizeof defines - (size_t)n, " -DC_LEVEL=%d -DC_LANES=%zu", (int)a->ratio,
                 row_lanes(seq->ctx));
        CLG_TRY(clg_kernel_get(seq->ctx, "policy_rows", "k_policy_rows", defines, &loss));
    } else {
        snprintf(defines + n, sizeof defines - (size_t)n, " -DP_ITEM_VECTORS=%zu", item_vectors(seq->ctx));
        CLG_TRY(clg_kernel_get(seq->ctx, OP, "k_policy_loss", defines, &loss));
    }
    CLG_TRY(clg_kernel_get(seq->ctx, by_rows(a) ? "policy_rows" : OP, "k_policy_stats", defines, &stats));
    CLG_TRY(launch_loss(seq, a, loss, part));
    CLG_WORK(seq, 0.0, CLG_BYTES(&a->stats) + (double)parts * CLGRPO_POLICY_STATS * sizeof(float));
    CLG_TRY(CLG_LAUNCH(seq, stats, &one, CLG_MEM(part), CLG_SIZE(at), CLG_UINT(parts), CLG_TENSOR(&a->stats),
                       CLG_UINT(a->stats.shape[0])));
out:
    return st;
}

CLG_OPERATION_WITH_SPACE(clgrpo_policy_loss, OP, check, views, workspace_bytes, run)
