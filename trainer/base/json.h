/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_JSON_H
#define MGRPO_JSON_H

#include <jansson.h>

#include "base/file.h"
#include "base/interval.h"

/* Writes `object` as one line; takes the reference. NULL, which a constructor returns without memory, is MG_FAIL. */
enum mg_status mg_json_write_line(struct mg_file_new *f, json_t *object, struct mg_err *err);
/* null for what is no number. */
json_t *mg_json_real(double value);
/* {n, mean, lo, hi}; null without a mean. */
json_t *mg_json_share(const struct mg_share *s);

#endif
