/* SPDX-License-Identifier: Apache-2.0 */
#include "base/stop.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t wanted;
static timer_t patience;
static struct itimerspec limit;
static bool limited;

static void
on_signal(int number)
{
    (void)number;
    if (wanted == 0 && limited)
        timer_settime(patience, 0, &limit, NULL);
    wanted = wanted + 1;
}

static void
on_end(int number)
{
    (void)number;
    _exit(MG_STOP);
}

void
mg_stop_install(double seconds)
{
    struct sigaction action = {.sa_handler = on_signal}, end = {.sa_handler = on_end};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};

    limit.it_value.tv_sec = (time_t)seconds;
    limit.it_value.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9);
    sigemptyset(&action.sa_mask);
    sigemptyset(&end.sa_mask);
    if (seconds <= 0.0)
        action = end;
    else {
        sigaction(SIGALRM, &end, NULL);
        limited = timer_create(CLOCK_MONOTONIC, &event, &patience) == 0;
    }
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
