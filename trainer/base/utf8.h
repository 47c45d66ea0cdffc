/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_UTF8_H
#define MGRPO_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Whether len bytes are UTF-8 (no surrogates, no overlong forms) without NUL. */
bool mg_text_valid(const char *text, size_t len);

#endif
