/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_PARAMS_FILE_H
#define MGRPO_PARAMS_FILE_H

#include "model/params.h"
#include "model/safetensors.h"

/*
 * Reads the tensors of a model's folder into host [P]: every tensor of the layout, of its shape, finite, and no other
 * that would change the computation; else MG_INPUT. host NULL: looks at all of them and keeps nothing.
 */
enum mg_status mg_params_read(const struct mg_params *p, const char *dir, float *host, struct mg_err *err);
/* Writes host [P] as one file of tensors, atomically. */
enum mg_status mg_params_write(const struct mg_params *p, const float *host, const char *path, enum mg_st_dtype dtype,
                               struct mg_err *err);

#endif
