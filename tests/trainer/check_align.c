/* SPDX-License-Identifier: Apache-2.0 */
/* Trajectory alignment: expected multiplicities, repeatable draws, and that weights are copies. */
#include <math.h>
#include <string.h>

#include "learn/advantage.h"
#include "learn/align.h"
#include "fixture.h"

enum { D = 8, MAX_N = 17, DRAWS = 20000 };

static double
sum(const float *weight, uint32_t n)
{
    double s = 0.0;

    for (uint32_t i = 0; i < n; i++)
        s += (double)weight[i];
    return s;
}

START_TEST(every_rollout_weighs_d)
{
    static const enum mg_alignment modes[] = {MG_ALIGN_EXPECT, MG_ALIGN_COPY, MG_ALIGN_DRAW};

    for (int m = 0; m < 3; m++)
        for (uint32_t n = 1; n <= MAX_N; n++)
            for (uint32_t k = 0; k < 50; k++) {
                float weight[MAX_N];

                mg_align(modes[m], D, 5, 3, 2, k, n, weight);
                ck_assert_double_eq_tol(sum(weight, n), D, 1e-5);
            }
}
END_TEST

START_TEST(without_alignment_each_weighs_one)
{
    for (uint32_t n = 1; n <= MAX_N; n++) {
        float weight[MAX_N];

        mg_align(MG_ALIGN_NONE, D, 5, 3, 2, 0, n, weight);
        for (uint32_t i = 0; i < n; i++)
            ck_assert(weight[i] == 1.0f);
    }
}
END_TEST

/* A drawn multiplicity is whole, at least 1 if there are few and at most 1 if there are many. */
START_TEST(draws_are_whole)
{
    for (uint32_t n = 1; n <= MAX_N; n++)
        for (uint32_t k = 0; k < 200; k++) {
            float weight[MAX_N];

            mg_align(MG_ALIGN_DRAW, D, 5, 3, 2, k, n, weight);
            for (uint32_t i = 0; i < n; i++) {
                ck_assert(weight[i] == floorf(weight[i]));
                ck_assert(n <= D ? weight[i] >= 1.0f : weight[i] <= 1.0f);
            }
        }
}
END_TEST

/* E[multiplicity] = d / n for each of n: the mean over draws is within 5 standard errors; EXPECT is that number. */
START_TEST(expected_multiplicity)
{
    for (uint32_t n = 1; n <= MAX_N; n++) {
        double total[MAX_N] = {0}, squares[MAX_N] = {0};
        float weight[MAX_N];

        for (uint32_t k = 0; k < DRAWS; k++) {
            mg_align(MG_ALIGN_DRAW, D, 1, k, 7, k % 8, n, weight);
            for (uint32_t i = 0; i < n; i++) {
                total[i] += (double)weight[i];
                squares[i] += (double)weight[i] * (double)weight[i];
            }
        }
        mg_align(MG_ALIGN_EXPECT, D, 1, 0, 7, 0, n, weight);
        for (uint32_t i = 0; i < n; i++) {
            double mean = total[i] / DRAWS, variance = squares[i] / DRAWS - mean * mean;

            ck_assert_double_eq_tol((double)weight[i], (double)D / n, 1e-6);
            ck_assert_msg(fabs(mean - (double)D / n) <= 5.0 * sqrt(variance / DRAWS) + 1e-12,
                          "n = %u, sub-trajectory %u: mean multiplicity %g, want %g", n, i, mean, (double)D / n);
        }
    }
}
END_TEST

/* At n = 2, d = 8 six are drawn for two: the multiplicity's variance is 6 / 4. */
START_TEST(variance_of_draws)
{
    double s = 0.0, squares = 0.0;

    for (uint32_t k = 0; k < DRAWS; k++) {
        float weight[2];

        mg_align(MG_ALIGN_DRAW, D, 9, k, 0, 0, 2, weight);
        s += (double)weight[0];
        squares += (double)weight[0] * (double)weight[0];
    }
    ck_assert_double_eq_tol(squares / DRAWS - (s / DRAWS) * (s / DRAWS), 1.5, 0.08);
}
END_TEST

START_TEST(nothing_of_nothing)
{
    float weight = 42.0f;

    mg_align(MG_ALIGN_EXPECT, D, 1, 1, 1, 1, 0, &weight);
    mg_align(MG_ALIGN_DRAW, D, 1, 1, 1, 1, 0, &weight);
    ck_assert(weight == 42.0f);
}
END_TEST

/* The draw is a function of each part of its key. */
START_TEST(draws_are_keyed)
{
    static const uint32_t key[5][4] = {{1, 2, 3, 4}, {9, 2, 3, 4}, {1, 9, 3, 4}, {1, 2, 9, 4}, {1, 2, 3, 9}};
    float weight[5][3 * MAX_N], again[3];

    for (int i = 0; i < 5; i++)
        for (uint32_t k = 0; k < MAX_N; k++)
            mg_align(MG_ALIGN_DRAW, 64, key[i][0], key[i][1] + 100 * k, key[i][2], key[i][3], 3, weight[i] + 3 * k);
    mg_align(MG_ALIGN_DRAW, 64, 1, 2, 3, 4, 3, again);
    ck_assert_mem_eq(again, weight[0], sizeof again);
    mg_align(MG_ALIGN_COPY, 64, 1, 2, 3, 4, 3, again);
    ck_assert_mem_eq(again, weight[0], sizeof again);
    for (int i = 1; i < 5; i++)
        ck_assert_mem_ne(weight[i], weight[0], sizeof weight[0]);
}
END_TEST

/* ---- Weighted rows and literal copies ---- */

enum { QUESTIONS = 5, ROLLOUTS = 8, ROWS = QUESTIONS * ROLLOUTS * D };

/* Aligned rows; row[i].source is the unique sub-trajectory that it came from. */
struct rows {
    float reward[ROWS], weight[ROWS], advantage[ROWS];
    uint32_t tokens[ROWS], source[ROWS], n;
    int32_t offsets[QUESTIONS + 1];
};

static void
put(struct rows *r, float reward, float weight, uint32_t tokens, uint32_t source)
{
    r->reward[r->n] = reward;
    r->weight[r->n] = weight;
    r->tokens[r->n] = tokens;
    r->source[r->n++] = source;
}

/* Rollouts of 1 to 8 sub-trajectories; a mode without draws only of such numbers as divide d. */
static uint32_t
align_both(enum mg_alignment mode, struct rows *weighted, struct rows *copied)
{
    static const uint32_t divisors[] = {1, 2, 4, 8};
    uint32_t source = 0;

    for (uint32_t q = 0; q < QUESTIONS; q++) {
        for (uint32_t k = 0; k < ROLLOUTS; k++) {
            uint32_t n = mode == MG_ALIGN_EXPECT ? divisors[(q + k) % 4] : 1 + (3 * q + 5 * k) % D;
            float weight[D];

            mg_align(mode, D, 11, 4, q, k, n, weight);
            for (uint32_t i = 0; i < n; i++, source++) {
                float reward = q == 3 ? 0.3f : 0.1f * (float)((source * 7 + q) % 11);
                uint32_t tokens = 1 + (source * 13) % 50;

                put(weighted, reward, weight[i], tokens, source);
                for (float copies = weight[i]; copies > 0.5f; copies -= 1.0f)
                    put(copied, reward, 1.0f, tokens, source);
            }
        }
        weighted->offsets[q + 1] = (int32_t)weighted->n;
        copied->offsets[q + 1] = (int32_t)copied->n;
    }
    return source;
}

/* What each unique sub-trajectory gets: the sum over its rows of token weight times advantage. */
static void
pushes(struct clgrpo_context *ctx, const struct mg_config *c, struct rows *r, double *push)
{
    struct mg_step_sums sums = {.new_max = 112.0};
    struct mg_err err;

    mg_err_clear(&err);
    ck_assert_msg(mg_advantages(ctx, c, r->reward, r->weight, r->n, r->offsets, QUESTIONS, r->advantage, &err) == MG_OK,
                  "%s", err.text);
    for (uint32_t i = 0; i < r->n; i++) {
        sums.weight += (double)r->weight[i];
        sums.weighted_tokens += (double)r->weight[i] * r->tokens[i];
    }
    for (uint32_t i = 0; i < r->n; i++)
        push[r->source[i]] +=
            mg_token_weight(mg_objectives[c->objective].normalisation, &sums, (double)r->weight[i], r->tokens[i]) *
            (double)r->advantage[i];
}

static void
same_pushes(struct clgrpo_context *ctx, const struct mg_config *c, enum mg_alignment mode)
{
    static struct rows weighted, copied;
    double push[2][ROWS] = {{0}}, largest = 0.0;
    uint32_t n;

    memset(&weighted, 0, sizeof weighted);
    memset(&copied, 0, sizeof copied);
    n = align_both(mode, &weighted, &copied);
    ck_assert_uint_lt(weighted.n, copied.n);
    pushes(ctx, c, &weighted, push[0]);
    pushes(ctx, c, &copied, push[1]);
    for (uint32_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(push[1][i]));
    ck_assert_double_gt(largest, 0.0);
    for (uint32_t i = 0; i < n; i++)
        ck_assert_double_eq_tol(push[0][i], push[1][i], 1e-5 * largest);
    for (int32_t i = weighted.offsets[3]; i < weighted.offsets[4]; i++)
        ck_assert(weighted.advantage[i] == 0.0f);
}

START_TEST(weights_are_copies)
{
    for (int family = 0; family < FX_N_FAMILIES; family++)
        for (int kind = 0; mg_advantage_kinds[kind].name != NULL; kind++)
            for (int o = 0; mg_objectives[o].name != NULL; o++) {
                const struct mg_config c = {.advantage = kind, .objective = o, .advantage_eps = 1e-6};

                same_pushes(fx_context(fx_family(family)), &c, MG_ALIGN_DRAW);
                same_pushes(fx_context(fx_family(family)), &c, MG_ALIGN_EXPECT);
            }
}
END_TEST

/* Rewards 0, 0, 0, 1: mean 1/4, population deviation sqrt(3)/4, unbiased 1/2. */
START_TEST(advantages_of_each_kind)
{
    static const struct {
        const char *name;
        double of_the_last;
    } want[] = {{"std", 1.7320508}, {"unbiased", 1.5}, {"mean", 0.75}, {"loo", 1.0}, {"batch", 1.7320508}, {NULL, 0.0}};
    static const float reward[] = {0.0f, 0.0f, 0.0f, 1.0f};
    static const int32_t offsets[] = {0, 4};

    for (int kind = 0; mg_advantage_kinds[kind].name != NULL; kind++) {
        const struct mg_config c = {.advantage = kind};
        struct mg_err err = {0};
        float a[4];

        ck_assert_msg(mg_advantages(fx_context(fx_family(0)), &c, reward, NULL, 4, offsets, 1, a, &err) == MG_OK, "%s",
                      err.text);
        ck_assert_str_eq(mg_advantage_kinds[kind].name, want[kind].name);
        ck_assert_double_eq_tol((double)a[3], want[kind].of_the_last, 1e-5);
        ck_assert_double_eq_tol((double)a[0], -want[kind].of_the_last / 3.0, 1e-5);
    }
}
END_TEST

START_TEST(a_device_error_is_told)
{
    static const float reward[] = {0.0f, 1.0f};
    static const int32_t offsets[] = {0, 2};
    const struct mg_config c = {.advantage_eps = -1.0};
    struct mg_err err = {0};
    float a[2];

    ck_assert_int_eq(mg_advantages(fx_context(fx_family(0)), &c, reward, NULL, 2, offsets, 1, a, &err), MG_FAIL);
    ck_assert_msg(strstr(err.text, "-1") != NULL, "\"%s\" does not give the number", err.text);
    ck_assert_str_eq(clgrpo_error_text(fx_context(fx_family(0))), "");
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("align");

    fx_tests(tc, every_rollout_weighs_d, without_alignment_each_weighs_one, draws_are_whole, expected_multiplicity,
             variance_of_draws, nothing_of_nothing, draws_are_keyed, weights_are_copies, advantages_of_each_kind,
             a_device_error_is_told);
    return fx_main();
}
