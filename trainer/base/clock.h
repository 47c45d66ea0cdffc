/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_CLOCK_H
#define MGRPO_CLOCK_H

/* Seconds of a clock that never goes back. */
double mg_clock(void);
/* Sleeps; a signal ends it early. */
void mg_sleep_ms(double ms);

/* A pause that grows from 1 ms to `most` ms, for loops that wait. Start from {0}; set ms to 0 when something happened. */
struct mg_pause {
    double ms;
};
void mg_pause_wait(struct mg_pause *p, double most);

#endif
