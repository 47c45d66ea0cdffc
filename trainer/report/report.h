/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_REPORT_H
#define MGRPO_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/file.h"
#include "run/config.h"
#include "report/summary.h"

/* What the page of a run is made from; all of it is read from the run's folder. */
struct mg_report {
    const char *run;
    struct mg_config config;
    struct mg_summary summary;
    json_t *metrics[MG_MAX_AGENTS], *timing[MG_MAX_AGENTS]; /* arrays of lines of each agent */
    json_t *starts[MG_MAX_AGENTS], *commands;
};
enum mg_status mg_report_load(const char *run, struct mg_report *r, struct mg_err *err);
void mg_report_free(struct mg_report *r);
/* The metrics as comma-separated values (RFC 4180): a row for each phase and agent, train steps and evaluations, in the
 * order of the agents; a column for each key that is no list or object, in the order in which they come, with the
 * times' behind them. What a row lacks is empty. */
enum mg_status mg_report_csv(const struct mg_report *r, struct mg_file_new *f, struct mg_err *err);
/* One self-contained HTML file, atomically. */
enum mg_status mg_report_write(struct mg_report *r, const char *path, struct mg_err *err);

/* ---- Charts ---- */

enum { MG_CHART_SERIES = 8 };
struct mg_series {
    const char *name;
    double *y;       /* [n]; NaN: no point */
    double *lo, *hi; /* [n] a band around it, NaN: none there; or NULL both */
};
struct mg_chart {
    const char *title, *unit;
    const double *x; /* [n] train steps, ascending */
    size_t n;
    struct mg_series series[MG_CHART_SERIES];
    unsigned n_series;
};
void mg_chart_svg(FILE *to, const struct mg_chart *chart);
/* Shares of 0, 1, ... n - 1, as bars beside each other: of two samples, or of one where name[1] is NULL. */
enum { MG_BARS = 2 };
void mg_bars_svg(FILE *to, const char *title, const char *const name[MG_BARS], const double *const share[MG_BARS],
                 size_t n);
/* The page's charts of a run's train steps. */
enum mg_status mg_report_charts(FILE *to, const struct mg_report *r, struct mg_err *err);

/* ---- Evaluations ---- */

/* The table of all evaluations, on the way too, and their charts. */
enum mg_status mg_report_evaluations(FILE *to, const struct mg_report *r, struct mg_err *err);
enum mg_status mg_report_held_out(FILE *to, const struct mg_report *r, struct mg_err *err);

/* ---- Where the run comes from ---- */

/* Commands, dates, devices and versions. */
void mg_report_origin(FILE *to, const struct mg_report *r);

/* ---- Dialogues ---- */

/* `count` questions of the held-out evaluation as sampled, before and after: those first in the run whose verdict
 * improved, then others. Of a run that has not ended, the newest evaluation stands for the one after. */
enum mg_status mg_report_dialogues(FILE *to, const struct mg_report *r, unsigned count, bool html, struct mg_err *err);

/* ---- Text ---- */

#define MG_NO_TEXT "\xEF\xBF\xBD" /* U+FFFD, in place of bytes that are not UTF-8 */

/* Text that anyone may have written: control characters become blanks, bytes that are not UTF-8 become MG_NO_TEXT; in
 * HTML its signs are escaped. */
void mg_plain_text(FILE *to, const char *text);
void mg_html_text(FILE *to, const char *text);

#endif
