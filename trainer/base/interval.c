/* SPDX-License-Identifier: Apache-2.0 */
#include "base/interval.h"

#include <math.h>
#include <stdio.h>

static const double z = 1.959963984540054; /* of 95%, two-sided */

struct mg_interval
mg_wilson(double successes, double n)
{
    double p, centre, half, scale;

    if (n <= 0.0)
        return (struct mg_interval){0.0, 1.0};
    p = successes / n;
    scale = 1.0 / (1.0 + z * z / n);
    centre = p + z * z / (2.0 * n);
    half = z * sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n));
    return (struct mg_interval){fmax(0.0, scale * (centre - half)), fmin(1.0, scale * (centre + half))};
}

struct mg_share
mg_share_of(double sum, double n)
{
    struct mg_interval i = mg_wilson(sum, n);

    if (n <= 0.0)
        return (struct mg_share){0.0, (double)NAN, (double)NAN, (double)NAN};
    return (struct mg_share){n, sum / n, i.lo, i.hi};
}

/* The variance of the mean p, as a ratio of sums over clusters, of which there are `clusters`. */
static double
variance_of_ratio(const double *sum, const double *count, size_t n, double p, double all, double clusters)
{
    double squares = 0.0;

    for (size_t i = 0; i < n; i++)
        squares += (sum[i] - p * count[i]) * (sum[i] - p * count[i]);
    return squares / (all * all) * clusters / (clusters - 1.0);
}

struct mg_share
mg_share_of_clusters(const double *sum, const double *count, size_t n)
{
    double all = 0.0, right = 0.0, clusters = 0.0, largest = 0.0, independent, p;
    struct mg_interval i;

    for (size_t k = 0; k < n; k++) {
        right += sum[k];
        all += count[k];
        clusters += count[k] > 0.0;
        largest = fmax(largest, count[k]);
    }
    if (largest <= 1.0)
        return mg_share_of(right, all);
    p = right / all;
    /* where all are alike nobody knows whether the verdicts of a cluster depend on each other */
    independent = clusters;
    if (clusters > 1.0 && p > 0.0 && p < 1.0)
        independent = fmin(all, p * (1.0 - p) / variance_of_ratio(sum, count, n, p, all, clusters));
    i = mg_wilson(p * independent, independent);
    return (struct mg_share){all, p, i.lo, i.hi};
}

struct mg_share
mg_share_of_differences(const double *difference, size_t n)
{
    double sum = 0.0, squares = 0.0, largest = 0.0, all = (double)n + 2.0, centre, half;

    if (n == 0)
        return mg_share_of(0.0, 0.0);
    for (size_t i = 0; i < n; i++) {
        sum += difference[i];
        squares += difference[i] * difference[i];
        largest = fmax(largest, fabs(difference[i]));
    }
    squares += largest > 0.0 ? largest * largest : 1.0;
    centre = sum / all;
    half = z * sqrt((squares / all - centre * centre) / all);
    return (struct mg_share){(double)n, sum / (double)n, fmax(-1.0, centre - half), fmin(1.0, centre + half)};
}

struct mg_share_text
mg_share_text_of(const struct mg_share *s)
{
    struct mg_share_text out = {"-"};

    if (isfinite(s->mean) && isfinite(s->lo) && isfinite(s->hi))
        snprintf(out.text, sizeof out.text, "%.3f [%.3f, %.3f]", s->mean, s->lo, s->hi);
    else if (isfinite(s->mean))
        snprintf(out.text, sizeof out.text, "%.3f", s->mean);
    return out;
}
