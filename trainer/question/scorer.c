/* SPDX-License-Identifier: Apache-2.0 */
#include "question/scorer.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/unicode.h"
#include "base/utf8.h"

enum {
    REPLACEMENT = 0xFFFD,
    GROWTH = 6 /* bytes of the plain form for one character: a space, four bytes, or "0." */
};

/* The characters of an answer, folded; those that stand for one another are one. */
struct characters {
    utf8proc_int32_t *at; /* [n] */
    size_t n;
};

enum kind { SPACE, WORD, DIGIT, SYMBOL };

static utf8proc_int32_t
same_as(utf8proc_int32_t c)
{
    static const struct {
        utf8proc_int32_t from, to;
    } same[] = {
        {'`', '\''},   {0x00B4, '\''}, {0x2018, '\''}, {0x2019, '\''}, {0x201B, '\''}, {0x02BB, '\''}, {0x02BC, '\''},
        {0x2010, '-'}, {0x2011, '-'},  {0x2012, '-'},  {0x2013, '-'},  {0x2212, '-'},  {0xFE63, '-'},
    };

    if (c >= 0xFF01 && c <= 0xFF5E) /* full-width ASCII */
        return c - 0xFEE0;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (same[i].from == c)
            return same[i].to;
    return c;
}

static enum kind
kind_of(utf8proc_int32_t c)
{
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_ND:
        return DIGIT;
    case UTF8PROC_CATEGORY_SM:
    case UTF8PROC_CATEGORY_SC:
    case UTF8PROC_CATEGORY_SK:
    case UTF8PROC_CATEGORY_SO:
        return c < 0x80 ? SPACE : SYMBOL;
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
        return SPACE;
    default:
        return WORD;
    }
}

/* ---- From bytes to characters ---- */

/* A copy in which each byte that is not UTF-8 is U+FFFD. */
static enum mg_status
repair(const char *text, size_t len, char **out, size_t *n, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *copy = NULL, *to;

    MG_ALLOC(copy, 3 * len + 1);
    to = copy;
    for (size_t i = 0, m; i < len; i += m) {
        m = mg_utf8_char(text + i, len - i);
        if (m > 0)
            to = mempcpy(to, text + i, m);
        else
            to += utf8proc_encode_char(REPLACEMENT, (utf8proc_uint8_t *)to);
        m += m == 0;
    }
    *out = copy;
    *n = (size_t)(to - copy);
out:
    return st;
}

static enum mg_status
read_characters(const char *text, size_t len, struct characters *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *valid = NULL, *folded = NULL;
    size_t n = 0;

    MG_TRY(repair(text, len, &valid, &n, err));
    MG_TRY(mg_unicode_normalise(valid, n, MG_UNICODE_FOLDED, &folded, &n, err));
    MG_ALLOC(out->at, n + 1);
    for (size_t i = 0; i < n;) {
        utf8proc_int32_t c;

        i += (size_t)utf8proc_iterate((const utf8proc_uint8_t *)folded + i, (utf8proc_ssize_t)(n - i), &c);
        out->at[out->n++] = same_as(c);
    }
out:
    free(valid);
    free(folded);
    return st;
}

/* ---- What is kept of punctuation ---- */

static utf8proc_int32_t
at(const struct characters *s, size_t i)
{
    return i < s->n ? s->at[i] : 0;
}

static bool
digit_at(const struct characters *s, size_t i)
{
    return kind_of(at(s, i)) == DIGIT;
}

static bool
word_at(const struct characters *s, size_t i)
{
    enum kind c = kind_of(at(s, i));

    return c == WORD || c == DIGIT;
}

static bool
number_at(const struct characters *s, size_t i)
{
    return digit_at(s, i) || (at(s, i) == '.' && digit_at(s, i + 1));
}

/* Whether the point at i is in front of a number: nothing that it could belong to comes before. */
static bool
leads(const struct characters *s, size_t i)
{
    return at(s, i) == '.' && digit_at(s, i + 1) && (i == 0 || (!word_at(s, i - 1) && at(s, i - 1) != '.'));
}

/* "UTC-5:00" and "-5" are signs; "1914-1918" and "B-52" read as two words. */
static bool
is_minus(const struct characters *s, size_t i)
{
    static const char zone[][4] = {"utc", "gmt"};

    if (!number_at(s, i + 1))
        return false;
    if (i == 0 || (!word_at(s, i - 1) && at(s, i - 1) != '-'))
        return true;
    for (size_t z = 0; z < 2; z++)
        if (i >= 3 && at(s, i - 3) == zone[z][0] && at(s, i - 2) == zone[z][1] && at(s, i - 1) == zone[z][2])
            return true;
    return false;
}

/* "C++", "F#": such marks between a letter and the end of the word. */
static bool
ends_word(const struct characters *s, size_t i)
{
    size_t from = i, to = i;

    while (from > 0 && (at(s, from - 1) == '+' || at(s, from - 1) == '#'))
        from--;
    while (at(s, to) == '+' || at(s, to) == '#')
        to++;
    return from > 0 && kind_of(at(s, from - 1)) == WORD && !word_at(s, to);
}

static bool
is_kept(const struct characters *s, size_t i)
{
    bool between = i > 0 && digit_at(s, i - 1) && digit_at(s, i + 1);

    switch (at(s, i)) {
    case '.':
        return between || leads(s, i);
    case ':':
        return between;
    case '-':
        return is_minus(s, i);
    case '+':
        return number_at(s, i + 1) || ends_word(s, i);
    case '#':
        return ends_word(s, i);
    default:
        return false;
    }
}

/* "1,234" and "12,34,567" are numbers, "1,2" and "12,34" are two. */
static bool
is_between_groups(const struct characters *s, size_t i)
{
    size_t n = 0;

    if (at(s, i) != ',' || i == 0 || !digit_at(s, i - 1))
        return false;
    while (n < 4 && digit_at(s, i + 1 + n))
        n++;
    return n == 3 || (n == 2 && at(s, i + 3) == ',' && digit_at(s, i + 4));
}

static bool
is_dropped(const struct characters *s, size_t i)
{
    return at(s, i) == '\'' || is_between_groups(s, i);
}

/* ---- The plain form ---- */

static void
drop_article(char *s)
{
    static const char *const article[] = {"the ", "an ", "a "};

    for (size_t i = 0; i < sizeof article / sizeof *article; i++) {
        size_t m = strlen(article[i]);

        if (strncmp(s, article[i], m) == 0) {
            memmove(s, s + m, strlen(s + m) + 1);
            return;
        }
    }
}

static void
write_plain(const struct characters *s, char *out)
{
    char *to = out;
    bool gap = false;

    for (size_t i = 0; i < s->n; i++) {
        enum kind c = kind_of(s->at[i]);

        if (is_dropped(s, i))
            continue;
        if (c == SPACE && !is_kept(s, i)) {
            gap = true;
            continue;
        }
        if ((gap || c == SYMBOL) && to > out)
            *to++ = ' ';
        if (leads(s, i))
            *to++ = '0';
        to += utf8proc_encode_char(s->at[i], (utf8proc_uint8_t *)to);
        gap = c == SYMBOL;
    }
    *to = '\0';
    drop_article(out);
}

enum mg_status
mg_answer_normalise(const char *text, size_t len, char **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct characters s = {0};
    char *plain = NULL;

    MG_TRY(read_characters(text, len, &s, err));
    MG_ALLOC(plain, GROWTH * s.n + 1);
    write_plain(&s, plain);
    *out = plain;
out:
    free(s.at);
    return st;
}

static enum mg_status
compare(const char *normal, const char *answer, bool *same, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *other = NULL;

    MG_TRY(mg_answer_normalise(answer, strlen(answer), &other, err));
    *same = strcmp(normal, other) == 0;
out:
    free(other);
    return st;
}

enum mg_status
mg_answer_matches(const char *given, size_t len, const char *answer, const char *const *alias, size_t n_aliases,
                  bool *right, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *normal = NULL;

    *right = false;
    MG_TRY(mg_answer_normalise(given, len, &normal, err));
    if (normal[0] == '\0' || strcmp(normal, "none") == 0)
        goto out;
    MG_TRY(compare(normal, answer, right, err));
    for (size_t i = 0; i < n_aliases && !*right; i++)
        MG_TRY(compare(normal, alias[i], right, err));
out:
    free(normal);
    return st;
}
