/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the measurement of the machine. */
#ifndef CLGRPO_BENCH_MACHINE_INTERNAL_H
#define CLGRPO_BENCH_MACHINE_INTERNAL_H

#include "measure/bench.h"

/* ---- The program ---- */

/* Constants of its kernels. */
enum { MACHINE_FMA_CHAINS = 12, MACHINE_EXP_CHAINS = 4, MACHINE_BLOCK = 4096, MACHINE_STRIDE = 16 };

/* Lanes of its vectors. */
size_t machine_width(const struct bench *b);
/* The program with further options for the compiler; NULL if it cannot be built. */
cl_program machine_build(struct bench *b, const char *options);

/* ---- The figures ---- */

/* Rounds of one measurement. A limit is the best of them: what the machine can do, whatever disturbed it meanwhile; the
 * spread shows by how much it was disturbed. */
struct machine_rounds {
    double best_us, worst_us;
    unsigned n;
};
void machine_add_round(struct machine_rounds *r, double us);
/* Adds the figure to b->limits, or keeps the better of two, and returns it. It is in 1e9 per second if `work` is what
 * one round does, in flop, bytes or operations; if `work` is 0 it is the time, in us. */
double machine_keep(struct bench *b, const char *name, const char *unit, double work, const struct machine_rounds *r);
/* Adds a row that is measured once. */
void machine_add_limit(struct bench *b, const struct bench_row *row);
bool machine_has_limit(const struct bench *b, const char *name);
/* Gives a note to the limits whose measurements differ by much. */
void machine_note_disturbance(struct bench *b);

/* ---- What is measured by kernels ---- */

struct machine_probe {
    struct bench *b;
    cl_program program, half, dot; /* half, dot: NULL if the device lacks them */
    struct clgrpo_tensor from, to;
    size_t width, items, local; /* vector lanes; items of a kernel that does not stream, and of a group */
    bool gpu;
    bool between;   /* between rows: with less time for each figure */
    double last_us; /* when something was measured last */
};
/* Each is false if a kernel could not be run. */
bool machine_measure_hard(struct machine_probe *p); /* the limits that rows have: multiply-adds, copies, reads */
bool machine_measure_arithmetic(struct machine_probe *p);
bool machine_measure_memory(struct machine_probe *p);
bool machine_measure_dot(struct machine_probe *p);
/* Copies between the host and the device, and launches. */
bool machine_measure_host(struct machine_probe *p);

/* ---- What is found by trying or asking ---- */

/* The largest group that runs, beside what the device reports. */
struct bench_row machine_find_local_size(struct bench *b);
/* How many floats an item keeps in registers: the most with which multiply-adds hold their rate. The note gives the
 * private memory that the driver reports for that. */
struct bench_row machine_find_registers(struct bench *b);
/* A row without a figure: the matrix units that the device's extensions or attributes name. */
struct bench_row machine_find_matrix_units(cl_device_id device);
/* The device lists dot products of packed bytes. */
bool machine_has_dot(cl_device_id device);

#endif
