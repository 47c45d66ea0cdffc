/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "ref_advantage.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_KINDS = CLGRPO_ADVANTAGE_BATCH + 1 };

/* Runs the operation on host arrays; the result is malloc'ed. */
static float *
run(struct clgrpo_context *ctx, enum clgrpo_advantage_kind kind, float eps, size_t n_groups, const int32_t *offsets,
    const float *reward, const float *weight, bool in_place)
{
    const size_t n = (size_t)offsets[n_groups];
    struct clgrpo_advantage_args a = CLGRPO_ADVANTAGE_ARGS_INIT;
    float *got;

    a.reward = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(n), reward);
    if (weight != NULL)
        a.weight = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(n), weight);
    a.offsets = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(n_groups + 1), offsets);
    a.advantage = in_place ? a.reward : fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(n));
    a.kind = kind;
    a.eps = eps;
    if (kind == CLGRPO_ADVANTAGE_BATCH)
        a.batch_deviation = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(1));
    fx_ok(ctx, clgrpo_advantage(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    got = fx_download(ctx, &a.advantage);
    if (!in_place)
        fx_release(&a.advantage);
    fx_release_all(&a.reward, &a.weight, &a.offsets, &a.batch_deviation);
    return got;
}

/* Ragged groups, some empty, some of one. */
static const int32_t ragged[] = {0, 8, 8, 9, 11, 14, 31, 47, 64, 129, 133, 140};
enum { N_RAGGED = sizeof ragged / sizeof ragged[0] - 1, N_REWARDS = 140 };

static void
check_against_reference(struct clgrpo_context *ctx, enum clgrpo_advantage_kind kind, const float *reward,
                        const float *weight, bool in_place)
{
    double want[N_REWARDS], size[N_REWARDS];
    float *got = run(ctx, kind, 1e-3f, N_RAGGED, ragged, reward, weight, in_place);

    ref_advantage(kind, 1e-3f, N_RAGGED, ragged, reward, weight, want, size, NULL);
    fx_close("advantage", got, want, size, N_REWARDS, 4.0, 65);
    free(got);
}

START_TEST(matches_the_reference)
{
    float *reward = fx_random(N_REWARDS, 0.5f, 31), *weight = fx_random(N_REWARDS, 1.0f, 32);

    for (size_t i = 0; i < N_REWARDS; i++) {
        reward[i] += 100.0f; /* far from 0: naive sums of squares fail */
        weight[i] = i % 7 == 3 ? 0.0f : fabsf(weight[i]) + 0.25f;
    }
    for (int f = 0; f < FX_N_FAMILIES; f++)
        for (int kind = 0; kind < N_KINDS; kind++) {
            check_against_reference(fx_context(fx_family(f)), (enum clgrpo_advantage_kind)kind, reward, NULL, false);
            check_against_reference(fx_context(fx_family(f)), (enum clgrpo_advantage_kind)kind, reward, weight, true);
        }
    free(reward);
    free(weight);
}
END_TEST

/* One group of n rewards with integer weights, against the group of the copied rewards. */
static void
check_copies(struct clgrpo_context *ctx, enum clgrpo_advantage_kind kind, int32_t n, uint64_t seed)
{
    float *reward = fx_random((size_t)n, 0.5f, seed), weight[64], copied[64 * 5], *a, *b;
    int32_t *times = fx_random_i32((size_t)n, 5, seed + 1), whole[2] = {0, n}, all[2] = {0, 0}, at = 0;

    for (int32_t i = 0; i < n; i++) {
        weight[i] = (float)times[i];
        for (int32_t j = 0; j < times[i]; j++)
            copied[all[1]++] = reward[i];
    }
    a = run(ctx, kind, 1e-6f, 1, whole, reward, weight, false);
    b = run(ctx, kind, 1e-6f, 1, all, copied, NULL, false);
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j < times[i]; j++, at++)
            ck_assert_msg(fabsf(a[i] - b[at]) <= 4e-6f * (1.0f + fabsf(a[i])), "kind %d: weight %d gives %g, copies %g",
                          (int)kind, times[i], (double)a[i], (double)b[at]);
    free(a);
    free(b);
    free(reward);
    free(times);
}

START_TEST(weights_equal_copies)
{
    for (int f = 0; f < FX_N_FAMILIES; f++)
        for (int kind = 0; kind < N_KINDS; kind++)
            for (int32_t n = 2; n <= 64; n = n * 3 / 2 + 1)
                check_copies(fx_context(fx_family(f)), (enum clgrpo_advantage_kind)kind, n, (uint64_t)(100 + n));
}
END_TEST

START_TEST(equal_rewards_give_exactly_zero)
{
    float reward[68], weight[68];
    const int32_t offsets[] = {0, 64, 65, 65, 68};

    for (int i = 0; i < 68; i++) {
        reward[i] = 0.1f;
        weight[i] = 8.0f / 3.0f;
    }
    reward[65] = 0.7f; /* no weight: the last group is still one of equal rewards */
    weight[65] = 0.0f;
    for (int f = 0; f < FX_N_FAMILIES; f++)
        for (int kind = 0; kind < N_KINDS; kind++) {
            float *got = run(fx_context(fx_family(f)), (enum clgrpo_advantage_kind)kind, 0.0f, 4, offsets, reward,
                             weight, false);

            for (int i = 0; i < 68; i++)
                ck_assert_msg(got[i] == 0.0f, "kind %d, reward %d: advantage %g, not 0", kind, i, (double)got[i]);
            free(got);
        }
}
END_TEST

START_TEST(a_group_does_not_see_the_others)
{
    float *reward = fx_random(N_REWARDS, 0.5f, 33);

    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct clgrpo_context *ctx = fx_context(fx_family(f));
        float *all = run(ctx, CLGRPO_ADVANTAGE_STD, 1e-6f, N_RAGGED, ragged, reward, NULL, false);

        for (size_t g = 0; g < N_RAGGED; g++) {
            const int32_t one[2] = {0, ragged[g + 1] - ragged[g]};
            float *got = run(ctx, CLGRPO_ADVANTAGE_STD, 1e-6f, 1, one, reward + ragged[g], NULL, false);

            fx_same_bits("a group alone", all + ragged[g], got, (size_t)one[1] * sizeof *got);
            free(got);
        }
        free(all);
    }
    free(reward);
}
END_TEST

/* ---- What groups are ---- */

struct told {
    float *mean, *deviation, *batch, *advantage;
    int32_t *flat;
};

static struct told
tell(struct clgrpo_context *ctx, enum clgrpo_advantage_kind kind, size_t n_groups, const int32_t *offsets,
     const float *reward, const float *weight)
{
    const size_t n = (size_t)offsets[n_groups];
    struct clgrpo_advantage_args a = CLGRPO_ADVANTAGE_ARGS_INIT;
    struct told t;

    a.reward = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(n), reward);
    if (weight != NULL)
        a.weight = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(n), weight);
    a.offsets = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(n_groups + 1), offsets);
    a.advantage = a.reward;
    a.group_mean = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(n_groups));
    a.group_deviation = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(n_groups));
    a.group_flat = fx_output(ctx, CLGRPO_I32, 1, FX_SHAPE(n_groups));
    a.batch_deviation = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(1));
    a.kind = kind;
    fx_ok(ctx, clgrpo_advantage(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    t = (struct told){fx_download(ctx, &a.group_mean), fx_download(ctx, &a.group_deviation),
                      fx_download(ctx, &a.batch_deviation), fx_download(ctx, &a.advantage),
                      fx_download(ctx, &a.group_flat)};
    fx_release_all(&a.reward, &a.weight, &a.offsets, &a.group_mean, &a.group_deviation, &a.group_flat,
                   &a.batch_deviation);
    return t;
}

static void
free_told(struct told *t)
{
    free(t->mean);
    free(t->deviation);
    free(t->batch);
    free(t->advantage);
    free(t->flat);
}

static void
check_told(struct clgrpo_context *ctx, enum clgrpo_advantage_kind kind, const float *reward, const float *weight)
{
    double want[N_REWARDS], size[N_REWARDS], mean[N_RAGGED], deviation[N_RAGGED], mean_size[N_RAGGED], spread[N_RAGGED];
    struct ref_moments group[N_RAGGED];
    const struct ref_moments batch = ref_advantage(kind, 1e-6, N_RAGGED, ragged, reward, weight, want, size, group);
    struct told got = tell(ctx, kind, N_RAGGED, ragged, reward, weight);
    const double batch_spread = batch.high - batch.low;

    for (size_t g = 0; g < N_RAGGED; g++) {
        mean[g] = group[g].mean;
        deviation[g] = group[g].deviation;
        mean_size[g] = fabs(group[g].mean) + 1e-30;
        spread[g] = group[g].total > 0.0 ? group[g].high - group[g].low : 0.0;
        ck_assert_int_eq(got.flat[g], group[g].flat);
        for (int32_t i = ragged[g]; i < ragged[g + 1]; i++)
            ck_assert(!group[g].flat || got.advantage[i] == 0.0f);
    }
    fx_close("mean", got.mean, mean, mean_size, N_RAGGED, 4.0, 65);
    fx_close("deviation", got.deviation, deviation, spread, N_RAGGED, 4.0, 65);
    fx_close("batch deviation", got.batch, &batch.deviation, &batch_spread, 1, 4.0, N_REWARDS);
    fx_close("advantage", got.advantage, want, size, N_REWARDS, 4.0, 65);
    free_told(&got);
}

START_TEST(tells_what_groups_are)
{
    float *reward = fx_random(N_REWARDS, 0.5f, 31), *weight = fx_random(N_REWARDS, 1.0f, 32);

    for (size_t i = 0; i < N_REWARDS; i++) {
        reward[i] += 3.0f;
        weight[i] = i % 7 == 3 ? 0.0f : fabsf(weight[i]) + 0.25f;
    }
    for (int32_t i = ragged[4]; i < ragged[5]; i++)
        reward[i] = 0.7f; /* a group of equal rewards */
    for (int kind = 0; kind < N_KINDS; kind++) {
        check_told(fx_context(fx_family(_i)), (enum clgrpo_advantage_kind)kind, reward, NULL);
        check_told(fx_context(fx_family(_i)), (enum clgrpo_advantage_kind)kind, reward, weight);
    }
    free(reward);
    free(weight);
}
END_TEST

START_TEST(groups_without_rewards)
{
    const int32_t offsets[] = {0, 0, 0};
    const float none[1] = {0.0f};
    struct told got = tell(fx_context(fx_family(_i)), CLGRPO_ADVANTAGE_BATCH, 2, offsets, none, NULL);

    for (int g = 0; g < 2; g++)
        ck_assert(got.mean[g] == 0.0f && got.deviation[g] == 0.0f && got.flat[g] == 1);
    ck_assert(got.batch[0] == 0.0f);
    free_told(&got);
}
END_TEST

/* By hand: groups {0, 1} and {0, 0, 1, 1, 1, 1}, whose rewards have the variance 5/8 3/8 together. */
START_TEST(one_deviation_for_the_batch)
{
    static const float reward[] = {0.0f, 1.0f, 0.0f, 0.0f, 1.0f, 1.0f, 1.0f, 1.0f};
    static const int32_t offsets[] = {0, 2, 8};
    const float deviation = sqrtf(15.0f / 64.0f);
    float *got = run(fx_context(fx_family(_i)), CLGRPO_ADVANTAGE_BATCH, 0.0f, 2, offsets, reward, NULL, false);

    for (int i = 0; i < 8; i++)
        ck_assert_float_eq_tol(got[i], (reward[i] - (i < 2 ? 0.5f : 2.0f / 3.0f)) / deviation, 1e-6f);
    free(got);
}
END_TEST

/* Rewards whose differences or their squares f32 does not hold, or holds only as 0. */
START_TEST(extreme_rewards_have_their_advantages)
{
    static const float reward[] = {FLT_MAX, -FLT_MAX, FLT_MAX,   -3e38f,     3e38f,  -3e38f, 1e38f,  0.0f,
                                   1e20f,   3e20f,    -2e20f,    1e-30f,     3e-30f, 9e-30f, 2e-38f, 5e-38f,
                                   0.0f,    1e30f,    1.001e30f, 1.0005e30f, 0.5f,   FLT_MAX};
    static const int32_t offsets[] = {0, 2, 4, 8, 11, 14, 17, 20, 22};
    enum { N = sizeof reward / sizeof reward[0], G = sizeof offsets / sizeof offsets[0] - 1 };
    static const float eps[] = {0.0f, 1e-6f};
    double want[N], size[N];

    for (int kind = 0; kind < N_KINDS; kind++)
        for (int e = 0; e < 2 && kind != CLGRPO_ADVANTAGE_LOO; e++) {
            float *got = run(fx_context(fx_family(_i)), (enum clgrpo_advantage_kind)kind, eps[e], G, offsets, reward,
                             NULL, false);

            ref_advantage((enum clgrpo_advantage_kind)kind, eps[e], G, offsets, reward, NULL, want, size, NULL);
            fx_close("advantages of extreme rewards", got, want, size, N, 4.0, 4);
            free(got);
        }
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
    const float reward[3] = {0.5f, 0.25f, 0.75f};
    const int32_t offsets[2] = {0, 3};

    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct clgrpo_context *ctx = fx_context(fx_family(f));
        struct clgrpo_advantage_args good = CLGRPO_ADVANTAGE_ARGS_INIT;

        good.reward = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(3), reward);
        good.offsets = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(2), offsets);
        good.advantage = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(3));
        fx_refuses(ctx, clgrpo_advantage, good, bad.advantage.shape[0] = 2, CLGRPO_E_SHAPE);
        fx_refuses(ctx, clgrpo_advantage, good, bad.reward.offset = 100, CLGRPO_E_BOUNDS);
        fx_refuses(ctx, clgrpo_advantage, good, bad.offsets.dtype = CLGRPO_U32, CLGRPO_E_DTYPE);
        fx_refuses(ctx, clgrpo_advantage, good, bad.eps = -1.0f, CLGRPO_E_VALUE);
        fx_refuses(ctx, clgrpo_advantage, good, bad.kind = (enum clgrpo_advantage_kind)9, CLGRPO_E_ARGUMENT);
        fx_refuses(ctx, clgrpo_advantage, good, bad.kind = CLGRPO_ADVANTAGE_BATCH, CLGRPO_E_ARGUMENT);
        fx_refuses(ctx, clgrpo_advantage, good, bad.group_mean = good.advantage, CLGRPO_E_ARGUMENT);
        fx_release_all(&good.reward, &good.offsets, &good.advantage);
    }
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("advantage");

    fx_tests(tc, matches_the_reference, weights_equal_copies, equal_rewards_give_exactly_zero,
             a_group_does_not_see_the_others, bad_arguments_are_refused);
    fx_family_tests(tc, tells_what_groups_are, groups_without_rewards, one_deviation_for_the_batch,
                    extreme_rewards_have_their_advantages);
    return fx_main();
}
