/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of clgrpo-bench. */
#ifndef CLGRPO_BENCH_ARGUMENTS_H
#define CLGRPO_BENCH_ARGUMENTS_H

#include "measure/bench.h"

struct arguments {
    const char *device;
    const char *json, *tsv, *svg, *html, *submission; /* files to write; NULL if not asked for */
    const char *against, *peers;                      /* files to read; NULL without one */
    struct clgrpo_context_config config;
    bool list; /* print the names of the rows and stop */
    bool done; /* the help or the version has been printed */
};

/* Fills in *a, and of *b what the options and patterns say. a->submission is the file that `submit` writes, or NULL
 * without that command. Returns 0, or the exit status after a sentence on standard error. */
int arguments_parse(int argc, char **argv, struct bench *b, struct arguments *a);

#endif
