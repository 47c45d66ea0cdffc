/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_LINES_H
#define MGRPO_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/status.h"

/*
 * The lines of a file, one after the other. A byte order mark at its begin and lines of white space alone, as editors
 * and other tools leave them, are passed over; such lines are counted.
 */
struct mg_lines {
    const char *path; /* for sentences; outlives the reading */
    FILE *stream;
    size_t number; /* of the line that was read last, from 1 */
    size_t most;   /* bytes of a line, its end included */
    size_t len, room;
    char *text; /* len bytes and a NUL */
};

/* `path` "-" is standard input. MG_INPUT: it cannot be opened. */
enum mg_status mg_lines_open(struct mg_lines *l, const char *path, size_t most, struct mg_err *err);
/* The next line that is not blank; *more is false at the end. MG_INPUT: a line is too long. */
enum mg_status mg_lines_next(struct mg_lines *l, bool *more, struct mg_err *err);
/* To the first line again. MG_INPUT: a pipe cannot be read twice. */
enum mg_status mg_lines_rewind(struct mg_lines *l, struct mg_err *err);
void mg_lines_close(struct mg_lines *l); /* a struct of zeros too */

/* Whether a line is white space alone, and the bytes of a byte order mark that a text begins with (0 or 3). */
bool mg_line_is_blank(const char *line, size_t len);
size_t mg_mark_bytes(const char *text, size_t len);

#endif
