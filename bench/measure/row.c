/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/row.h"

#include <string.h>

const struct bench_row *
bench_find(const struct bench_results *r, const char *row)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->rows[i].row, row) == 0)
            return &r->rows[i];
    return NULL;
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
