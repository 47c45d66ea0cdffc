/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_UTF8_H
#define MGRPO_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Behind a text that was cut. */
#define MG_CUT_MARK " [cut]"

/* Bytes of the character at `s`, where len >= 1 bytes can be read; 0 if it is not UTF-8 (Unicode 15, table 3-7: no
 * surrogates, no overlong forms). NUL is a character of one byte. */
size_t mg_utf8_char(const char *s, size_t len);

/* Whether len bytes are UTF-8 without NUL. */
bool mg_text_valid(const char *text, size_t len);

#endif
