/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_REPORT_H
#define MGRPO_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "run/config.h"
#include "report/summary.h"

/* What the page of a run is made from; all of it is read from the run's folder. */
struct mg_report {
    const char *run;
    struct mg_config config;
    struct mg_summary summary;
    json_t *metrics[MG_MAX_AGENTS], *timing[MG_MAX_AGENTS]; /* arrays of lines of each agent */
};
enum mg_status mg_report_load(const char *run, struct mg_report *r, struct mg_err *err);
void mg_report_free(struct mg_report *r);
/* One self-contained HTML file, atomically. */
enum mg_status mg_report_write(struct mg_report *r, const char *path, struct mg_err *err);

/* ---- Charts ---- */

enum { MG_CHART_SERIES = 8 };
struct mg_series {
    const char *name;
    double *y;    /* [n]; NaN: no point */
    double *half; /* [n] half-width of a band, or NULL */
};
struct mg_chart {
    const char *title, *unit;
    const double *x; /* [n] train steps */
    size_t n;
    struct mg_series series[MG_CHART_SERIES];
    unsigned n_series;
};
void mg_chart_svg(FILE *to, const struct mg_chart *chart);
/* The page's charts of a run. */
enum mg_status mg_report_charts(FILE *to, const struct mg_report *r, struct mg_err *err);

/* ---- Dialogues ---- */

/* `count` questions of the held-out evaluation as sampled, before and after: those first in the run whose verdict
 * improved, then others. */
enum mg_status mg_report_dialogues(FILE *to, const struct mg_report *r, unsigned count, bool html, struct mg_err *err);

/* ---- Text ---- */

#define MG_NO_TEXT "\xEF\xBF\xBD" /* U+FFFD, in place of bytes that are not UTF-8 */

/* Text that anyone may have written: control characters become blanks, bytes that are not UTF-8 become MG_NO_TEXT; in
 * HTML its signs are escaped. */
void mg_plain_text(FILE *to, const char *text);
void mg_html_text(FILE *to, const char *text);

#endif
