/* SPDX-License-Identifier: Apache-2.0 */
/* Outages: an act that met one is repeated after a pause, until it succeeds or patience ends. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/stop.h"
#include "store/store_engine.h"

static const double quiet_seconds = 2.0, first_pause = 10.0, longest_pause = 1000.0; /* ms */

void
mg_store_waits(struct mg_store *s, double start, const char *why)
{
    char text[640];

    if (s->wait.start == 0.0)
        s->wait.start = start;
    if (s->wait.said || s->say == NULL || mg_clock() - s->wait.start < quiet_seconds)
        return;
    snprintf(text, sizeof text, "%s; waiting, for %.0f seconds at most", why, s->patience);
    s->say(s->arg, text);
    s->wait.said = true;
}

static void
end_wait(struct mg_store *s)
{
    char text[640];

    if (s->wait.said) {
        snprintf(text, sizeof text, "store %.400s: goes on after %.0f seconds", s->address, mg_clock() - s->wait.start);
        s->say(s->arg, text);
    }
    memset(&s->wait, 0, sizeof s->wait);
}

static bool
give_up(struct mg_store *s, enum mg_status *st, struct mg_err *err)
{
    char why[sizeof err->text];

    snprintf(why, sizeof why, "%s", err->text);
    mg_err_clear(err);
    *st = mg_fail(err, MG_FAIL, "%s, for %.0f seconds now", why, mg_clock() - s->wait.start);
    mg_hint(err, "Once the store is back, the same command goes on.");
    s->outage = false;
    memset(&s->wait, 0, sizeof s->wait);
    return false;
}

bool
mg_store_again(struct mg_store *s, enum mg_status *st, struct mg_err *err)
{
    struct mg_pause pause = {.ms = s->wait.pause > 0.0 ? s->wait.pause : first_pause};

    if (*st == MG_OK)
        end_wait(s);
    if (*st == MG_OK || *st == MG_STOP || !s->outage)
        return false;
    mg_store_waits(s, mg_clock(), err->text);
    if (mg_clock() - s->wait.start > s->patience)
        return give_up(s, st, err);
    s->outage = false;
    mg_err_clear(err);
    *st = mg_stop_check(err);
    if (*st != MG_OK)
        return false;
    mg_pause_wait(&pause, longest_pause);
    s->wait.pause = pause.ms;
    return true;
}
