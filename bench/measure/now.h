/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_BENCH_NOW_H
#define CLGRPO_BENCH_NOW_H

/* Microseconds of a clock that only goes forward. */
double bench_now_us(void);

#endif
