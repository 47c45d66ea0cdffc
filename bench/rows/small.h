/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of one operation each, from a table. */
#ifndef CLGRPO_BENCH_SMALL_H
#define CLGRPO_BENCH_SMALL_H

#include "rows/plan.h"

struct small_row {
    const char *name;
    enum bench_kind kind;
    double floats; /* that must move for each of n e elements, of four bytes */
    size_t n, e;
    int variant; /* what else the operation is told */
    void (*prepare)(struct plan *p, const struct small_row *r);
};
void small_row(struct bench *b, const struct small_row *r);

#endif
