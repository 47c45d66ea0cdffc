/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine can do at the most, by kernels of its own: they do not change when the library's kernels do. */
#ifndef CLGRPO_BENCH_MACHINE_H
#define CLGRPO_BENCH_MACHINE_H

#include "measure/bench.h"

/* Measures b->machine and b->limits. Called again after the rows, it keeps the better figures, notes where the two
 * measurements differ by much, and applies the limits to the rows anew. */
enum clgrpo_status machine_measure(struct bench *b);

#endif
