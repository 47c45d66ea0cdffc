/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_WORLD_WRITE_H
#define MGRPO_WORLD_WRITE_H

#include "world/question.h"

/* Writes the pages of a world as a corpus (mgrpo-corpus(5)); the file appears whole, by rename. */
enum mg_status mg_world_write_corpus(const struct mg_world *world, const char *path, struct mg_err *err);

/* Writes questions as JSON lines (mgrpo-questions(5)); the file appears whole, by rename. */
enum mg_status mg_world_write_questions(const struct mg_world *world, const struct mg_questions *qs, const char *path,
                                        struct mg_err *err);

#endif
