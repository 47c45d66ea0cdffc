/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that time one call of an operation each, as tables. */
#ifndef CLGRPO_BENCH_SMALL_ROW_H
#define CLGRPO_BENCH_SMALL_ROW_H

#include "rows/plan.h"

struct small_row {
    const char *name;
    enum bench_kind kind;
    double floats; /* numbers of four bytes that must move for each of n e elements */
    size_t n, e;
    int variant;                                                /* of the operation; its meaning is prepare's */
    void (*prepare)(struct plan *p, const struct small_row *r); /* appends the call to the plan */
    enum clgrpo_dtype act;                                      /* of activations */
};

void small_rows_run(struct bench *b, const struct small_row *rows, size_t n);

#endif
