/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "measure/bench.h"

/* Notes of the limits that changed during the run, and, before the rows, of those that are found once. */
static void
print_notes(const struct bench *b)
{
    bool disturbed = false;

    for (unsigned i = 0; i < b->n_limits; i++) {
        const struct bench_row *r = &b->limits[i];
        const bool found_once = b->limits_most[i] == 0.0;

        if (r->note[0] != '\0' && (!found_once || b->n_rows == 0))
            printf("            %s: %s\n", r->row, r->note);
        disturbed = disturbed || (r->note[0] != '\0' && !found_once);
    }
    if (disturbed)
        printf("warning     the machine was disturbed, or changed its clock rate: run again before you compare\n");
}

void
bench_print_machine(const struct bench *b, const char *when)
{
    const struct bench_machine *m = &b->machine;

    if (b->n_rows == 0)
        printf("device      %s / %s (%s), %u compute units, native width %u, cache %.0f MiB, kernels: %s\n",
               b->info.platform, b->info.name, b->info.driver, b->info.compute_units, b->info.vector_width,
               m->cache_bytes / (1 << 20), bench_family_name(b->info.family));
    printf("%-12sfma %.1f GFLOP/s, exp %.2f G/s, halves loaded %.2f f16, %.2f bf16 G/s,\n"
           "            copy %.1f, read %.1f, write %.1f, strided %.1f, local %.1f, upload %.1f, download %.1f GB/s,\n"
           "            launch %.1f us in a row, %.1f us waited for, %.1f us through an event\n",
           when, m->fma_gflops, m->exp_gps, m->load_f16_gps, m->load_bf16_gps, m->copy_gbs, m->read_gbs, m->write_gbs,
           m->strided_gbs, m->local_gbs, m->upload_gbs, m->download_gbs, m->launch_us, m->launch_wait_us,
           m->launch_event_us);
    if (m->fma_f16_gflops > 0.0)
        printf("            fma of halves %.1f GFLOP/s\n", m->fma_f16_gflops);
    if (m->dot_gops > 0.0)
        printf("            dot products of bytes %.1f GOP/s\n", m->dot_gops);
    print_notes(b);
}

void
bench_print_header(const struct bench *b)
{
    printf("\n%-46s %10s %-8s %11s %6s %11s %11s %7s", "row", "value", "unit", "limit", "ratio", "median us",
           "event us", "spread");
    if (b->previous.n > 0)
        printf(" %8s", "against");
    printf("  peers (ours / theirs)\n");
}

void
bench_print_row(const struct bench *b, const struct bench_row *r)
{
    char limit[32] = "-", ratio[16] = "-", event[24] = "-", against[16] = "-";

    if (r->limit > 0.0) {
        snprintf(limit, sizeof limit, r->limit < 10.0 ? "%.1f %s%s" : "%.0f %s%s", r->limit, r->limit_name,
                 r->cached ? "*" : "");
        snprintf(ratio, sizeof ratio, "%.2f%s", r->ratio, bench_is_above_limit(r) ? "!" : "");
    }
    if (r->event_us > 0.0)
        snprintf(event, sizeof event, "%.1f", r->event_us);
    printf("%-46s %10.1f %-8s %11s %6s %11.1f %11s %6.0f%%", r->row, r->value, r->unit, limit, ratio, r->median_us,
           event, 100.0 * r->spread);
    if (r->previous > 0.0)
        snprintf(against, sizeof against, "%.2fx", r->previous);
    if (b->previous.n > 0)
        printf(" %8s", against);
    for (unsigned i = 0; i < r->n_peers; i++)
        printf("  %s %.1f (%.2fx)", r->peers[i].name, r->peers[i].value, r->peers[i].ratio);
    putchar('\n');
    bench_print_kernels(r);
    fflush(stdout);
}

void
bench_print_corrections(const struct bench *b)
{
    bool titled = false;

    for (unsigned i = 0; i < b->n_rows; i++) {
        const struct bench_row *r = &b->rows[i];
        const bool above = bench_is_above_limit(r);

        if (!above && fabs(r->ratio - r->printed) <= 0.02 * r->printed)
            continue;
        if (!titled)
            printf("\n%-46s %11s %6s %6s\n", "corrected by the best limits of the run", "limit", "was", "ratio");
        titled = true;
        printf("%-46s %6.0f %-4s %6.2f %6.2f%s\n", r->row, r->limit, r->limit_name, r->printed, r->ratio,
               above ? "!  faster than the machine: its limit was measured too low, or the work is miscounted" : "");
    }
}
