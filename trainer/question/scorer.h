/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_SCORER_H
#define MGRPO_SCORER_H

#include <stdbool.h>
#include <stddef.h>

enum { MG_ANSWER_MAX = 256 }; /* bytes of a normalised answer, its NUL included; longer answers are cut */

/*
 * The form in which answers are compared: ASCII letters in lower case, other bytes as they are; a leading "the", "a" or
 * "an" dropped; apostrophes, and commas between digits, dropped; '.' and ':' kept between digits, '+' kept before
 * a digit, '-' before one at the start of a word or after "UTC"; every other punctuation or control character counts as
 * a space; one space between words, none at the ends. "The U.S. Dollar" -> "u s dollar", "1,234" -> "1234", "UTC-5:00"
 * -> "utc-5:00", "Port-au-Prince" -> "port au prince". Returns the length; 0 for an answer without content.
 */
size_t mg_answer_normalise(char out[MG_ANSWER_MAX], const char *text, size_t len);

/*
 * Whether `given` equals the answer or one of the n aliases after normalisation. An empty answer, and the word "none",
 * are never right.
 */
bool mg_answer_matches(const char *given, size_t len, const char *answer, const char *const *alias, size_t n_aliases);

#endif
