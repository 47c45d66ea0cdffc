/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_WEIGHTS_H
#define MGRPO_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/*
 * The tensors of a model's folder: model.safetensors, or, where there is none, the shards that
 * model.safetensors.index.json names.
 */
struct mg_weights;

/* MG_INPUT: a file is missing or wrong, the index names a file outside the folder or too many of them. */
enum mg_status mg_weights_open(const char *dir, struct mg_weights **out, struct mg_err *err);
void mg_weights_close(struct mg_weights *w); /* accepts NULL */

/*
 * Reads a matrix [rows][cols], or a vector of `rows` with cols 0, as f32. MG_INPUT: there is no such tensor, it has
 * another shape or a type other than F32, F16 and BF16, or a value that is not finite.
 */
enum mg_status mg_weights_read(struct mg_weights *w, const char *name, size_t rows, size_t cols, float *out,
                               struct mg_err *err);

/*
 * Refuses, by its name, a tensor that was not read and would change the computation: a bias, a norm, a further layer.
 * Passed over are what is no parameter (types of whole numbers, tables of the rotation), a bias of zeros, and, with
 * `tied`, lm_head.weight.
 */
enum mg_status mg_weights_check_rest(const struct mg_weights *w, bool tied, struct mg_err *err);

#endif
