/* SPDX-License-Identifier: Apache-2.0 */
/* What clgrpo-info says of a context's tuned parameters and tiers. */
#ifndef CLGRPO_INFO_H
#define CLGRPO_INFO_H

#include <jansson.h>

#include "clgrpo.h"

void info_print_tuning(struct clgrpo_context *ctx, enum clgrpo_family family);
json_t *info_tuning_to_json(struct clgrpo_context *ctx, enum clgrpo_family family);
json_t *info_keys_to_json(const struct clgrpo_context *ctx);
json_t *info_tiers_to_json(struct clgrpo_context *ctx);

#endif
