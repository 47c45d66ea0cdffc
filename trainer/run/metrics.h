/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_METRICS_H
#define MGRPO_METRICS_H

#include <jansson.h>
#include <stdint.h>

#include "base/status.h"

/*
 * An agent's metrics: one JSON object a line, each with the number of its phase, ascending (mgrpo-run(5)). Lines hold
 * what is computed, never when: two runs of one seed write the same bytes. Times go to the timing file beside it, of
 * the same form.
 */

/* Appends a line, which is on the disk afterwards; takes the reference of `line`. */
enum mg_status mg_metrics_append(const char *path, json_t *line, struct mg_err *err);
/* Drops the lines of phase `phase` and later, and a torn last line, by writing the file anew; a missing file is
 * fine. */
enum mg_status mg_metrics_rewind(const char *path, uint32_t phase, struct mg_err *err);
/* The last line with this name, or NULL where there is none among the last lines; *line is the caller's. */
enum mg_status mg_metrics_last(const char *path, const char *name, json_t **line, struct mg_err *err);
/* Calls visit for each line; a line that is no object is MG_INPUT, a torn last line is passed over. */
typedef enum mg_status mg_metrics_visit(void *arg, json_t *line, struct mg_err *err);
enum mg_status mg_metrics_each(const char *path, mg_metrics_visit *visit, void *arg, struct mg_err *err);

#endif
