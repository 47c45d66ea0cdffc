/* SPDX-License-Identifier: Apache-2.0 */
#include "base/unicode.h"

#include <stdint.h>
#include <utf8proc.h>

enum mg_status
mg_unicode_normalise(const char *text, size_t len, enum mg_unicode_form form, char **out, size_t *n, struct mg_err *err)
{
    static const utf8proc_option_t options[] = {
        [MG_UNICODE_NFC] = UTF8PROC_STABLE | UTF8PROC_COMPOSE,
        [MG_UNICODE_NFKC] = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT,
        [MG_UNICODE_FOLDED] = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE,
    };
    enum mg_status st = MG_OK;
    utf8proc_uint8_t *normal = NULL;
    utf8proc_ssize_t size = utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len, &normal, options[form]);

    MG_REQUIRE(size >= 0, size == UTF8PROC_ERROR_INVALIDUTF8 ? MG_INPUT : MG_FAIL, "a text of %zu bytes: %s", len,
               utf8proc_errmsg(size));
    *out = (char *)normal;
    *n = (size_t)size;
out:
    return st;
}

const char *
mg_unicode_version(void)
{
    return utf8proc_unicode_version();
}
