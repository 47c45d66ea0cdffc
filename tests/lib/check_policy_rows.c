/* SPDX-License-Identifier: Apache-2.0 */
/* Ratios and corrections of rows, CISPO, and the estimators of KL. */
#include "policy_loss_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t lengths[] = {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 63, 64, 65, 129, 1000, 0, 2000};
enum { N_LENGTHS = sizeof lengths / sizeof lengths[0], N_SMALL = 10 };

/* Rows of n_rows of the lengths. What differs between the log-probabilities of a token is less the longer its row is
 * where it is summed over the row, so that its ratio stays about its bounds. */
static struct policy_batch
make_rows(size_t n_rows, enum clgrpo_policy_ratio ratio, enum clgrpo_policy_correction correction, bool with_ref)
{
    size_t n = 0;
    struct policy_batch b;

    for (size_t i = 0; i < n_rows; i++)
        n += lengths[i];
    b = policy_batch_make(n, with_ref);
    policy_batch_cut(&b, n_rows, lengths);
    b.options.ratio = ratio;
    b.options.correction = correction;
    b.options.correction_min = 0.7f;
    b.options.correction_max = 1.5f;
    b.options.ratio_min = 0.8f;
    b.options.ratio_max = 1.25f;
    if (ratio == CLGRPO_RATIO_MEAN) {
        b.options.ratio_min = 0.97f;
        b.options.ratio_max = 1.03f;
    }
    for (size_t i = 0; i < n_rows; i++)
        for (size_t t = (size_t)b.offsets[i]; t < (size_t)b.offsets[i + 1]; t++) {
            const float less = 1.0f / sqrtf((float)lengths[i]);

            if (ratio == CLGRPO_RATIO_PRODUCT)
                b.old_logprob[t] = b.logprob[t] + (b.old_logprob[t] - b.logprob[t]) * less;
            if (correction >= CLGRPO_CORRECTION_ROW_TRUNCATE)
                b.sampled_logprob[t] = b.old_logprob[t] + (b.sampled_logprob[t] - b.old_logprob[t]) * less;
        }
    return b;
}

/* Calls `look` with a batch of each kind of ratio, surrogate, estimator and correction. */
static void
of_each_kind(size_t n_rows, void (*look)(struct clgrpo_context *, const struct policy_batch *),
             struct clgrpo_context *ctx)
{
    for (int ratio = CLGRPO_RATIO_TOKEN; ratio <= CLGRPO_RATIO_PRODUCT; ratio++)
        for (int cispo = 0; cispo < 2; cispo++)
            for (int correction = 0; correction <= CLGRPO_CORRECTION_ROW_MASK; correction++) {
                const int kl = (ratio + correction + cispo) % 3; /* 0: none */
                struct policy_batch b = make_rows(n_rows, (enum clgrpo_policy_ratio)ratio,
                                                  (enum clgrpo_policy_correction)correction, kl > 0);

                b.options.surrogate = (enum clgrpo_policy_surrogate)cispo;
                b.options.dual_clip = cispo == 0 && correction % 2 == 0 ? 1.5f : 0.0f;
                b.options.kl = kl == 2 ? CLGRPO_KL_K3_RATIO : CLGRPO_KL_K3;
                look(ctx, &b);
                policy_batch_free(&b);
            }
}

START_TEST(matches_the_reference)
{
    of_each_kind(fx_small() ? N_SMALL : N_LENGTHS, policy_check, fx_context(fx_family(_i)));
}
END_TEST

static void
check_slope(struct clgrpo_context *ctx, const struct policy_batch *b)
{
    (void)ctx;
    policy_check_slope(b);
}

START_TEST(reference_gradients_are_slopes)
{
    of_each_kind(N_SMALL, check_slope, NULL);
}
END_TEST

/* Row i of the batch as a batch. */
static struct policy_batch
take_row(const struct policy_batch *all, size_t i)
{
    const size_t first = (size_t)all->offsets[i], n = (size_t)all->offsets[i + 1] - first;
    struct policy_batch b = policy_batch_make(n, all->ref_logprob != NULL);

    b.options = all->options;
    policy_batch_cut(&b, 1, &n);
    memcpy(b.logprob, all->logprob + first, n * sizeof(float));
    memcpy(b.old_logprob, all->old_logprob + first, n * sizeof(float));
    memcpy(b.sampled_logprob, all->sampled_logprob + first, n * sizeof(float));
    if (b.ref_logprob != NULL)
        memcpy(b.ref_logprob, all->ref_logprob + first, n * sizeof(float));
    memcpy(b.advantage, all->advantage + first, n * sizeof(float));
    memcpy(b.weight, all->weight + first, n * sizeof(float));
    return b;
}

static void
check_rows_alone(struct clgrpo_context *ctx, const struct policy_batch *all)
{
    struct policy_result whole = policy_run(ctx, all, false);

    for (size_t i = 0; i < all->n_rows; i++) {
        struct policy_batch one = take_row(all, i);
        struct policy_result alone = policy_run(ctx, &one, true);

        fx_same_bits("a row alone", whole.dlogprob + all->offsets[i], alone.dlogprob, one.n * sizeof(float));
        policy_result_free(&alone);
        policy_batch_free(&one);
    }
    policy_result_free(&whole);
}

START_TEST(a_row_does_not_see_the_others)
{
    of_each_kind(N_SMALL, check_rows_alone, fx_context(fx_family(_i)));
}
END_TEST

/* Two tokens, logprob - old_logprob 0.25 and -0.05, advantage 2, weight 1/2 each: by hand. */
static struct policy_batch
two_tokens(void)
{
    const size_t n = 2;
    struct policy_batch b = policy_batch_make(n, false);

    policy_batch_cut(&b, 1, &n);
    b.logprob[0] = -1.0f, b.old_logprob[0] = -1.25f;
    b.logprob[1] = -2.0f, b.old_logprob[1] = -1.95f;
    b.advantage[0] = b.advantage[1] = 2.0f;
    b.weight[0] = b.weight[1] = 0.5f;
    b.options.ratio_min = 0.5f;
    b.options.ratio_max = 4.0f;
    return b;
}

static void
expect(const struct policy_batch *b, double loss, double d0, double d1, double ratio)
{
    struct policy_result got = policy_run(fx_context(fx_family(0)), b, false);

    ck_assert_float_eq_tol(got.stats[CLGRPO_POLICY_LOSS], (float)loss, 1e-5f);
    ck_assert_float_eq_tol(got.dlogprob[0], (float)d0, 1e-5f);
    ck_assert_float_eq_tol(got.dlogprob[1], (float)d1, 1e-5f);
    ck_assert_float_eq_tol(got.stats[CLGRPO_POLICY_RATIO_MAX], (float)ratio, 1e-5f);
    policy_result_free(&got);
}

START_TEST(two_tokens_by_hand)
{
    struct policy_batch b = two_tokens();
    const double mean = exp(0.1), product = exp(0.2);

    b.options.ratio = CLGRPO_RATIO_MEAN; /* loss -s A, its derivative by each of two log-probabilities half of that */
    expect(&b, -2.0 * mean, -mean, -mean, mean);
    b.options.ratio = CLGRPO_RATIO_PRODUCT;
    expect(&b, -2.0 * product, -2.0 * product, -2.0 * product, product);
    b.options.ratio_max = 1.1f; /* less than both ratios of the row: clipped, no gradient */
    expect(&b, -2.0 * 1.1, 0.0, 0.0, product);
    b.options.ratio = CLGRPO_RATIO_TOKEN;
    b.options.surrogate = CLGRPO_SURROGATE_CISPO; /* the first ratio is cut to 1.1, and keeps its gradient */
    expect(&b, -0.5 * 2.0 * (1.1 * -1.0 + exp(-0.05) * -2.0), -1.1, -exp(-0.05), exp(0.25));
    policy_batch_free(&b);
}
END_TEST

START_TEST(a_nan_stays_in_its_row)
{
    struct policy_batch b = make_rows(N_SMALL, CLGRPO_RATIO_MEAN, CLGRPO_CORRECTION_NONE, false);
    const size_t row = 6, first = (size_t)b.offsets[row], end = (size_t)b.offsets[row + 1];
    struct policy_result got;

    b.options.ratio_min = 0.0f;
    b.options.ratio_max = 1e6f;
    b.logprob[first] = NAN;
    b.weight[first] = 1.0f;
    got = policy_run(fx_context(fx_family(_i)), &b, false);
    ck_assert(isnan(got.stats[CLGRPO_POLICY_LOSS]));
    for (size_t i = 0; i < b.n; i++)
        ck_assert_msg(isnan(got.dlogprob[i]) == (i >= first && i < end && b.weight[i] != 0.0f), "token %zu", i);
    policy_result_free(&got);
    policy_batch_free(&b);
}
END_TEST

START_TEST(masked_tokens_add_nothing)
{
    for (int ratio = CLGRPO_RATIO_TOKEN; ratio <= CLGRPO_RATIO_PRODUCT; ratio++) {
        struct policy_batch b = make_rows(N_SMALL, (enum clgrpo_policy_ratio)ratio, CLGRPO_CORRECTION_ROW_MASK, true);
        struct policy_result clean = policy_run(fx_context(fx_family(_i)), &b, false), got;

        for (size_t i = 2; i < b.n; i += 5) { /* those of weight 0 */
            b.logprob[i] = NAN;
            b.old_logprob[i] = b.sampled_logprob[i] = -INFINITY;
            b.ref_logprob[i] = b.advantage[i] = INFINITY;
        }
        got = policy_run(fx_context(fx_family(_i)), &b, false);
        policy_same_bits(&b, &clean, &got);
        policy_result_free(&clean);
        policy_result_free(&got);
        policy_batch_free(&b);
    }
}
END_TEST

START_TEST(contradictions_are_refused)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct clgrpo_policy_loss_args good = CLGRPO_POLICY_LOSS_ARGS_INIT;
    struct clgrpo_tensor t = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(9));
    const int32_t offsets[] = {0, 9};
    size_t bytes;

    good.logprob = good.old_logprob = good.sampled_logprob = good.advantage = good.weight = good.dlogprob = t;
    good.offsets = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(2), offsets);
    good.stats = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(CLGRPO_POLICY_STATS));
    good.ratio = CLGRPO_RATIO_MEAN;
    good.correction = CLGRPO_CORRECTION_ROW_MASK;
    good.ratio_max = 1.5f;
    fx_ok(ctx, clgrpo_policy_loss_workspace(ctx, &good, &bytes));
    good.workspace = fx_workspace(ctx, bytes);
    fx_refuses(ctx, clgrpo_policy_loss, good, bad.offsets.buf = NULL, CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_policy_loss, good, bad.sampled_logprob.buf = NULL, CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_policy_loss, good, bad.sampled_logprob.shape[0] = 8, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_policy_loss, good, bad.offsets.shape[0] = 0, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_policy_loss, good, bad.offsets.dtype = CLGRPO_U32, CLGRPO_E_DTYPE);
    fx_refuses(ctx, clgrpo_policy_loss, good, bad.stats.shape[0] = 9, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_policy_loss, good, bad.ratio = (enum clgrpo_policy_ratio)3, CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_policy_loss, good, bad.surrogate = (enum clgrpo_policy_surrogate)2, CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_policy_loss, good, bad.kl = (enum clgrpo_policy_kl)2, CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_policy_loss, good, bad.correction = (enum clgrpo_policy_correction)5, CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_policy_loss, good, bad.ratio_min = 1.25f, CLGRPO_E_VALUE);
    fx_refuses(ctx, clgrpo_policy_loss, good, bad.ratio_max = 0.75f, CLGRPO_E_VALUE);
    fx_refuses(ctx, clgrpo_policy_loss, good, bad.correction_max = INFINITY, CLGRPO_E_VALUE);
    fx_refuses(ctx, clgrpo_policy_loss, good, bad.correction_min = -0.5f, CLGRPO_E_VALUE);
    fx_refuses(ctx, clgrpo_policy_loss, good, (bad.surrogate = CLGRPO_SURROGATE_CISPO, bad.dual_clip = 3.0f),
               CLGRPO_E_VALUE);
    fx_release_all(&t, &good.offsets, &good.stats);
    fx_workspace_release(&good.workspace);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("policy_rows");

    fx_family_tests(tc, matches_the_reference, a_row_does_not_see_the_others, a_nan_stays_in_its_row,
                    masked_tokens_add_nothing, contradictions_are_refused);
    fx_tests(tc, reference_gradients_are_slopes, two_tokens_by_hand);
    return fx_main();
}
