/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_EVAL_PRINT_H
#define MGRPO_EVAL_PRINT_H

#include <jansson.h>

#include "eval/measure.h"

/* What mgrpo eval says: lines on standard output, or members of its JSON object. */
json_t *mg_json_weights(const struct mg_asking *a);
void mg_print_measured(const char *name, const struct mg_config *c, const struct mg_measured *m);
json_t *mg_json_measured(const struct mg_config *c, const struct mg_measured *m);

#endif
