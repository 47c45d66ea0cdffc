/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_START_H
#define MGRPO_START_H

#include <jansson.h>

#include "base/status.h"

/* A text of a line; "?" where it is no UTF-8. */
json_t *mg_start_text(const char *text);

/*
 * When and by what a run was made: a line for each start, of the form of metrics, with the date (UTC) and the versions
 * of mgrpo and of the library. Adds `more`, whose reference it takes (NULL: out of memory); a line is on the disk
 * afterwards.
 */
enum mg_status mg_start_record(const char *path, json_t *more, struct mg_err *err);

#endif
