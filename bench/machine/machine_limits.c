/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "machine/machine_internal.h"

/* A limit whose measurements differ by a larger factor was disturbed. */
static const double disturbed = 1.15;

void
machine_add_round(struct machine_rounds *r, double us)
{
    if (r->best_us == 0.0 || us < r->best_us)
        r->best_us = us;
    if (us > r->worst_us)
        r->worst_us = us;
    r->n++;
}

/* The limit of this name, or the place behind the last one. */
static unsigned
place_of(const struct bench *b, const char *name)
{
    unsigned i = 0;

    while (i < b->n_limits && strcmp(b->limits[i].row, name) != 0)
        i++;
    return i;
}

bool
machine_has_limit(const struct bench *b, const char *name)
{
    return place_of(b, name) < b->n_limits;
}

double
machine_keep(struct bench *b, const char *name, const char *unit, double work, const struct machine_rounds *r)
{
    struct bench_row row = {.kind = BENCH_OTHER, .rounds = r->n, .median_us = r->best_us, .limit_name = "-"};
    const unsigned i = place_of(b, name);

    snprintf(row.row, sizeof row.row, "%s", name);
    snprintf(row.unit, sizeof row.unit, "%s", unit);
    row.value = work > 0.0 ? 1e-3 * work / r->best_us : r->best_us;
    row.spread = (r->worst_us - r->best_us) / r->best_us;
    if (i == BENCH_MAX_MACHINE)
        return row.value;
    if (i == b->n_limits) {
        b->n_limits++;
        b->limits[i] = row;
        b->limits_least[i] = b->limits_most[i] = row.value;
    }
    if (row.median_us < b->limits[i].median_us)
        b->limits[i] = row;
    b->limits_least[i] = row.value < b->limits_least[i] ? row.value : b->limits_least[i];
    b->limits_most[i] = row.value > b->limits_most[i] ? row.value : b->limits_most[i];
    return b->limits[i].value;
}

void
machine_add_limit(struct bench *b, const struct bench_row *row)
{
    if (b->n_limits < BENCH_MAX_MACHINE)
        b->limits[b->n_limits++] = *row;
}

void
machine_note_disturbance(struct bench *b)
{
    for (unsigned i = 0; i < b->n_limits; i++) {
        const double least = b->limits_least[i], most = b->limits_most[i];

        if (least > 0.0 && most > disturbed * least && !bench_is_time(b->limits[i].unit))
            snprintf(b->limits[i].note, sizeof b->limits[i].note, "%.4g to %.4g %s in this run, %.2f times", least,
                     most, b->limits[i].unit, most / least);
    }
}
