/* SPDX-License-Identifier: Apache-2.0 */
/* Wilson's interval: published values, its equation, its symmetries and its coverage. */
#include <math.h>

#include "base/interval.h"
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

int
main(void)
{
    suite_tests(suite_case("interval", NULL, NULL, 0), published_values, ends_solve_the_score_equation,
                successes_and_failures_are_alike, more_trials_tell_more, a_share_of_nothing_is_none,
                coverage_is_95_percent);
    return suite_main();
}
