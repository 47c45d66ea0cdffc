/* SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_internal.h"

#include <string.h>

#include "base/array.h"
#include "base/utf8.h"

/*
 * The alphabet of byte-level BPE (Radford et al. 2019): the printable Latin-1 bytes 33-126, 161-172 and 174-255 stand
 * for themselves, the other 68 bytes in ascending order are the code points from 256 on.
 */
static bool
is_itself(unsigned byte)
{
    return (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173);
}

/* Bytes below `byte` that do not stand for themselves: 0-32, then 127-160, then 173. */
static unsigned
shifted_below(unsigned byte)
{
    if (byte <= 33)
        return byte;
    return byte < 127 ? 33 : byte <= 161 ? byte - 94 : 67;
}

static int
shifted_byte(unsigned index)
{
    if (index < 33)
        return (int)index;
    if (index < 67)
        return (int)index + 94;
    return index == 67 ? 173 : -1;
}

size_t
mg_tok_byte_spell(uint8_t byte, char dst[2])
{
    unsigned code = is_itself(byte) ? byte : 256 + shifted_below(byte);

    if (code < 128) {
        dst[0] = (char)code;
        return 1;
    }
    dst[0] = (char)(0xc0 | (code >> 6));
    dst[1] = (char)(0x80 | (code & 0x3f));
    return 2;
}

static int
byte_of_code(unsigned code)
{
    if (code < 256)
        return is_itself(code) ? (int)code : -1;
    return shifted_byte(code - 256);
}

bool
mg_tok_bytes_of(const char *spelling, size_t len, char *dst, uint32_t *dst_len)
{
    const uint8_t *p = (const uint8_t *)spelling;
    uint32_t n = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned code = p[i];
        int byte;

        if (code >= 0x80) {
            if (code >= 0xe0 || i + 1 == len)
                return false;
            code = ((code & 0x1f) << 6) | (p[++i] & 0x3f);
        }
        byte = byte_of_code(code);
        if (byte < 0)
            return false;
        dst[n++] = (char)byte;
    }
    *dst_len = n;
    return true;
}

size_t
mg_tok_utf8_valid(const char *text, size_t len)
{
    size_t i = 0, n;

    while (i < len && (n = mg_utf8_char(text + i, len - i)) > 0)
        i += n;
    return i;
}

size_t
mg_tok_utf8_invalid(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && mg_utf8_char(text + i, len - i) == 0)
        i++;
    return i;
}

enum mg_status
mg_tok_text_add(struct mg_token_text *text, const char *bytes, size_t n, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_GROW(text->data, text->n + n + 1, text->room);
    if (n > 0)
        memcpy(text->data + text->n, bytes, n);
    text->n += n;
    text->data[text->n] = '\0';
out:
    return st;
}
