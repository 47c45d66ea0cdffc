/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_loss_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct policy_batch
policy_batch_make(size_t n, bool with_ref)
{
    struct policy_batch b = {.n = n, .options = CLGRPO_POLICY_LOSS_ARGS_INIT};

    b.logprob = fx_random(n, 1.0f, 41);
    b.old_logprob = fx_random(n, 0.6f, 42);
    b.sampled_logprob = fx_random(n, 0.5f, 46);
    b.ref_logprob = with_ref ? fx_random(n, 0.4f, 43) : NULL;
    b.advantage = fx_random(n, 1.5f, 44);
    b.weight = fx_random(n, 0.3f, 45);
    for (size_t i = 0; i < n; i++) {
        b.logprob[i] -= 2.0f;
        b.old_logprob[i] += b.logprob[i];
        b.sampled_logprob[i] += b.old_logprob[i];
        if (with_ref)
            b.ref_logprob[i] += b.logprob[i];
        b.weight[i] = i % 5 == 2 ? 0.0f : fabsf(b.weight[i]) + 0.01f;
    }
    b.options.kl_beta = with_ref ? 0.3f : 0.0f;
    return b;
}

void
policy_batch_cut(struct policy_batch *b, size_t n_rows, const size_t *lengths)
{
    free(b->offsets);
    b->n_rows = n_rows;
    b->offsets = calloc(n_rows + 1, sizeof *b->offsets);
    ck_assert_ptr_nonnull(b->offsets);
    for (size_t i = 0; i < n_rows; i++)
        b->offsets[i + 1] = b->offsets[i] + (int32_t)lengths[i];
    ck_assert_int_eq((int)b->n, b->offsets[n_rows]);
}

void
policy_batch_free(struct policy_batch *b)
{
    free(b->logprob);
    free(b->old_logprob);
    free(b->sampled_logprob);
    free(b->ref_logprob);
    free(b->advantage);
    free(b->weight);
    free(b->offsets);
}

static struct clgrpo_tensor
upload(struct clgrpo_context *ctx, const float *x, size_t n)
{
    return x != NULL ? fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(n), x) : (struct clgrpo_tensor){0};
}

struct policy_result
policy_run(struct clgrpo_context *ctx, const struct policy_batch *b, bool in_place)
{
    struct clgrpo_policy_loss_args a = b->options;
    struct policy_result r;
    size_t bytes;

    a.logprob = upload(ctx, b->logprob, b->n);
    a.old_logprob = upload(ctx, b->old_logprob, b->n);
    a.sampled_logprob = upload(ctx, a.correction != CLGRPO_CORRECTION_NONE ? b->sampled_logprob : NULL, b->n);
    a.ref_logprob = upload(ctx, b->ref_logprob, b->n);
    a.advantage = upload(ctx, b->advantage, b->n);
    a.weight = upload(ctx, b->weight, b->n);
    if (b->offsets != NULL)
        a.offsets = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(b->n_rows + 1), b->offsets);
    a.dlogprob = in_place ? a.logprob : fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(b->n));
    a.stats = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(b->n_stats > 0 ? b->n_stats : CLGRPO_POLICY_STATS));
    fx_ok(ctx, clgrpo_policy_loss_workspace(ctx, &a, &bytes));
    a.workspace = fx_workspace(ctx, bytes);
    fx_ok(ctx, clgrpo_policy_loss(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    r.dlogprob = fx_download(ctx, &a.dlogprob);
    r.stats = fx_download(ctx, &a.stats);
    if (!in_place)
        fx_release(&a.dlogprob);
    fx_release_all(&a.logprob, &a.old_logprob, &a.sampled_logprob, &a.ref_logprob, &a.advantage, &a.weight, &a.offsets,
                   &a.stats);
    fx_workspace_release(&a.workspace);
    return r;
}

void
policy_result_free(struct policy_result *r)
{
    free(r->dlogprob);
    free(r->stats);
}

/* The reference of a batch, with inputs of its own as doubles. */
struct reference {
    double *logprob, *old_logprob, *sampled_logprob, *ref_logprob, *advantage, *weight;
    struct ref_policy_loss_args args;
};

static struct reference
make_reference(const struct policy_batch *b)
{
    const struct clgrpo_policy_loss_args *o = &b->options;
    struct reference r = {.logprob = fx_widen(b->logprob, b->n),
                          .old_logprob = fx_widen(b->old_logprob, b->n),
                          .sampled_logprob = fx_widen(b->sampled_logprob, b->n),
                          .ref_logprob = fx_widen(b->ref_logprob, b->n),
                          .advantage = fx_widen(b->advantage, b->n),
                          .weight = fx_widen(b->weight, b->n)};

    r.args = (struct ref_policy_loss_args){.n = b->n,
                                           .n_rows = b->n_rows,
                                           .logprob = r.logprob,
                                           .old_logprob = r.old_logprob,
                                           .sampled_logprob = r.sampled_logprob,
                                           .ref_logprob = b->ref_logprob != NULL ? r.ref_logprob : NULL,
                                           .advantage = r.advantage,
                                           .weight = r.weight,
                                           .offsets = b->offsets,
                                           .ratio = o->ratio,
                                           .surrogate = o->surrogate,
                                           .kl = o->kl,
                                           .correction = o->correction,
                                           .ratio_min = o->ratio_max > 0.0f ? o->ratio_min : 1.0 - o->clip_low,
                                           .ratio_max = o->ratio_max > 0.0f ? o->ratio_max : 1.0 + o->clip_high,
                                           .dual_clip = o->dual_clip,
                                           .kl_beta = o->kl_beta,
                                           .correction_min = o->correction_min,
                                           .correction_max = o->correction_max,
                                           .dlogprob = fx_widen(NULL, b->n),
                                           .dlogprob_size = fx_widen(NULL, b->n)};
    ref_policy_loss(&r.args);
    return r;
}

static void
free_reference(struct reference *r)
{
    free(r->logprob);
    free(r->old_logprob);
    free(r->sampled_logprob);
    free(r->ref_logprob);
    free(r->advantage);
    free(r->weight);
    free(r->args.dlogprob);
    free(r->args.dlogprob_size);
}

/* Terms of the sums that one element of dlogprob is made of: the tokens of the longest row whose ratio is shared. */
static size_t
longest_row(const struct policy_batch *b)
{
    size_t longest = 1;

    for (size_t i = 0; i < b->n_rows; i++) {
        const size_t n = (size_t)(b->offsets[i + 1] - b->offsets[i]);

        longest = n > longest ? n : longest;
    }
    return longest;
}

void
policy_check(struct clgrpo_context *ctx, const struct policy_batch *b)
{
    struct policy_result got = policy_run(ctx, b, b->n % 2 == 0);
    struct reference want = make_reference(b);

    fx_close("dlogprob", got.dlogprob, want.args.dlogprob, want.args.dlogprob_size, b->n, 2.0, longest_row(b));
    fx_close("stats", got.stats, want.args.stats, want.args.stats_size, CLGRPO_POLICY_STATS, 2.0, b->n);
    if (b->n > 100) { /* the bounds were at work */
        ck_assert_double_gt(want.args.stats[CLGRPO_POLICY_CLIPPED], 0.1 * (double)b->n);
        ck_assert_double_lt(want.args.stats[CLGRPO_POLICY_CLIPPED], 0.8 * (double)b->n);
    }
    if (b->n > 100 && b->options.correction != CLGRPO_CORRECTION_NONE) {
        ck_assert_double_gt(want.args.stats[CLGRPO_POLICY_CORRECTED], 0.0);
        ck_assert_double_lt(want.args.stats[CLGRPO_POLICY_CORRECTED], (double)b->n);
    }
    policy_result_free(&got);
    free_reference(&want);
}

void
policy_check_slope(const struct policy_batch *b)
{
    const double step = 1e-6;
    struct reference r = make_reference(b);
    double *want = r.args.dlogprob, *stopped = fx_widen(b->logprob, b->n);

    r.args.dlogprob = NULL;
    r.args.stopped = stopped;
    for (size_t i = 0; i < b->n; i++) {
        const double keep = r.logprob[i];
        double up, down;

        r.logprob[i] = keep + step;
        up = ref_policy_loss(&r.args);
        r.logprob[i] = keep - step;
        down = ref_policy_loss(&r.args);
        r.logprob[i] = keep;
        ck_assert_double_eq_tol((up - down) / (2.0 * step), want[i], 1e-7 * (1.0 + fabs(want[i])));
    }
    r.args.dlogprob = want;
    free(stopped);
    free_reference(&r);
}

void
policy_same_bits(const struct policy_batch *b, const struct policy_result *one, const struct policy_result *two)
{
    fx_same_bits("dlogprob", one->dlogprob, two->dlogprob, b->n * sizeof(float));
    fx_same_bits("stats", one->stats, two->stats, CLGRPO_POLICY_STATS * sizeof(float));
}
