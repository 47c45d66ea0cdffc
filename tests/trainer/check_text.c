/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 by exhaustion, and published values of the hashes. */
#include <string.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "suite.h"

/* Bytes of code point c as RFC 3629 writes it, surrogates included. */
static size_t
encode(unsigned c, char s[4])
{
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n; i-- > 1; c >>= 6)
        s[i] = (char)(0x80 | (c & 0x3F));
    s[0] = (char)(n == 1 ? c : lead[n] | c);
    return n;
}

START_TEST(every_character_has_its_bytes)
{
    char s[4];

    for (unsigned c = 0; c < 0x110000; c++) {
        size_t n = encode(c, s);
        bool surrogate = c >= 0xD800 && c <= 0xDFFF;

        ck_assert_uint_eq(mg_utf8_char(s, n), surrogate ? 0 : n);
        for (size_t less = 1; less < n; less++)
            ck_assert_uint_eq(mg_utf8_char(s, less), 0);
        ck_assert(mg_text_valid(s, n) == (!surrogate && c != 0));
    }
}
END_TEST

/* As many byte strings are characters as there are characters: no other one is. */
START_TEST(nothing_else_is_a_character)
{
    static const unsigned char inner[] = {0x00, 0x7F, 0x80, 0xBF, 0xC0, 0xFF};
    size_t two = 0, three = 0, four = 0, bad = 0;
    char s[4] = {0};

    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++) {
            s[0] = (char)a;
            s[1] = (char)b;
            two += mg_utf8_char(s, 2) == 2;
            for (unsigned c = 0; c < 256; c++) {
                s[2] = (char)c;
                three += mg_utf8_char(s, 3) == 3;
            }
            for (size_t c = 0; c < sizeof inner; c++)
                for (size_t d = 0; d < sizeof inner; d++) {
                    bool good = c / 2 == 1 && d / 2 == 1;

                    s[2] = (char)inner[c];
                    s[3] = (char)inner[d];
                    four += good && mg_utf8_char(s, 4) == 4;
                    bad += !good && mg_utf8_char(s, 4) == 4;
                }
        }
    ck_assert_uint_eq(two, 0x800 - 0x80);
    ck_assert_uint_eq(three, 0x10000 - 0x800 - 0x800);
    ck_assert_uint_eq(four, (0x110000 - 0x10000) / 4096 * 4);
    ck_assert_uint_eq(bad, 0);
}
END_TEST

START_TEST(text_is_without_nul)
{
    ck_assert(mg_text_valid("", 0));
    ck_assert(mg_text_valid("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10));
    ck_assert(!mg_text_valid("a\0b", 3));
    ck_assert(!mg_text_valid("ab\xe2\x82", 4));
}
END_TEST

/* draft-eastlake-fnv, appendix C */
START_TEST(published_hashes)
{
    static const struct {
        const char *text;
        uint64_t hash;
        uint32_t hash32;
    } want[] = {{"", 0xcbf29ce484222325u, 0x811c9dc5u},
                {"a", 0xaf63dc4c8601ec8cu, 0xe40c292cu},
                {"foobar", 0x85944171f73967e8u, 0xbf9cf968u}};

    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        ck_assert_uint_eq(mg_hash(want[i].text, strlen(want[i].text)), want[i].hash);
        ck_assert_uint_eq(mg_hash32(want[i].text, strlen(want[i].text)), want[i].hash32);
    }
    ck_assert(mg_hash("a\0", 2) != mg_hash("a", 1));
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("text", NULL, NULL, 0), every_character_has_its_bytes, nothing_else_is_a_character,
                text_is_without_nul, published_hashes);
    return suite_main();
}
