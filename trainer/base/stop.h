/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_STOP_H
#define MGRPO_STOP_H

#include <stdbool.h>

#include "base/status.h"

/* SIGINT and SIGTERM ask for a stop: the work goes on to its next safe point and ends there with MG_STOP. */
void mg_stop_install(void);
bool mg_stop_wanted(void);
/* How often it was asked for. */
unsigned mg_stop_count(void);
/* MG_STOP if a stop is wanted. */
enum mg_status mg_stop_check(struct mg_err *err);
/* Sleeps; a signal ends it early. */
void mg_sleep_ms(double ms);
/* Seconds of a clock that never goes back. */
double mg_clock(void);

/* A pause that grows from 1 ms to `most` ms, for loops that wait. Start from {0}; set ms to 0 after something happened.
 */
struct mg_pause {
    double ms;
};
void mg_pause_wait(struct mg_pause *p, double most);

#endif
