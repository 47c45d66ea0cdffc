/* SPDX-License-Identifier: Apache-2.0 */
/* The values of a context, and what decides whether it takes new ones. */
#ifndef CLGRPO_TUNE_TABLE_H
#define CLGRPO_TUNE_TABLE_H

#include "tune.h"
#include "tune_rows.h"

/* What rows call the device, one key for each link; "" where it does not tell. */
struct clg_tune_keys {
    char text[CLG_TUNE_N_LINKS][256];
};
void clg_tune_keys_fill(const struct clgrpo_context *ctx, struct clg_tune_keys *keys);

struct clg_tune_table {
    struct clg_tune_keys keys;
    struct clg_tune_choice choice[CLG_TUNE_N_PARAMS][CLG_TUNE_MAX_CLASSES];
    int rank[CLG_TUNE_N_OPS][CLG_TUNE_MAX_CLASSES]; /* of the row in force; 0: none */
    unsigned n_stale, n_refused, n_malformed;
    char malformed[512]; /* the first of their sentences */
};
/* All values standard. */
enum clgrpo_status clg_tune_create(struct clgrpo_context *ctx);
/*
 * Gives an operation and class these values, or leaves it as it was: E_VALUE if the device cannot run them. An unset
 * value becomes the standard one, or with `keep` stays what it is. row: NULL if they are of none. `place` begins the
 * sentence.
 */
enum clgrpo_status clg_tune_apply(struct clgrpo_context *ctx, const char *place, size_t op, size_t shape_class,
                                  const int *values, bool keep, enum clg_tune_source source,
                                  const struct clg_tune_row *row);
/* Whether the device can run an operation's class with these values of its parameters; else E_VALUE. */
enum clgrpo_status clg_tune_check(struct clgrpo_context *ctx, const char *place, size_t op, size_t shape_class,
                                  const int *values);

#endif
