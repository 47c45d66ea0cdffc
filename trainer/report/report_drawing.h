/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_REPORT_DRAWING_H
#define MGRPO_REPORT_DRAWING_H

#include "report/report.h"

/* A chart as it is put together from lines of metrics; the numbers of its series are its own. Start from {.chart}. */
struct mg_drawing {
    struct mg_chart chart;
    double *x, *y[MG_CHART_SERIES], *lo[MG_CHART_SERIES], *hi[MG_CHART_SERIES];
};
struct mg_point {
    double x, y, lo, hi;
};
/* What a line says of a key; false if it has no place in the chart. y is NaN for a place without a number. */
typedef bool mg_point_of(const json_t *line, const char *key, struct mg_point *p);
/* One more series. Lines with fewer places than those of the series before, or without any number, add none. */
enum mg_status mg_drawing_add(struct mg_drawing *d, const json_t *lines, mg_point_of *point, const char *key,
                              const char *name, bool band, struct mg_err *err);
/* Writes it, if it has a series, and frees what it owns. */
void mg_drawing_end(FILE *to, struct mg_drawing *d);

#endif
