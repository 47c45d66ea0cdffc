/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_loss_case.h"

#include <math.h>
#include <string.h>

START_TEST(matches_the_reference)
{
    static const size_t sizes[] = {0, 1, 2, 3, 7, 8, 9, 15, 17, 127, 511, 512, 513, 5000};
    const size_t n_sizes = fx_small() ? 8 : sizeof sizes / sizeof sizes[0];

    for (size_t i = 0; i < n_sizes; i++)
        for (int with_ref = 0; with_ref < 2; with_ref++) {
            struct policy_batch b = policy_batch_make(sizes[i], with_ref == 1);

            b.options.dual_clip = with_ref == 1 ? 1.5f : 0.0f;
            policy_check(fx_context(fx_family(_i)), &b);
            policy_batch_free(&b);
        }
}
END_TEST

START_TEST(reference_gradient_is_the_slope)
{
    struct policy_batch b = policy_batch_make(60, true);

    b.options.dual_clip = 1.5f;
    policy_check_slope(&b);
    policy_batch_free(&b);
}
END_TEST

START_TEST(equal_logprobs_have_ratio_one)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct policy_batch b = policy_batch_make(333, false);
        struct policy_result got;

        memcpy(b.old_logprob, b.logprob, b.n * sizeof(float));
        got = policy_run(fx_context(fx_family(f)), &b, false);
        ck_assert(got.stats[CLGRPO_POLICY_RATIO_MIN] == 1.0f && got.stats[CLGRPO_POLICY_RATIO_MAX] == 1.0f);
        ck_assert(got.stats[CLGRPO_POLICY_RATIO_SUM] == got.stats[CLGRPO_POLICY_TOKENS]);
        ck_assert(got.stats[CLGRPO_POLICY_CLIPPED] == 0.0f && got.stats[CLGRPO_POLICY_APPROX_KL_SUM] == 0.0f);
        for (size_t i = 0; i < b.n; i++)
            ck_assert(got.dlogprob[i] == -b.weight[i] * b.advantage[i]);
        policy_result_free(&got);
        policy_batch_free(&b);
    }
}
END_TEST

START_TEST(masked_tokens_add_nothing)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct policy_batch b = policy_batch_make(131, true);
        struct policy_result clean = policy_run(fx_context(fx_family(f)), &b, false), got;

        for (size_t i = 2; i < b.n; i += 5) { /* those of weight 0 */
            b.logprob[i] = i % 2 == 0 ? NAN : -INFINITY;
            b.old_logprob[i] = -INFINITY;
            b.ref_logprob[i] = INFINITY;
            b.advantage[i] = NAN;
        }
        got = policy_run(fx_context(fx_family(f)), &b, false);
        policy_same_bits(&b, &clean, &got);
        for (size_t i = 2; i < b.n; i += 5)
            ck_assert(got.dlogprob[i] == 0.0f);
        policy_result_free(&clean);
        policy_result_free(&got);
        policy_batch_free(&b);
    }
}
END_TEST

START_TEST(an_active_nan_is_not_hidden)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct policy_batch b = policy_batch_make(40, true);
        struct policy_result got;

        b.logprob[3] = NAN;
        got = policy_run(fx_context(fx_family(f)), &b, false);
        ck_assert(isnan(got.dlogprob[3]) && isnan(got.stats[CLGRPO_POLICY_LOSS]));
        ck_assert(isfinite(got.dlogprob[4]));
        policy_result_free(&got);
        policy_batch_free(&b);
    }
}
END_TEST

START_TEST(no_token_at_all)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct policy_batch b = policy_batch_make(20, true);
        struct policy_result got;

        for (size_t i = 0; i < b.n; i++)
            b.weight[i] = 0.0f;
        got = policy_run(fx_context(fx_family(f)), &b, false);
        for (int i = 0; i < CLGRPO_POLICY_STATS; i++)
            ck_assert(got.stats[i] == (i == CLGRPO_POLICY_RATIO_MIN || i == CLGRPO_POLICY_RATIO_MAX ? 1.0f : 0.0f));
        policy_result_free(&got);
        policy_batch_free(&b);
    }
}
END_TEST

START_TEST(same_bits_twice)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct policy_batch b = policy_batch_make(fx_small() ? 100 : 9999, true);
        struct policy_result one = policy_run(fx_context(fx_family(f)), &b, false),
                             two = policy_run(fx_context(fx_family(f)), &b, false);

        policy_same_bits(&b, &one, &two);
        policy_result_free(&one);
        policy_result_free(&two);
        policy_batch_free(&b);
    }
}
END_TEST

/* What a program has that was built when the operation had neither rows nor the statistics behind the first eight. */
START_TEST(a_caller_of_the_first_version_is_served)
{
    enum { FIRST = CLGRPO_POLICY_DUAL_CLIPPED };
    struct policy_batch b = policy_batch_make(131, true);
    struct policy_result now = policy_run(fx_context(fx_family(_i)), &b, false), then;

    b.n_stats = FIRST;
    b.options.struct_size = offsetof(struct clgrpo_policy_loss_args, sampled_logprob);
    then = policy_run(fx_context(fx_family(_i)), &b, false);
    fx_same_bits("dlogprob", now.dlogprob, then.dlogprob, b.n * sizeof(float));
    fx_same_bits("the first statistics", now.stats, then.stats, FIRST * sizeof(float));
    policy_result_free(&now);
    policy_result_free(&then);
    policy_batch_free(&b);
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct clgrpo_context *ctx = fx_context(fx_family(f));
        struct clgrpo_policy_loss_args good = CLGRPO_POLICY_LOSS_ARGS_INIT;
        struct clgrpo_tensor t = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(9));
        size_t bytes;

        good.logprob = good.old_logprob = good.advantage = good.weight = good.dlogprob = t;
        good.stats = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(CLGRPO_POLICY_STATS));
        fx_ok(ctx, clgrpo_policy_loss_workspace(ctx, &good, &bytes));
        good.workspace = fx_workspace(ctx, bytes);
        fx_refuses(ctx, clgrpo_policy_loss, good, bad.weight.shape[0] = 8, CLGRPO_E_SHAPE);
        fx_refuses(ctx, clgrpo_policy_loss, good, bad.advantage.dtype = CLGRPO_F16, CLGRPO_E_DTYPE);
        fx_refuses(ctx, clgrpo_policy_loss, good, bad.dlogprob.offset = 1 << 20, CLGRPO_E_BOUNDS);
        fx_refuses(ctx, clgrpo_policy_loss, good, bad.dual_clip = 0.5f, CLGRPO_E_VALUE);
        fx_refuses(ctx, clgrpo_policy_loss, good, bad.clip_low = 1.5f, CLGRPO_E_VALUE);
        fx_refuses(ctx, clgrpo_policy_loss, good, bad.workspace.bytes = bytes - 4, CLGRPO_E_WORKSPACE);
        fx_fails(ctx, clgrpo_policy_loss_workspace(ctx, &good, NULL), CLGRPO_E_ARGUMENT);
        fx_release_all(&t, &good.stats);
        fx_workspace_release(&good.workspace);
    }
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("policy_loss");

    fx_family_tests(tc, matches_the_reference, a_caller_of_the_first_version_is_served);
    fx_tests(tc, reference_gradient_is_the_slope, equal_logprobs_have_ratio_one, masked_tokens_add_nothing,
             an_active_nan_is_not_hidden, no_token_at_all, same_bits_twice, bad_arguments_are_refused);
    return fx_main();
}
