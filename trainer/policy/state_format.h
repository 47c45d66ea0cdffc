/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_STATE_FORMAT_H
#define MGRPO_STATE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/*
 * A state file: header, the caller's text, a zlib stream of weights, first moments and second moments, 3 elems floats.
 * It begins with these 8 bytes, the last of which is the version of the format.
 */
#define MG_STATE_MAGIC "mgrpost1"
/* MG_INPUT: the file is a state of another version, which is no damage. A file that is damaged or not there passes. */
enum mg_status mg_state_format_check(const char *path, struct mg_err *err);

/* Writes a state of a model of `elems` weights, whole or not at all. host: float [3 elems]. */
enum mg_status mg_state_write(const char *path, size_t elems, const float *host, uint64_t version, const char *extra,
                              struct mg_err *err);
/* Reads one. *extra is malloc'ed. MG_INPUT: the header does not fit the model, or the checksum of what follows it does
 * not agree; host may then have been written. */
enum mg_status mg_state_read(const char *path, size_t elems, float *host, uint64_t *version, char **extra,
                             struct mg_err *err);

#endif
