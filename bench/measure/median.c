/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/median.h"

#include <stdlib.h>

static int
by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void
bench_sort(double *x, unsigned n)
{
    qsort(x, n, sizeof *x, by_size);
}

double
bench_median(double *x, unsigned n)
{
    bench_sort(x, n);
    return n > 0 ? x[n / 2] : 0.0;
}
