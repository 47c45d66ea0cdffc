/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_SCORER_H
#define MGRPO_SCORER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/*
 * The form in which answers are compared, of any length: NFC after full case folding, full-width forms as ASCII.
 *   words    letters, marks, numbers and what Unicode does not assign; a symbol outside ASCII is a word by itself
 *   dropped  apostrophes of every shape, commas between groups of digits ("1,234", "12,34,567"), characters that show
 *            nothing; a leading "the", "a" or "an"
 *   kept     '.' and ':' between digits, '.' in front of a number (as "0."), '+' in front of one, '-' there too unless
 *            a letter, digit or dash that is no "UTC" or "GMT" comes before; '+' and '#' that end a word behind a
 *            letter
 *   spaces   all other characters, an em dash too; one between words, none at the ends
 * Hyphens, the en dash and the minus sign are '-'. A byte that is not UTF-8 is U+FFFD. "The U.S. Dollar" ->
 * "u s dollar", "1,234" -> "1234", "UTC-5:00" -> "utc-5:00", "Port-au-Prince" -> "port au prince", "C++" -> "c++".
 *
 * *out is NUL-terminated and the caller's; it is "" for an answer without content. MG_FAIL: out of memory.
 */
enum mg_status mg_answer_normalise(const char *text, size_t len, char **out, struct mg_err *err);

/*
 * *right: whether `given` equals the answer or one of the n aliases after normalisation. An empty answer, and the word
 * "none", are never right.
 */
enum mg_status mg_answer_matches(const char *given, size_t len, const char *answer, const char *const *alias,
                                 size_t n_aliases, bool *right, struct mg_err *err);

#endif
