/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine can do at the most, by kernels of its own: they do not change when the library's kernels do. */
#ifndef CLGRPO_BENCH_MACHINE_H
#define CLGRPO_BENCH_MACHINE_H

#include "measure/bench.h"

struct machine_probe;

/* Builds the kernels and makes their data; NULL, and the run has failed, if that cannot be done. */
struct machine_probe *machine_open(struct bench *b);
void machine_close(struct machine_probe *p); /* accepts NULL */
/* Measures b->machine and b->limits. Called again after the rows, it keeps the better figures, notes where the
 * measurements differ by much, and applies the limits to the rows anew. False, and the run has failed, if a kernel
 * could not be run. */
bool machine_measure(struct machine_probe *p);
/* For between rows: measures the limits that rows have again, unless that was done a moment ago. */
void machine_measure_between(void *probe);

#endif
