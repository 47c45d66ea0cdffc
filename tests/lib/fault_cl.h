/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_TESTS_FAULT_CL_H
#define CLGRPO_TESTS_FAULT_CL_H

#include <stdbool.h>

/*
 * A program that links fault_cl.c has every OpenCL call that can fail pass through it, by the dynamic linker's order of
 * look-up. Calls are counted from fault_arm on; the n-th (1 is the next) fails with CL_OUT_OF_RESOURCES and does
 * nothing. Not for threads.
 */
void fault_arm(int n);  /* 0: count, fail none */
int fault_disarm(void); /* the number of calls since fault_arm */

/* Events, programs, kernels, buffers, queues and contexts that calls made since the start and that were not
 * released. */
int fault_live(void);

#endif
