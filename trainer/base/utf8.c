/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdint.h>

size_t
mg_utf8_char(const char *s, size_t len)
{
    const uint8_t *p = (const uint8_t *)s;
    uint8_t low = 0x80, high = 0xbf; /* what the second byte may be */
    size_t n;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f;
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;
    if (len < n || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

bool
mg_text_valid(const char *text, size_t len)
{
    for (size_t i = 0, n; i < len; i += n) {
        n = mg_utf8_char(text + i, len - i);
        if (n == 0 || text[i] == '\0')
            return false;
    }
    return true;
}
