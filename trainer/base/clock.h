/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_CLOCK_H
#define MGRPO_CLOCK_H

/* Seconds of the monotonic clock. */
double mg_clock(void);
/* Sleeps; a signal ends it early. */
void mg_sleep_ms(double ms);

/* Exponential back-off of a loop that waits: 1 ms, then half as much again each time, at most `most` ms. Start from
 * {0}; set ms to 0 after an event. */
struct mg_pause {
    double ms;
};
void mg_pause_wait(struct mg_pause *p, double most);

#endif
