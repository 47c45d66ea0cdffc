/* SPDX-License-Identifier: Apache-2.0 */
#include "question/scorer.h"

#include <string.h>
#include <strings.h>

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* Whether the punctuation mark at i is part of a number or of an offset. */
static bool
is_numeric_mark(const char *s, size_t len, size_t i)
{
    bool before = i > 0 && is_digit(s[i - 1]);
    bool after = i + 1 < len && is_digit(s[i + 1]);

    if (s[i] == '.' || s[i] == ':')
        return before && after;
    if (s[i] == '+')
        return after;
    /* "UTC-5:00" and "-5" are signs; "1914-1918" and "B-52" read as two words */
    return s[i] == '-' && after && (i == 0 || s[i - 1] == ' ' || (i >= 3 && strncasecmp(s + i - 3, "UTC", 3) == 0));
}

static bool
is_dropped(const char *s, size_t len, size_t i)
{
    if (s[i] == '\'')
        return true;
    return s[i] == ',' && i > 0 && is_digit(s[i - 1]) && i + 1 < len && is_digit(s[i + 1]);
}

static size_t
drop_article(char *s, size_t n)
{
    static const char *const article[] = {"the ", "an ", "a "};

    for (size_t i = 0; i < sizeof article / sizeof *article; i++) {
        size_t m = strlen(article[i]);

        if (n > m && memcmp(s, article[i], m) == 0) {
            memmove(s, s + m, n - m + 1);
            return n - m;
        }
    }
    return n;
}

size_t
mg_answer_normalise(char out[MG_ANSWER_MAX], const char *text, size_t len)
{
    size_t n = 0;
    bool gap = false;

    for (size_t i = 0; i < len && n + 2 < MG_ANSWER_MAX; i++) {
        char c = text[i];

        if (is_dropped(text, len, i))
            continue;
        if (!is_word(c) && !is_numeric_mark(text, len, i)) {
            gap = true;
            continue;
        }
        if (gap && n > 0)
            out[n++] = ' ';
        gap = false;
        out[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    out[n] = '\0';
    return drop_article(out, n);
}

static bool
same(const char *normal, const char *answer)
{
    char other[MG_ANSWER_MAX];

    return mg_answer_normalise(other, answer, strlen(answer)) > 0 && strcmp(normal, other) == 0;
}

bool
mg_answer_matches(const char *given, size_t len, const char *answer, const char *const *alias, size_t n_aliases)
{
    char normal[MG_ANSWER_MAX];

    if (mg_answer_normalise(normal, given, len) == 0 || strcmp(normal, "none") == 0)
        return false;
    if (same(normal, answer))
        return true;
    for (size_t i = 0; i < n_aliases; i++)
        if (same(normal, alias[i]))
            return true;
    return false;
}
