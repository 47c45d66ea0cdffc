/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TESTS_SMALL_MODEL_H
#define MGRPO_TESTS_SMALL_MODEL_H

#include "model/model_config.h"

/* The shape of a small model: two layers, grouped-query attention. */
struct mg_model_config mg_small_model(int vocab, int context, bool tied);

#endif
