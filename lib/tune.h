/* SPDX-License-Identifier: Apache-2.0 */
/* Tuned parameters of a context. */
#ifndef CLGRPO_LIB_TUNE_H
#define CLGRPO_LIB_TUNE_H

#include "internal.h"
#include "tune_params.h"

/*
 * Gives every parameter a value: from the rows that are built in, then from the user's file, then from CLGRPO_TUNE in
 * the environment. file: NULL for clg_tune_path, which need not exist; "" for none. E_TUNING: a file that was named and
 * cannot be read, or an entry of CLGRPO_TUNE that cannot be used. A malformed line of the user's is passed over.
 */
enum clgrpo_status clg_tune_open(struct clgrpo_context *ctx, const char *file);
void clg_tune_close(struct clgrpo_context *ctx);
/*
 * Takes the rows of a text in the format of clgrpo-tuning(5) that match the context and rank above those in force. A
 * row whose values the device cannot run is left out, and so is a malformed line of the user's. E_TUNING: one of
 * another source; the sentence begins with `name`.
 */
enum clgrpo_status clg_tune_take(struct clgrpo_context *ctx, enum clg_tune_source source, const char *name,
                                 const char *text, size_t bytes);
/* The place of the user's file; false if neither XDG_DATA_HOME nor HOME gives one, or `bytes` are too few. */
bool clg_tune_path(char *path, size_t bytes);

/* A value in force, and where it comes from. */
struct clg_tune_choice {
    int value;
    enum clg_tune_source source;
    enum clg_tune_link link; /* of a row */
    unsigned line;           /* of the file that holds the row, from 1; 0 without one */
    bool frozen;             /* a source asked for another value, which would change the order of a sum */
    int wanted;              /* that value */
};
struct clg_tune_choice clg_tune_choice_get(const struct clgrpo_context *ctx, size_t param, size_t shape_class);
/* The value alone. */
int clg_tune_get(const struct clgrpo_context *ctx, enum clg_tune_param_id param, size_t shape_class);
/* Appends " -DP_NAME=VALUE" for each define of the operation whose value is not the standard one. */
void clg_tune_defines(const struct clgrpo_context *ctx, enum clg_tune_op_id op, size_t shape_class, char *text,
                      size_t bytes);
/*
 * Sets all parameters of an operation in a class, in the order of their declarations, for calls from now on. Workspaces
 * may need other sizes afterwards. E_VALUE leaves all as they were: there is no such operation, class or number of
 * parameters, a value is not allowed or frozen, or the device cannot run them.
 */
enum clgrpo_status clg_tune_set(struct clgrpo_context *ctx, size_t op, size_t shape_class, const int *values,
                                size_t n_values);
/* Rows left out: those that another version of the library wrote, and those that match but ask for what the device
 * cannot run. */
void clg_tune_left_out(const struct clgrpo_context *ctx, unsigned *n_stale, unsigned *n_refused);
/* How many lines of the user's file were passed over, or 1 if it could not be read, and the first sentence about it. */
unsigned clg_tune_malformed(const struct clgrpo_context *ctx, const char **sentence);
/* What a row's device column must say to match this context by `link`; "" where the device does not tell. */
const char *clg_tune_key(const struct clgrpo_context *ctx, enum clg_tune_link link);

#endif
