/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_UNICODE_H
#define MGRPO_UNICODE_H

#include <stddef.h>

#include "base/status.h"

/* Normal forms of Unicode (Standard Annex 15). */
enum mg_unicode_form {
    MG_UNICODE_NFC,
    MG_UNICODE_NFKC,
    MG_UNICODE_FOLDED /* NFC after full case folding, without the characters that show nothing (soft hyphen, joiners) */
};

/*
 * Writes len bytes of UTF-8 in a normal form: *out is a new buffer of *n bytes followed by one NUL, which the caller
 * frees. NUL is a character as others are. MG_INPUT: the text is not UTF-8; MG_FAIL: out of memory.
 */
enum mg_status mg_unicode_normalise(const char *text, size_t len, enum mg_unicode_form form, char **out, size_t *n,
                                    struct mg_err *err);

/* The version of Unicode that this is done by, "14.0.0". */
const char *mg_unicode_version(void);

#endif
