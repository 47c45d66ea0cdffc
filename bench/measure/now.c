/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/now.h"

#include <time.h>

double
bench_now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}
