/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_INTERVAL_H
#define MGRPO_INTERVAL_H

#include <stddef.h>

/* Wilson's 95% score interval for `successes` of n trials (Wilson, JASA 1927); [0, 1] for n = 0. */
struct mg_interval {
    double lo, hi;
};
struct mg_interval mg_wilson(double successes, double n);

/* The mean of n verdicts from 0 to 1 whose sum is given, with Wilson's interval, which is wider than needed where
 * verdicts lie between 0 and 1; mean and interval are NaN for n = 0. */
struct mg_share {
    double n, mean, lo, hi;
};
struct mg_share mg_share_of(double sum, double n);
/*
 * The mean of verdicts that come in clusters, such as the draws of one question: count[i] of them in cluster i, with
 * the sum sum[i], for n clusters. The interval is Wilson's for as many independent verdicts as would have the variance
 * that the clusters show (Korn and Graubard, Survey Methodology 24, 1998): not more than there are, and one a cluster
 * where all verdicts are 0 or all are 1. With at most one verdict in a cluster it is mg_share_of.
 */
struct mg_share mg_share_of_clusters(const double *sum, const double *count, size_t n);
/*
 * The mean of the differences, each from -1 to 1, of two systems on n questions, with a 95% interval: normal, about
 * mean and variance of the differences and two more, 0 and, half each, 1 and -1 (Agresti and Min, Statistics in
 * Medicine 24, 2005); these are as large as the largest difference where all are smaller than 1, as means of draws
 * are. It has a width where no two answers differ, too. Mean and interval are NaN for n = 0.
 */
struct mg_share mg_share_of_differences(const double *difference, size_t n);
/* "0.453 [0.412, 0.495]", "0.453" without an interval, or "-" without a mean. */
struct mg_share_text {
    char text[32];
};
struct mg_share_text mg_share_text_of(const struct mg_share *s);

#endif
