/* SPDX-License-Identifier: Apache-2.0 */
/* Launches of the small operations, whose kernels divide the rows of a matrix among work-groups in both families. */
#ifndef CLGRPO_ROWS_H
#define CLGRPO_ROWS_H

#include "launch.h"

/* Items of a work-group, C_GROUP_SIZE of the kernels. */
size_t clg_rows_group(const struct clgrpo_context *ctx);

/* The kernel `entry` of a small operation's unit, whose activations are `act` in storage. `more` are further defines,
 * "" for none. */
enum clgrpo_status clg_rows_kernel(struct clgrpo_context *ctx, const char *unit, const char *entry,
                                   enum clgrpo_dtype act, const char *more, cl_kernel *out);
/* Launches that kernel with arguments listed in place; the grid is a value. */
#define CLG_ROWS_RUN(seq, unit, entry, act, more, grid, ...)                                                           \
    clg_rows_run((seq), (unit), (entry), (act), (more), (grid), CLG_ARGS(__VA_ARGS__))
enum clgrpo_status clg_rows_run(struct clg_seq *seq, const char *unit, const char *entry, enum clgrpo_dtype act,
                                const char *more, struct clg_grid grid, const struct clg_arg *args, cl_uint n_args);
/* Groups for n rows: a few per core in the cpu family, one per row up to a limit in simt. */
struct clg_grid clg_rows_grid(const struct clgrpo_context *ctx, size_t n);
/* A fixed number of groups, whatever the device: where it decides the order of a sum. */
struct clg_grid clg_rows_fixed(const struct clgrpo_context *ctx, size_t n_groups);

#endif
