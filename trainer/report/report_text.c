/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/utf8.h"
#include "report/report.h"

/* The bytes of the character at `at`; 0 if it is not UTF-8. */
static size_t
character_length(const char *at)
{
    unsigned char first = (unsigned char)*at;
    size_t n = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;

    return strnlen(at, n) == n && mg_text_valid(at, n) ? n : 0;
}

/* C0, DEL, and C1, which some terminals obey too. */
static bool
is_control(const char *at)
{
    unsigned char first = (unsigned char)at[0];

    return first < ' ' || first == 0x7F || (first == 0xC2 && (unsigned char)at[1] < 0xA0);
}

static const char *
entity(char sign)
{
    switch (sign) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

static void
show(FILE *to, const char *text, bool html)
{
    for (size_t n; *text != '\0'; text += n > 0 ? n : 1) {
        const char *escaped = html ? entity(*text) : NULL;

        n = character_length(text);
        if (n == 0)
            fputs(MG_NO_TEXT, to);
        else if (is_control(text))
            fputc(' ', to);
        else if (escaped != NULL)
            fputs(escaped, to);
        else
            fwrite(text, 1, n, to);
    }
}

void
mg_plain_text(FILE *to, const char *text)
{
    show(to, text, false);
}

void
mg_html_text(FILE *to, const char *text)
{
    show(to, text, true);
}
