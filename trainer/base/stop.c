/* SPDX-License-Identifier: Apache-2.0 */
#include "base/stop.h"

#include <signal.h>
#include <time.h>

static volatile sig_atomic_t wanted;

static void
on_signal(int number)
{
    (void)number;
    wanted = wanted + 1;
}

void
mg_stop_install(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool
mg_stop_wanted(void)
{
    return wanted != 0;
}

unsigned
mg_stop_count(void)
{
    return (unsigned)wanted;
}

enum mg_status
mg_stop_check(struct mg_err *err)
{
    return wanted ? mg_fail(err, MG_STOP, "asked to stop") : MG_OK;
}

void
mg_sleep_ms(double ms)
{
    struct timespec t = {.tv_sec = (time_t)(ms / 1e3)};

    t.tv_nsec = (long)((ms - (double)t.tv_sec * 1e3) * 1e6);
    nanosleep(&t, NULL);
}

double
mg_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void
mg_pause_wait(struct mg_pause *p, double most)
{
    p->ms = p->ms < 1.0 ? 1.0 : p->ms * 1.5;
    if (p->ms > most)
        p->ms = most;
    mg_sleep_ms(p->ms);
}
