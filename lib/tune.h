/* SPDX-License-Identifier: Apache-2.0 */
/* Tuned parameters: the rows that give them values, and the values of a context. */
#ifndef CLGRPO_LIB_TUNE_H
#define CLGRPO_LIB_TUNE_H

#include "internal.h"
#include "tune_params.h"

/* Why the device cannot run an operation's class with these values of its parameters; NULL if it can. */
const char *clg_tune_refusal(const struct clgrpo_context *ctx, size_t op, size_t shape_class, const int *values);

/* ---- Rows ---- */

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
 * Calls `row` for each row of a text in the format of clgrpo-tuning(5). The first malformed line ends it: false, and a
 * sentence with `name` and the line's number in `error`.
 */
typedef void clg_tune_visit(void *arg, const struct clg_tune_row *row);
bool clg_tune_parse(const char *name, const char *text, size_t bytes, clg_tune_visit *visit, void *arg, char *error,
                    size_t error_bytes);
/* A whole file in memory, freed by the caller; *text is NULL if it is not there and need not be. False, and a sentence,
 * if it cannot be read. */
bool clg_tune_read(const char *path, bool must_exist, char **text, size_t *bytes, char *error, size_t error_bytes);
/* "NAME=VALUE,NAME=VALUE" into an operation's values; NULL, or what is wrong with it. */
const char *clg_tune_parse_values(size_t op, char *text, char separator, int *values);

/* ---- The values of a context ---- */

struct clg_tune_table;
/* Built-in rows, then the user's file, then the environment's CLGRPO_TUNE. A malformed row is CLGRPO_E_TUNING, its
 * sentence in `error`. */
enum clgrpo_status clg_tune_open(struct clgrpo_context *ctx, const struct clgrpo_context_config *config, char *error,
                                 size_t error_bytes);
/* Takes the rows of a text that match and rank above those in force. */
bool clg_tune_take(struct clgrpo_context *ctx, enum clg_tune_source source, const char *name, const char *text,
                   size_t bytes, char *error, size_t error_bytes);
void clg_tune_close(struct clgrpo_context *ctx);
/* The user's file when the config names none; false if it has no place, or `bytes` are too few. */
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
 * Sets all parameters of an operation in a class, in the order of their declarations, for calls from now on. A value
 * that is not allowed, that the device cannot run, or that is frozen leaves all as they were: E_VALUE. Workspaces may
 * need other sizes afterwards.
 */
enum clgrpo_status clg_tune_set(struct clgrpo_context *ctx, size_t op, size_t shape_class, const int *values,
                                size_t n_values);
/* Rows left out: those that another version of the library wrote, and those that match but ask for what the device
 * cannot run. */
void clg_tune_left_out(const struct clgrpo_context *ctx, unsigned *n_stale, unsigned *n_refused);
/* What a row's device column must say to match this context by `link`; "" where the device does not tell. */
const char *clg_tune_key(const struct clgrpo_context *ctx, enum clg_tune_link link);

/* The keys of a device, one for each link. */
struct clg_tune_keys {
    char text[CLG_TUNE_N_LINKS][256];
};
void clg_tune_keys_fill(const struct clgrpo_context *ctx, struct clg_tune_keys *keys);

#endif
