/* SPDX-License-Identifier: Apache-2.0 */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "measure/bench.h"

static bool
matches(const char *pattern, const char *row)
{
    return strpbrk(pattern, "*?[") != NULL ? fnmatch(pattern, row, 0) == 0 : strstr(row, pattern) != NULL;
}

static bool
selected(const struct bench *b, const char *row)
{
    for (unsigned i = 0; i < b->n_select; i++)
        if (matches(b->select[i], row))
            return true;
    return b->n_select == 0;
}

static void
collect(struct bench *b, const char *row)
{
    for (unsigned i = 0; i < b->n_wanted; i++)
        if (strcmp(b->wanted[i], row) == 0)
            return;
    if (b->n_wanted < BENCH_MAX_ROWS)
        snprintf(b->wanted[b->n_wanted++], sizeof b->wanted[0], "%s", row);
}

/* Shows on standard error which row runs, and how long the others will take. */
static void
show_progress(const struct bench *b, const char *row)
{
    double elapsed = 1e-6 * (bench_now_us() - b->started);
    char eta[32] = "";

    if (b->n_rows > 0 && b->n_wanted >= b->n_rows)
        snprintf(eta, sizeof eta, ", %.0f s left", elapsed / b->n_rows * (b->n_wanted - b->n_rows));
    fprintf(stderr, "\r\033[K[%u/%u] %s%s", b->n_rows + 1, b->n_wanted, row, eta);
    fflush(stderr);
}

bool
bench_wanted(struct bench *b, const char *row)
{
    if (b->failed || b->n_rows >= BENCH_MAX_ROWS || !selected(b, row))
        return false;
    if (b->listing) {
        collect(b, row);
        return false;
    }
    if (b->progress)
        show_progress(b, row);
    return true;
}

static bool
named(const struct bench *b, const char *row)
{
    for (unsigned i = 0; i < b->n_select; i++)
        if (strcmp(b->select[i], row) == 0)
            return true;
    return false;
}

/* Whether the row is left out, and prints why. A row that was asked for by name may take any time. */
static bool
too_large(const struct bench *b, const char *row, const struct bench_need *need)
{
    enum { MOST_SECONDS = 10 };
    const double room = 0.8 * (double)b->info.global_bytes, most = (double)b->info.max_alloc_bytes,
                 seconds = b->machine.fma_gflops > 0.0 ? 1e-9 * need->flop / b->machine.fma_gflops : 0.0;

    if (need->bytes + need->largest > room || need->largest > most)
        printf("%-46s passed over: needs %.1f GB, %.1f GB in one buffer; the device lends %.1f and %.1f\n", row,
               1e-9 * (need->bytes + need->largest), 1e-9 * need->largest, 1e-9 * room, 1e-9 * most);
    else if (!named(b, row) && seconds > MOST_SECONDS)
        printf("%-46s passed over: a run takes %.0f s at least; name the row to run it\n", row, seconds);
    else
        return false;
    return true;
}

bool
bench_wanted_large(struct bench *b, const char *row, const struct bench_need *need)
{
    if (!b->full && !named(b, row))
        return false;
    return bench_wanted(b, row) && !too_large(b, row, need);
}
