/* SPDX-License-Identifier: Apache-2.0 */
/* What a line of metrics says. */
#ifndef MGRPO_REPORT_LINE_H
#define MGRPO_REPORT_LINE_H

#include <jansson.h>
#include <stddef.h>

/* The number of a key; NaN if it is none. */
double mg_line_number(const json_t *line, const char *key);
/* The line of the same phase among those of another file, or NULL. Both are in the order of the phases: *from, 0 at
 * first, is where the next search begins, so that all searches together read the lines once. */
const json_t *mg_line_of_phase(const json_t *lines, const json_t *as, size_t *from);

#endif
