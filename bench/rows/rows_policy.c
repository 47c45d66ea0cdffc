/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "rows/row_groups.h"
#include "rows/small_row.h"

/* variant: how tokens are chosen. */
enum { PLAIN, TOP_K, TOP_P, GREEDY };

static void
sample(struct plan *p, const struct small_row *r)
{
    struct clgrpo_sample_args a = CLGRPO_SAMPLE_ARGS_INIT;

    a.logits = plan_random(p, r->act, 2, BENCH_SHAPE(r->n, r->e));
    a.key = plan_zeros(p, CLGRPO_U64, 2, BENCH_SHAPE(r->n, 2));
    a.token = plan_indices(p, r->n, 1, 1, 1);
    a.logprob = plan_vector(p, r->n);
    a.temperature = r->variant == GREEDY ? 0.0f : 1.0f;
    a.top_k = r->variant == TOP_K ? 50 : 0;
    a.top_p = r->variant == TOP_P ? 0.9f : 1.0f;
    PLAN_WITH_SPACE(p, sample, a);
}

/* n groups of e rewards; variant: the kind of advantage. */
static void
advantage(struct plan *p, const struct small_row *r)
{
    struct clgrpo_advantage_args a = CLGRPO_ADVANTAGE_ARGS_INIT;

    a.reward = plan_vector(p, r->n * r->e);
    a.offsets = plan_indices(p, r->n + 1, 1, r->e, r->n * r->e + 1);
    a.advantage = plan_vector(p, r->n * r->e);
    a.kind = (enum clgrpo_advantage_kind)r->variant;
    if (a.kind == CLGRPO_ADVANTAGE_BATCH)
        a.batch_deviation = plan_vector(p, 1);
    PLAN(p, advantage, a);
}

/* variant: the forms of the loss that the objectives use; they differ also in the tokens' weights, which cost no
 * time. */
enum { CLIP, CLIP_HIGHER, NO_CLIP, DUAL, KL, KL_DUAL, CISPO, MASK, MEAN, PRODUCT, ROW_MASK };
enum { ROW = 128 }; /* tokens of a trajectory */

/* What the loss takes besides, where the ratio or the correction is not the plain one. */
static void
policy_options(struct plan *p, const struct small_row *r, struct clgrpo_policy_loss_args *a)
{
    a->ratio_max = r->variant == CISPO ? 5.0f : 0.0f;
    a->surrogate = r->variant == CISPO ? CLGRPO_SURROGATE_CISPO : CLGRPO_SURROGATE_CLIP;
    a->ratio = r->variant == PRODUCT ? CLGRPO_RATIO_PRODUCT
               : r->variant == MEAN  ? CLGRPO_RATIO_MEAN
                                     : CLGRPO_RATIO_TOKEN;
    if (r->variant == MASK || r->variant == ROW_MASK) {
        a->correction = r->variant == MASK ? CLGRPO_CORRECTION_TOKEN_MASK : CLGRPO_CORRECTION_ROW_MASK;
        a->sampled_logprob = plan_vector(p, r->n);
    }
    if (r->variant >= MEAN)
        a->offsets = plan_indices(p, r->n / ROW + 1, 1, ROW, r->n + 1);
}

static void
policy_loss(struct plan *p, const struct small_row *r)
{
    struct clgrpo_policy_loss_args a = CLGRPO_POLICY_LOSS_ARGS_INIT;

    a.logprob = plan_vector(p, r->n);
    a.old_logprob = plan_vector(p, r->n);
    a.advantage = plan_vector(p, r->n);
    a.weight = plan_vector(p, r->n);
    a.dlogprob = plan_vector(p, r->n);
    a.stats = plan_vector(p, CLGRPO_POLICY_STATS);
    if (r->variant == CLIP)
        a.clip_high = a.clip_low;
    if (r->variant == NO_CLIP) {
        a.clip_low = 1.0f;
        a.clip_high = 1e30f;
    }
    if (r->variant == DUAL || r->variant == KL_DUAL)
        a.dual_clip = 3.0f;
    if (r->variant == KL || r->variant == KL_DUAL) {
        a.ref_logprob = plan_vector(p, r->n);
        a.kl_beta = 0.04f;
    }
    policy_options(p, r, &a);
    PLAN_WITH_SPACE(p, policy_loss, a);
}

static const struct small_row rows[] = {
    {"sample.f32.256x1024", BENCH_READ, 1.0, 256, 1024, PLAIN, sample, CLGRPO_F32},
    {"sample.f32.64x151936", BENCH_READ, 1.0, 64, 151936, PLAIN, sample, CLGRPO_F32},
    {"sample.top_k.f32.64x151936", BENCH_READ, 1.0, 64, 151936, TOP_K, sample, CLGRPO_F32},
    {"sample.top_p.f32.64x151936", BENCH_READ, 1.0, 64, 151936, TOP_P, sample, CLGRPO_F32},
    {"sample.f32.1x131072", BENCH_READ, 1.0, 1, 131072, PLAIN, sample, CLGRPO_F32},
    {"sample.top_k.f32.1x131072", BENCH_READ, 1.0, 1, 131072, TOP_K, sample, CLGRPO_F32},
    {"sample.top_p.f32.1x131072", BENCH_READ, 1.0, 1, 131072, TOP_P, sample, CLGRPO_F32},
    {"sample.greedy.f32.64x151936", BENCH_READ, 1.0, 64, 151936, GREEDY, sample, CLGRPO_F32},
    {"sample.f16.64x151936", BENCH_READ, 0.5, 64, 151936, PLAIN, sample, CLGRPO_F16},
    {"sample.bf16.64x151936", BENCH_READ, 0.5, 64, 151936, PLAIN, sample, CLGRPO_BF16},
    {"sample.top_p.f16.64x151936", BENCH_READ, 0.5, 64, 151936, TOP_P, sample, CLGRPO_F16},
    {"sample.top_p.bf16.64x151936", BENCH_READ, 0.5, 64, 151936, TOP_P, sample, CLGRPO_BF16},
    {"advantage.f32.256x4", BENCH_TIME, 0.0, 256, 4, CLGRPO_ADVANTAGE_STD, advantage, CLGRPO_F32},
    {"advantage.f32.64x8", BENCH_TIME, 0.0, 64, 8, CLGRPO_ADVANTAGE_STD, advantage, CLGRPO_F32},
    {"advantage.f32.64x16", BENCH_TIME, 0.0, 64, 16, CLGRPO_ADVANTAGE_STD, advantage, CLGRPO_F32},
    {"advantage.f32.32x32", BENCH_TIME, 0.0, 32, 32, CLGRPO_ADVANTAGE_STD, advantage, CLGRPO_F32},
    {"advantage.f32.16x64", BENCH_TIME, 0.0, 16, 64, CLGRPO_ADVANTAGE_STD, advantage, CLGRPO_F32},
    {"advantage.unbiased.f32.64x8", BENCH_TIME, 0.0, 64, 8, CLGRPO_ADVANTAGE_UNBIASED, advantage, CLGRPO_F32},
    {"advantage.mean.f32.64x8", BENCH_TIME, 0.0, 64, 8, CLGRPO_ADVANTAGE_MEAN, advantage, CLGRPO_F32},
    {"advantage.loo.f32.64x8", BENCH_TIME, 0.0, 64, 8, CLGRPO_ADVANTAGE_LOO, advantage, CLGRPO_F32},
    {"advantage.batch.f32.64x8", BENCH_TIME, 0.0, 64, 8, CLGRPO_ADVANTAGE_BATCH, advantage, CLGRPO_F32},
    {"policy_loss.f32.16384", BENCH_TIME, 0.0, 16384, 1, CLIP_HIGHER, policy_loss, CLGRPO_F32},
    {"policy_loss.clip.f32.16384", BENCH_TIME, 0.0, 16384, 1, CLIP, policy_loss, CLGRPO_F32},
    {"policy_loss.unclipped.f32.16384", BENCH_TIME, 0.0, 16384, 1, NO_CLIP, policy_loss, CLGRPO_F32},
    {"policy_loss.dual.f32.16384", BENCH_TIME, 0.0, 16384, 1, DUAL, policy_loss, CLGRPO_F32},
    {"policy_loss.kl.f32.16384", BENCH_TIME, 0.0, 16384, 1, KL_DUAL, policy_loss, CLGRPO_F32},
    {"policy_loss.kl_only.f32.16384", BENCH_TIME, 0.0, 16384, 1, KL, policy_loss, CLGRPO_F32},
    {"policy_loss.cispo.f32.16384", BENCH_TIME, 0.0, 16384, 1, CISPO, policy_loss, CLGRPO_F32},
    {"policy_loss.mask.f32.16384", BENCH_TIME, 0.0, 16384, 1, MASK, policy_loss, CLGRPO_F32},
    {"policy_loss.mean.f32.16384", BENCH_TIME, 0.0, 16384, 1, MEAN, policy_loss, CLGRPO_F32},
    {"policy_loss.product.f32.16384", BENCH_TIME, 0.0, 16384, 1, PRODUCT, policy_loss, CLGRPO_F32},
    {"policy_loss.row_mask.f32.16384", BENCH_TIME, 0.0, 16384, 1, ROW_MASK, policy_loss, CLGRPO_F32},
};

void
rows_policy(struct bench *b)
{
    small_rows_run(b, rows, sizeof rows / sizeof rows[0]);
}
