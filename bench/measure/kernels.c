/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "measure/bench.h"

enum { MOST_RUNS = 100 };

/* The total of n_runs runs that took `wall` us, as what one of them takes. */
static struct bench_kernel
kernel_of(const struct clgrpo_profile_total *t, unsigned n_runs, double wall)
{
    struct bench_kernel k = {.launches = (double)t->n / n_runs,
                             .us = 1e6 * t->seconds / n_runs,
                             .share = 1e6 * t->seconds / wall,
                             .flop = t->flop / n_runs,
                             .bytes = t->bytes / n_runs};

    snprintf(k.operation, sizeof k.operation, "%s", t->operation);
    snprintf(k.name, sizeof k.name, "%s", t->kernel);
    return k;
}

static void
take(struct bench *b, struct clgrpo_profile *p, unsigned n_runs, double wall, struct bench_row *row)
{
    struct clgrpo_profile_counts c = CLGRPO_PROFILE_COUNTS_INIT;
    struct clgrpo_profile_total t = CLGRPO_PROFILE_TOTAL_INIT;

    if (!bench_ok(b, clgrpo_profile_finish(p, &c), row->row))
        return;
    if (c.n_lost > 0)
        fprintf(stderr, "clgrpo-bench: %s: %zu commands have no record\n", row->row, c.n_lost);
    if (c.n_totals > BENCH_MAX_KERNELS)
        fprintf(stderr,
                "clgrpo-bench: %s: of %zu kernels the %d longest are shown, and the rest counts as between them\n",
                row->row, c.n_totals, (int)BENCH_MAX_KERNELS);
    for (size_t i = 0; i < c.n_totals && i < BENCH_MAX_KERNELS; i++)
        if (bench_ok(b, clgrpo_profile_total_get(p, i, &t), row->row))
            row->kernels[row->n_kernels++] = kernel_of(&t, n_runs, wall);
}

void
bench_profile(struct bench *b, const struct bench_case *c, struct bench_row *row)
{
    struct clgrpo_profile *p = NULL;
    unsigned turn = 0, n = 0;
    bool good = bench_ok(b, clgrpo_profile_create(b->ctx, 0, &p), c->row);
    const double start = bench_now_us();
    double wall;

    while (good && n < MOST_RUNS && (n == 0 || bench_now_us() - start < 1e6 * b->seconds)) {
        good = bench_enqueue(b, c, &turn) && bench_ok(b, clgrpo_queue_finish(b->ctx, b->queue), c->row);
        n++;
    }
    wall = bench_now_us() - start;
    if (good)
        take(b, p, n, wall, row);
    clgrpo_profile_destroy(p);
}

/* "-" for a rate that is not known, or that a kernel does not have. */
static void
write_rate(double work, double us, char text[16])
{
    if (work > 0.0 && us > 0.0)
        snprintf(text, 16, "%.1f", 1e-3 * work / us);
    else
        snprintf(text, 16, "-");
}

void
bench_print_kernels(const struct bench_row *row)
{
    double rest = 1.0;

    for (unsigned i = 0; i < row->n_kernels; i++) {
        const struct bench_kernel *k = &row->kernels[i];
        char flop[16], bytes[16];

        write_rate(k->flop, k->us, flop);
        write_rate(k->bytes, k->us, bytes);
        rest -= k->share;
        printf("  %-24s %-22s %8.1f us %5.1f%% %6.4g x %8s GFLOP/s %8s GB/s\n", k->operation, k->name, k->us,
               100.0 * k->share, k->launches, flop, bytes);
    }
    if (row->n_kernels > 0)
        printf("  %-24s %-22s %8s    %5.1f%%\n", "between the commands", "", "", 100.0 * fmax(rest, 0.0));
}
