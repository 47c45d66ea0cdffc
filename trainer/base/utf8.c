/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdint.h>

/* Bytes of the character that starts at s (end bytes remain), 0 where it is none. */
static size_t
utf8_length(const unsigned char *s, size_t end)
{
    static const struct {
        unsigned char mask, lead, n;
        uint32_t least;
    } form[] = {{0x80, 0x00, 1, 1}, {0xE0, 0xC0, 2, 0x80}, {0xF0, 0xE0, 3, 0x800}, {0xF8, 0xF0, 4, 0x10000}};

    for (size_t f = 0; f < sizeof form / sizeof form[0]; f++) {
        uint32_t c = (uint32_t)s[0] & (uint32_t)(unsigned char)~form[f].mask;

        if ((s[0] & form[f].mask) != form[f].lead)
            continue;
        if (form[f].n > end)
            return 0;
        for (size_t i = 1; i < form[f].n; i++) {
            if ((s[i] & 0xC0) != 0x80)
                return 0;
            c = c << 6 | (s[i] & 0x3Fu);
        }
        return c < form[f].least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) ? 0 : form[f].n;
    }
    return 0;
}

bool
mg_text_valid(const char *text, size_t len)
{
    for (size_t i = 0, n; i < len; i += n)
        if ((n = utf8_length((const unsigned char *)text + i, len - i)) == 0)
            return false;
    return true;
}
