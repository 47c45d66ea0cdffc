/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_drawing.h"

#include <math.h>
#include <stdlib.h>

static const double TOO_LARGE = 1e300; /* for a difference of two to be finite */

/* Fills x and the series k; how many places there are, and *any, whether one has a number. */
static size_t
collect(struct mg_drawing *d, unsigned k, double *x, const json_t *lines, mg_point_of *point, const char *key,
        bool *any)
{
    const json_t *line;
    size_t i, n = 0;

    *any = false;
    json_array_foreach(lines, i, line)
    {
        struct mg_point p = {.y = (double)NAN, .lo = (double)NAN, .hi = (double)NAN};

        if (!point(line, key, &p))
            continue;
        p.y = fabs(p.y) < TOO_LARGE ? p.y : (double)NAN;
        p.lo = fabs(p.lo) < TOO_LARGE ? p.lo : (double)NAN;
        p.hi = fabs(p.hi) < TOO_LARGE ? p.hi : (double)NAN;
        x[n] = p.x;
        d->y[k][n] = p.y;
        d->lo[k][n] = p.lo;
        d->hi[k][n++] = p.hi;
        *any |= isfinite(p.y);
    }
    return n;
}

static void
free_series(struct mg_drawing *d, unsigned k)
{
    free(d->y[k]);
    free(d->lo[k]);
    free(d->hi[k]);
    d->y[k] = d->lo[k] = d->hi[k] = NULL;
}

enum mg_status
mg_drawing_add(struct mg_drawing *d, const json_t *lines, mg_point_of *point, const char *key, const char *name,
               bool band, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_chart *c = &d->chart;
    unsigned k = c->n_series;
    size_t n = json_array_size(lines), got;
    double *x = NULL;
    bool any;

    if (n == 0 || k == MG_CHART_SERIES || (k > 0 && n < c->n))
        return MG_OK;
    MG_ALLOC(x, n);
    MG_ALLOC(d->y[k], n);
    MG_ALLOC(d->lo[k], n);
    MG_ALLOC(d->hi[k], n);
    got = collect(d, k, x, lines, point, key, &any);
    if (!any) {
        free_series(d, k);
        goto out;
    }
    free(d->x);
    c->x = d->x = x;
    x = NULL;
    c->n = k > 0 && c->n < got ? c->n : got;
    c->series[c->n_series++] = (struct mg_series){name, d->y[k], band ? d->lo[k] : NULL, band ? d->hi[k] : NULL};
out:
    free(x);
    return st;
}

void
mg_drawing_end(FILE *to, struct mg_drawing *d)
{
    if (d->chart.n_series > 0 && d->chart.n > 0)
        mg_chart_svg(to, &d->chart);
    free(d->x);
    for (unsigned k = 0; k < MG_CHART_SERIES; k++)
        free_series(d, k);
}
