/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs here begin and end with. */
#ifndef CLGRPO_BENCH_PROGRAM_H
#define CLGRPO_BENCH_PROGRAM_H

#include "clgrpo.h"

/* Standard input, output and error are open afterwards: a file that is opened later does not get their place. */
void program_begin(void);
/* The exit status: `rc`, or 1 with a sentence on standard error if not all of standard output could be written. */
int program_end(const char *name, int rc);

/* Opens the context, or says why not on standard error. Returns 0, 2 if a device was named that there is not, else 1. */
int program_open(const char *name, const char *selector, const struct clgrpo_context_config *config,
                 struct clgrpo_context **ctx);

#endif
