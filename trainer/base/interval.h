/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_INTERVAL_H
#define MGRPO_INTERVAL_H

/* Wilson's 95% score interval for `successes` of n trials (Wilson, JASA 1927); [0, 1] for n = 0. */
struct mg_interval {
    double lo, hi;
};
struct mg_interval mg_wilson(double successes, double n);

#endif
