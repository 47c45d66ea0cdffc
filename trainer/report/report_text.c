/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/utf8.h"
#include "report/report.h"

/* C0, DEL, and C1, which some terminals interpret too. */
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

        n = mg_utf8_char(text, strnlen(text, 4));
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
