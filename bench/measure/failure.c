/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "measure/bench.h"

void
bench_fail(struct bench *b, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    if (!b->failed) {
        fputs("clgrpo-bench: ", stderr);
        vfprintf(stderr, format, list);
        fputc('\n', stderr);
    }
    va_end(list);
    b->failed = true;
}

bool
bench_ok(struct bench *b, enum clgrpo_status st, const char *what)
{
    if (st == CLGRPO_OK || b->listing) /* while names are listed nothing is allocated, so calls may fail */
        return st == CLGRPO_OK;
    bench_fail(b, "%s: %s: %s", what, clgrpo_status_name(st), clgrpo_error_text(b->ctx));
    return false;
}

void *
bench_alloc(struct bench *b, size_t n, size_t bytes)
{
    void *p = calloc(n, bytes);

    if (p == NULL)
        bench_fail(b, "the host's memory is short: %zu elements of %zu bytes", n, bytes);
    return p;
}
