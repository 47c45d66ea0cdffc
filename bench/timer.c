/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

enum { MIN_ROUNDS = 5, MAX_ROUNDS = 200, WARM_UP = 2 };

static double
now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Time of `repeat` runs in a row, waited for at the end. */
static double
time_own(struct bench *b, const struct bench_case *c, unsigned repeat)
{
    double start = now_us();

    for (unsigned i = 0; i < repeat; i++)
        if (!bench_ok(b, c->run(b, c->arg), c->row))
            return -1.0;
    if (!bench_ok(b, clgrpo_queue_finish(b->ctx, b->queue), c->row))
        return -1.0;
    return (now_us() - start) / repeat;
}

static double
time_peer(const struct bench_case *c, unsigned peer, unsigned repeat)
{
    double start = now_us();

    for (unsigned i = 0; i < repeat; i++)
        c->peers[peer].run(c->peers[peer].arg);
    return (now_us() - start) / repeat;
}

static double
to_value(const struct bench_case *c, double us)
{
    return c->kind == BENCH_TIME ? us : c->work / us * 1e-3; /* flop or bytes per us, in units of 1e9 per s */
}

static void
fill_limit(const struct bench *b, const struct bench_case *c, struct bench_row *row)
{
    static const struct {
        const char *unit, *name;
    } text[] = {{"GFLOP/s", "fma"}, {"GB/s", "copy"}, {"GB/s", "read"}, {"us", "-"}};
    const double limit[] = {b->machine.fma_gflops, b->machine.copy_gbs, b->machine.read_gbs, 0.0};

    row->unit = text[c->kind].unit;
    row->limit_name = text[c->kind].name;
    row->limit = limit[c->kind];
    row->ratio = row->limit > 0.0 ? row->value / row->limit : 0.0;
}

struct samples {
    double own[MAX_ROUNDS], peer[BENCH_MAX_PEERS][MAX_ROUNDS];
    unsigned n;
};

static bool
sample(struct bench *b, const struct bench_case *c, struct samples *s)
{
    double budget = 1e6 * b->seconds, start, once;
    unsigned repeat;

    for (unsigned i = 0; i < WARM_UP; i++)
        if (time_own(b, c, 1) < 0.0)
            return false;
    for (unsigned p = 0; p < c->n_peers; p++)
        time_peer(c, p, 1);
    once = time_own(b, c, 1);
    repeat =
        once > 2000.0 ? 1 : (unsigned)(2000.0 / (once + 1.0)) + 1; /* samples of 2 ms: the clock and the wait vanish */
    start = now_us();
    for (s->n = 0; s->n < MAX_ROUNDS && (s->n < MIN_ROUNDS || now_us() - start < budget); s->n++) {
        s->own[s->n] = time_own(b, c, repeat);
        for (unsigned p = 0; p < c->n_peers; p++)
            s->peer[p][s->n] = time_peer(c, p, repeat);
    }
    return true;
}

bool
bench_wanted(const struct bench *b, const char *row)
{
    return !b->failed && b->n_rows < BENCH_MAX_ROWS && (b->select == NULL || strstr(row, b->select) != NULL);
}

void
bench_run(struct bench *b, const struct bench_case *c)
{
    static struct samples s;
    struct bench_row *row = &b->rows[b->n_rows];

    if (!bench_wanted(b, c->row) || !sample(b, c, &s))
        return;
    memset(row, 0, sizeof *row);
    snprintf(row->row, sizeof row->row, "%s", c->row);
    qsort(s.own, s.n, sizeof s.own[0], compare);
    row->median_us = s.own[s.n / 2];
    row->spread = (s.own[s.n * 9 / 10] - s.own[s.n / 10]) / row->median_us;
    row->value = to_value(c, row->median_us);
    fill_limit(b, c, row);
    row->n_peers = c->n_peers;
    for (unsigned p = 0; p < c->n_peers; p++) {
        qsort(s.peer[p], s.n, sizeof s.peer[p][0], compare);
        snprintf(row->peers[p].name, sizeof row->peers[p].name, "%s", c->peers[p].name);
        row->peers[p].value = to_value(c, s.peer[p][s.n / 2]);
        row->peers[p].ratio = s.peer[p][s.n / 2] / row->median_us;
    }
    b->n_rows++;
    bench_print_row(b, row);
}
