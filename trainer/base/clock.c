/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

double
mg_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void
mg_sleep_ms(double ms)
{
    struct timespec t = {.tv_sec = (time_t)(ms / 1e3)};

    t.tv_nsec = (long)((ms - (double)t.tv_sec * 1e3) * 1e6);
    nanosleep(&t, NULL);
}

void
mg_pause_wait(struct mg_pause *p, double most)
{
    p->ms = p->ms < 1.0 ? 1.0 : p->ms * 1.5;
    if (p->ms > most)
        p->ms = most;
    mg_sleep_ms(p->ms);
}
