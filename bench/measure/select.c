/* SPDX-License-Identifier: Apache-2.0 */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "measure/bench.h"

/* Which rows run, and how far they are. */

const struct bench_group bench_groups[BENCH_GROUPS] = {
    {"Products", bench_gemm},        {"Attention", bench_attention},
    {"Vocabulary head", bench_head}, {"Memory and control", bench_small},
    {"A whole layer", bench_layer},  {"A step of GRPO", bench_step},
    {"Quality", bench_quality},      {"Start-up", bench_program},
};

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

static void
tell(const struct bench *b, const char *row)
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
        tell(b, row);
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

/* Why the row is passed over; what one run takes is asked only where it was not named. */
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

void
bench_add_row(struct bench *b, struct bench_row *row)
{
    const struct bench_row *old = bench_find(&b->previous, row->row);

    if (b->n_rows >= BENCH_MAX_ROWS || b->once)
        return;
    row->group = b->group;
    row->previous = old != NULL ? bench_speed(old, row) : 0.0;
    for (size_t i = 0; i < b->peers.n && row->n_peers < BENCH_MAX_PEERS; i++) {
        const struct bench_row *theirs = &b->peers.rows[i];
        struct bench_peer_result *peer = &row->peers[row->n_peers];

        if (strcmp(theirs->row, row->row) != 0)
            continue;
        memcpy(peer->name, theirs->source, sizeof peer->name);
        peer->value = theirs->value;
        peer->ratio = bench_speed(theirs, row);
        row->n_peers++;
    }
    b->rows[b->n_rows++] = *row;
    if (b->progress)
        fputs("\r\033[K", stderr);
    bench_print_row(b, row);
}
