/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

bool
mg_line_is_blank(const char *line, size_t len)
{
    size_t n = 0;

    while (n < len && strchr(" \t\r\n", line[n]) != NULL && line[n] != '\0')
        n++;
    return n == len;
}

size_t
mg_mark_bytes(const char *text, size_t len)
{
    return len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

enum mg_status
mg_lines_open(struct mg_lines *l, const char *path, size_t most, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    *l = (struct mg_lines){.path = path, .most = most};
    l->stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    MG_REQUIRE(l->stream != NULL, MG_INPUT, "%s: %s", path, strerror(errno));
out:
    return st;
}

void
mg_lines_close(struct mg_lines *l)
{
    if (l->stream != NULL && l->stream != stdin)
        fclose(l->stream);
    free(l->text);
    *l = (struct mg_lines){0};
}

enum mg_status
mg_lines_rewind(struct mg_lines *l, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_REQUIRE(fseek(l->stream, 0, SEEK_SET) == 0, MG_INPUT, "%s: cannot be read twice: %s", l->path, strerror(errno));
    l->number = 0;
out:
    return st;
}

/* Reads a line with its end, no more of it than is allowed; *more is false where there is none. */
static enum mg_status
read_line(struct mg_lines *l, bool *more, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    int c = '\0';

    l->len = 0;
    while (c != '\n' && (c = getc_unlocked(l->stream)) != EOF) {
        MG_REQUIRE(l->len < l->most, MG_INPUT, "%s:%zu: a line of more than %zu bytes", l->path, l->number + 1,
                   l->most);
        MG_GROW(l->text, l->len + 2, l->room);
        l->text[l->len++] = (char)c;
    }
    MG_REQUIRE(!ferror(l->stream), MG_FAIL, "%s:%zu: %s", l->path, l->number + 1, strerror(errno));
    *more = l->len > 0;
    l->number += *more;
    if (*more)
        l->text[l->len] = '\0';
out:
    return st;
}

enum mg_status
mg_lines_next(struct mg_lines *l, bool *more, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t mark;

    do {
        MG_TRY(read_line(l, more, err));
        mark = *more && l->number == 1 ? mg_mark_bytes(l->text, l->len) : 0;
        l->len -= mark;
        if (mark > 0)
            memmove(l->text, l->text + mark, l->len + 1);
    } while (*more && mg_line_is_blank(l->text, l->len));
out:
    return st;
}
