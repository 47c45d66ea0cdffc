/* SPDX-License-Identifier: Apache-2.0 */
/* Wilson's interval: published values, its equation, its symmetries and its coverage. */
#include <math.h>

#include "base/interval.h"
#include "base/rng.h"
#include "suite.h"

/* Newcombe, Statistics in Medicine 17 (1998), table I, method 3. */
START_TEST(published_values)
{
    static const struct {
        double successes, n, lo, hi;
    } want[] = {{81.0, 263.0, 0.2553, 0.3662},
                {15.0, 148.0, 0.0624, 0.1605},
                {0.0, 20.0, 0.0, 0.1611},
                {1.0, 29.0, 0.0061, 0.1718}};

    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        struct mg_interval got = mg_wilson(want[i].successes, want[i].n);

        ck_assert_double_eq_tol(got.lo, want[i].lo, 5e-5);
        ck_assert_double_eq_tol(got.hi, want[i].hi, 5e-5);
    }
}
END_TEST

/* Both ends are the proportions p whose score (share - p) / sqrt(p (1 - p) / n) is 1.96. */
START_TEST(ends_solve_the_score_equation)
{
    const double z = 1.959963984540054;

    for (int n = 1; n <= 300; n = 2 * n + 1)
        for (int k = 0; k <= n; k++) {
            struct mg_interval got = mg_wilson(k, n);
            double ends[2] = {got.lo, got.hi};

            for (int e = 0; e < 2; e++) {
                double p = ends[e], gap = (double)k / n - p;

                ck_assert_double_eq_tol(gap * gap, z * z * p * (1.0 - p) / n, 1e-12);
            }
            ck_assert_double_le(got.lo, (double)k / n + 1e-15);
            ck_assert_double_ge(got.hi, (double)k / n - 1e-15);
            ck_assert(k == 0 || k == n || (got.lo < (double)k / n && (double)k / n < got.hi));
        }
}
END_TEST

START_TEST(successes_and_failures_are_alike)
{
    for (int k = 0; k <= 17; k++) {
        struct mg_interval a = mg_wilson(k, 17.0), b = mg_wilson(17.0 - k, 17.0);

        ck_assert_double_eq_tol(a.lo, 1.0 - b.hi, 1e-14);
        ck_assert_double_eq_tol(a.hi, 1.0 - b.lo, 1e-14);
        ck_assert_double_ge(a.lo, 0.0);
        ck_assert_double_le(a.hi, 1.0);
    }
}
END_TEST

/* Four times the trials, about half the width; no trial, no knowledge. */
START_TEST(more_trials_tell_more)
{
    struct mg_interval some = mg_wilson(100.0, 400.0), more = mg_wilson(400.0, 1600.0), none = mg_wilson(0.0, 0.0);

    ck_assert_double_eq_tol((some.hi - some.lo) / (more.hi - more.lo), 2.0, 0.02);
    ck_assert(none.lo == 0.0 && none.hi == 1.0);
}
END_TEST

START_TEST(a_share_of_nothing_is_none)
{
    const struct mg_share some = mg_share_of(81.0, 263.0), none = mg_share_of(0.0, 0.0);

    ck_assert_str_eq(mg_share_text_of(&some).text, "0.308 [0.255, 0.366]");
    ck_assert(isnan(none.mean) && none.n == 0.0 && isnan(none.lo) && isnan(none.hi));
    ck_assert_str_eq(mg_share_text_of(&none).text, "-");
}
END_TEST

/* The exact coverage at n = 300, summed over the binomial distribution, is near 95% for any true share. */
START_TEST(coverage_is_95_percent)
{
    const double n = 300.0;

    for (double p = 0.05; p < 0.96; p += 0.05) {
        double covered = 0.0;

        for (double k = 0.0; k <= n; k += 1.0) {
            struct mg_interval got = mg_wilson(k, n);
            double chance =
                exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log(1.0 - p));

            covered += got.lo <= p && p <= got.hi ? chance : 0.0;
        }
        ck_assert_msg(covered > 0.93 && covered < 0.97, "a share of %g is covered with probability %g", p, covered);
    }
}
END_TEST

/* ---- Clusters ---- */

START_TEST(single_verdicts_are_no_clusters)
{
    const double sum[] = {1.0, 0.0, 0.0, 1.0, 1.0, 0.5}, count[] = {1.0, 1.0, 0.0, 1.0, 1.0, 1.0};
    struct mg_share got = mg_share_of_clusters(sum, count, 6), want = mg_share_of(3.5, 5.0);

    ck_assert(got.n == want.n && got.mean == want.mean && got.lo == want.lo && got.hi == want.hi);
    ck_assert(isnan(mg_share_of_clusters(sum, count, 0).mean));
    ck_assert(isnan(mg_share_of_clusters(sum + 2, count + 2, 1).mean));
}
END_TEST

/* Where a question's draws are all alike, K of them tell no more than one; all of them right neither. */
START_TEST(repeated_draws_tell_nothing_new)
{
    double sum[40], count[40];
    struct mg_share all, mixed;

    for (int i = 0; i < 40; i++) {
        sum[i] = i < 30 ? 8.0 : 0.0;
        count[i] = 8.0;
    }
    mixed = mg_share_of_clusters(sum, count, 40);
    ck_assert_double_eq_tol(mixed.lo, mg_wilson(30.0, 40.0).lo, 0.005);
    ck_assert_double_eq_tol(mixed.hi, mg_wilson(30.0, 40.0).hi, 0.005);
    ck_assert(mixed.n == 320.0 && mixed.mean == 0.75);
    all = mg_share_of_clusters(sum, count, 30);
    ck_assert_double_eq(all.lo, mg_wilson(30.0, 30.0).lo);
    ck_assert_double_eq(all.hi, 1.0);
    all = mg_share_of_clusters(sum, count, 1);
    ck_assert_double_eq(all.lo, mg_wilson(1.0, 1.0).lo);
    /* every question half right: as sure as 320 verdicts, not surer */
    for (int i = 0; i < 40; i++)
        sum[i] = 4.0;
    all = mg_share_of_clusters(sum, count, 40);
    ck_assert_double_eq(all.lo, mg_wilson(160.0, 320.0).lo);
}
END_TEST

START_TEST(differences_by_hand)
{
    const double some[] = {1.0, 1.0, 0.0, -1.0, 0.0, 0.0, 1.0, 0.0}, none[4] = {0.0};
    struct mg_share d = mg_share_of_differences(some, 8), same = mg_share_of_differences(none, 4);

    /* Agresti and Min: b = 3, c = 1, n = 8: (b - c) / (n + 2), and ((b + c + 1) - (b - c)^2 / (n + 2)) / (n + 2)^2 */
    ck_assert_double_eq(d.mean, 0.25);
    ck_assert_double_eq_tol((d.lo + d.hi) / 2.0, 0.2, 1e-12);
    ck_assert_double_eq_tol((d.hi - d.lo) / 2.0, 1.959963984540054 * sqrt(4.6) / 10.0, 1e-12);
    ck_assert(same.mean == 0.0 && same.lo == -same.hi && same.hi > 0.3);
    ck_assert(isnan(mg_share_of_differences(none, 0).mean));
}
END_TEST

/*
 * A world of questions: each has a difficulty, and system A and system B a chance on it that both depend on that;
 * `draws` draws of n questions each.
 */
enum { RUNS = 4000, MOST = 300 };
struct world {
    int n, draws;
    double spread, gain; /* of the difficulty, and what B is better by, as log-odds */
};
static const struct world worlds[] = {{60, 1, 1.5, 0.5},  {60, 4, 1.5, 0.5},  {300, 1, 1.0, 0.0}, {300, 4, 1.0, 1.0},
                                      {100, 8, 0.0, 0.3}, {100, 8, 3.0, 0.3}, {100, 2, 2.0, 1.0}};

static double
chance(double ability, double difficulty)
{
    return 1.0 / (1.0 + exp(difficulty - ability));
}

static double
right(struct mg_rng *rng, int draws, double p)
{
    double sum = 0.0;

    for (int k = 0; k < draws; k++)
        sum += mg_rng_unit(rng) < p;
    return sum;
}

/* The chance of a question of the world, integrated over its difficulty. */
static double
true_share(const struct world *w, double ability)
{
    double sum = 0.0, all = 0.0;

    for (double x = -8.0; x <= 8.0; x += 1.0 / 64.0) {
        sum += exp(-x * x / 2.0) * chance(ability, w->spread * x);
        all += exp(-x * x / 2.0);
    }
    return sum / all;
}

/* By simulation, with fixed seeds: a mean over draws, and the difference of two systems on the same questions. */
START_TEST(clustered_and_paired_coverage)
{
    const struct world *w = &worlds[_i];
    double a[MOST], b[MOST], count[MOST], difference[MOST], mean = true_share(w, 0.5);
    double gain = true_share(w, 0.5 + w->gain) - mean, covered[2] = {0.0, 0.0};

    for (int run = 0; run < RUNS; run++) {
        struct mg_share share, paired;
        struct mg_rng rng;

        mg_rng_init(&rng, 1, MG_RNG_BOOTSTRAP, (uint32_t)_i, (uint32_t)run, 0);
        for (int i = 0; i < w->n; i++) {
            double difficulty = w->spread * mg_rng_normal(&rng);

            count[i] = w->draws;
            a[i] = right(&rng, w->draws, chance(0.5, difficulty));
            b[i] = right(&rng, w->draws, chance(0.5 + w->gain, difficulty));
            difference[i] = (b[i] - a[i]) / w->draws;
        }
        share = mg_share_of_clusters(a, count, (size_t)w->n);
        paired = mg_share_of_differences(difference, (size_t)w->n);
        covered[0] += share.lo <= mean && mean <= share.hi;
        covered[1] += paired.lo <= gain && gain <= paired.hi;
    }
    for (int i = 0; i < 2; i++)
        ck_assert_msg(covered[i] > 0.93 * RUNS && covered[i] < 0.97 * RUNS,
                      "world %d: the %s is covered in %g of %d runs", _i, i == 0 ? "share" : "difference", covered[i],
                      (int)RUNS);
}
END_TEST

int
main(void)
{
    TCase *simulated;

    suite_tests(suite_case("interval", NULL, NULL, 0), published_values, ends_solve_the_score_equation,
                successes_and_failures_are_alike, more_trials_tell_more, a_share_of_nothing_is_none,
                coverage_is_95_percent, single_verdicts_are_no_clusters, repeated_draws_tell_nothing_new,
                differences_by_hand);
    simulated = suite_case("simulated", NULL, NULL, 0);
    tcase_add_loop_test(simulated, clustered_and_paired_coverage, 0, (int)(sizeof worlds / sizeof *worlds));
    return suite_main();
}
