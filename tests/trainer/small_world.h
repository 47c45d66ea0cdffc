/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TESTS_SMALL_WORLD_H
#define MGRPO_TESTS_SMALL_WORLD_H

#include "base/status.h"

/* Writes dir/corpus.db and dir/questions.jsonl of the small true world. */
enum mg_status mg_small_world(const char *dir, struct mg_err *err);

#endif
