/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_INTERVAL_H
#define MGRPO_INTERVAL_H

/* Wilson's 95% score interval for `successes` of n trials (Wilson, JASA 1927); [0, 1] for n = 0. */
struct mg_interval {
    double lo, hi;
};
struct mg_interval mg_wilson(double successes, double n);

/* The mean of n verdicts from 0 to 1 whose sum is given, with Wilson's interval, which is wider than needed where verdicts
 * lie between 0 and 1; mean and interval are NaN for n = 0. */
struct mg_share {
    double n, mean, lo, hi;
};
struct mg_share mg_share_of(double sum, double n);
/* "0.453 [0.412, 0.495]", or "-" without a mean. */
struct mg_share_text {
    char text[32];
};
struct mg_share_text mg_share_text_of(const struct mg_share *s);

#endif
