/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "measure/bench.h"

/* The least time in us of so much work at a rate of 1e9 per second; 0 where either is unknown. */
static double
least_us(double work, double rate)
{
    return work > 0.0 && rate > 0.0 ? 1e-3 * work / rate : 0.0;
}

/* The slowest of what must happen binds: the arithmetic, the traffic, or the launch. */
static double
binding_us(const struct bench_machine *m, const struct bench_row *row, const char **name)
{
    double fma = least_us(row->flop, m->fma_gflops), copy = least_us(row->bytes, m->copy_gbs),
           read = least_us(row->bytes, m->read_gbs);
    bool reads = row->kind == BENCH_READ;
    /* data that the caches hold need not move between the runs of a product */
    double memory = row->kind == BENCH_FLOP && row->bytes < m->cache_bytes ? 0.0 : reads ? read : copy;

    if (row->kind == BENCH_HOST) {
        *name = "launch";
        return m->launch_us * row->launches;
    }
    if (row->kind == BENCH_TIME) {
        *name = memory > m->launch_us ? "copy" : "launch";
        return m->launch_us > memory ? m->launch_us : memory;
    }
    *name = fma >= memory ? "fma" : reads ? "read" : "copy";
    return fma >= memory ? fma : memory;
}

void
bench_apply_limit(const struct bench_machine *m, struct bench_row *row)
{
    static const char *const units[] = {"GFLOP/s", "GB/s", "GB/s", "us", "us"};
    const char *name;
    double us, work;

    if (row->kind == BENCH_OTHER)
        return;
    us = binding_us(m, row, &name);
    work = row->kind == BENCH_FLOP ? row->flop : row->bytes;
    snprintf(row->unit, sizeof row->unit, "%s", units[row->kind]);
    snprintf(row->limit_name, sizeof row->limit_name, "%s", name);
    row->limit = bench_is_time(row->unit) ? us : us > 0.0 ? 1e-3 * work / us : 0.0;
    row->ratio = row->median_us > 0.0 ? us / row->median_us : 0.0;
}

bool
bench_is_time(const char *unit)
{
    return strcmp(unit, "ms") == 0 || strcmp(unit, "us") == 0;
}

bool
bench_is_share(const char *unit)
{
    return strcmp(unit, "eps") == 0 || strcmp(unit, "MiB") == 0;
}

bool
bench_is_quality(const struct bench_row *row)
{
    return strncmp(row->row, "quality.", 8) == 0 || bench_is_share(row->unit);
}

double
bench_speed(const struct bench_row *a, const struct bench_row *b)
{
    bool same_unit = strcmp(a->unit, b->unit) == 0;

    if (same_unit && a->value > 0.0 && b->value > 0.0)
        return bench_is_time(a->unit) || bench_is_share(a->unit) ? a->value / b->value : b->value / a->value;
    return a->median_us > 0.0 && b->median_us > 0.0 ? a->median_us / b->median_us : 0.0;
}
