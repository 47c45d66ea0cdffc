/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_BENCH_MEDIAN_H
#define CLGRPO_BENCH_MEDIAN_H

/* Sorts x[0..n-1], ascending. */
void bench_sort(double *x, unsigned n);
/* Sorts, and returns the median, of an even number the upper of the middle two; 0 if n is 0. */
double bench_median(double *x, unsigned n);

#endif
