/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_BENCH_TOUCH_H
#define CLGRPO_BENCH_TOUCH_H

#include "measure/bench.h"

/* Calls every operation once, in the forms that a training step uses, on so few elements that only compiling or loading
 * the programs takes time. */
void touch_all(struct bench *b);

#endif
