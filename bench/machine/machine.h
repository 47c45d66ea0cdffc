/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the measurement of the machine. */
#ifndef CLGRPO_BENCH_MACHINE_H
#define CLGRPO_BENCH_MACHINE_H

#include "measure/bench.h"

/* As machine.cl has them. */
enum { MACHINE_FMA_CHAINS = 12, MACHINE_EXP_CHAINS = 4, MACHINE_BLOCK = 4096, MACHINE_STRIDE = 16 };

/* Lanes of machine.cl's vectors, and its program with further defines; NULL if it cannot be built. */
size_t bench_machine_width(const struct bench *b);
cl_program bench_machine_build(struct bench *b, const char *defines);

/* The largest group that runs, found by launching, beside what the device reports. */
struct bench_row bench_probe_local_size(struct bench *b);
/* How many floats an item keeps in registers: the most with which multiply-adds hold their rate, and what private
 * memory the driver says that takes. */
struct bench_row bench_probe_registers(struct bench *b);
/* The device lists dot products of packed bytes. */
bool bench_has_dot(cl_device_id device);

/* Which matrix units the device's extensions or attributes tell of, and that they were not measured. Returns how many.
 */
unsigned bench_matrix_units(cl_device_id device, char *note, size_t bytes);

#endif
