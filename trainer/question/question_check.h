/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_QUESTION_CHECK_H
#define MGRPO_QUESTION_CHECK_H

#include "question/question_file.h"

/* *right: whether `given` (NULL: none) is an answer. */
enum mg_status mg_answer_is(const struct mg_answer *a, const char *given, bool *right, struct mg_err *err);
/* *agree: whether two answers to one question have a text in common, in their plain form. */
enum mg_status mg_answers_agree(const struct mg_answer *a, const struct mg_answer *b, bool *agree, struct mg_err *err);
/* MG_INPUT, with the line: an id that comes twice, an answer that can never be right. Takes time in proportion to the
 * file. */
enum mg_status mg_question_file_check(const struct mg_question_file *f, const char *path, struct mg_err *err);

#endif
