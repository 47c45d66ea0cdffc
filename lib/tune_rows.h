/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of tuned parameters as text. */
#ifndef CLGRPO_TUNE_ROWS_H
#define CLGRPO_TUNE_ROWS_H

#include "internal.h"
#include "tune_params.h"

enum { CLG_TUNE_UNSET = -0x7fffffff };
struct clg_tune_row {
    size_t op;
    int shape_class; /* or CLG_TUNE_ANY_CLASS */
    enum clg_tune_link link;
    char key[256], driver[128];
    int values[CLG_TUNE_MAX_SET]; /* of the operation's parameters in order, CLG_TUNE_UNSET where the row has none */
    double median_us, ratio;
    bool current; /* of this version of the library; only then are op, class and values filled */
    unsigned line;
};
/*
 * Calls `visit` for each row of a text in the format of clgrpo-tuning(5), and `malformed` for each line that is none,
 * with a sentence that begins with `name` and the line's number. E_TUNING: `malformed` is null and there is such a
 * line, which ends it. Of the context only the error record is used.
 */
typedef void clg_tune_complain(void *arg, const char *sentence);
typedef void clg_tune_visit(void *arg, const struct clg_tune_row *row);
enum clgrpo_status clg_tune_parse(struct clgrpo_context *ctx, const char *name, const char *text, size_t bytes,
                                  clg_tune_visit *visit, clg_tune_complain *malformed, void *arg);
/* NAME=VALUE, several with `separator` between, into an operation's values; overwrites the text. E_TUNING: malformed;
 * `place` begins the sentence. */
enum clgrpo_status clg_tune_parse_values(struct clgrpo_context *ctx, const char *place, size_t op, char *text,
                                         char separator, int *values);
/* A whole file in memory, freed by the caller; *text is NULL if it is not there and need not be. E_TUNING: it cannot be
 * read, or is no plain file of at most a MiB. */
enum clgrpo_status clg_tune_read(struct clgrpo_context *ctx, const char *path, bool must_exist, char **text,
                                 size_t *bytes);

#endif
