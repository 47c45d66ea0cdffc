/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the measurement of the machine. */
#ifndef CLGRPO_BENCH_MACHINE_H
#define CLGRPO_BENCH_MACHINE_H

#include "bench.h"

/* As machine.cl has them. */
enum { MACHINE_FMA_CHAINS = 12, MACHINE_EXP_CHAINS = 4, MACHINE_BLOCK = 4096, MACHINE_STRIDE = 16 };

/* Which matrix units the device's extensions or attributes tell of, and that they were not measured. Returns how many.
 */
unsigned bench_matrix_units(cl_device_id device, char *note, size_t bytes);

#endif
