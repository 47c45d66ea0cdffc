/* SPDX-License-Identifier: Apache-2.0 */
#include "base/stop.h"

#include <signal.h>

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
