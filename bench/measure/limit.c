/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "measure/bench.h"

/* The least time in us for so much work at a rate in 1e9 per second; 0 if either is unknown. */
static double
least_us(double work, double rate)
{
    return work > 0.0 && rate > 0.0 ? 1e-3 * work / rate : 0.0;
}

/* The limit is the one that takes longest: the arithmetic, the memory traffic, or the launch. */
static double
binding_us(const struct bench_machine *m, const struct bench_row *row, const char **name)
{
    double fma = least_us(row->flop, m->fma_gflops), copy = least_us(row->bytes, m->copy_gbs),
           read = least_us(row->bytes, m->read_gbs);
    bool reads = row->kind == BENCH_READ;
    /* if the caches hold its data, a product need not read them from memory in every run */
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
bench_is_above_limit(const struct bench_row *row)
{
    return (row->kind == BENCH_FLOP || row->kind == BENCH_COPY || row->kind == BENCH_READ) && !row->cached &&
           row->ratio > 1.02;
}
