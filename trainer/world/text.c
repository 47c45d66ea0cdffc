/* SPDX-License-Identifier: Apache-2.0 */
#include "world/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
mg_text_clear(struct mg_text *t)
{
    t->n = 0;
    t->failed = false;
    if (t->p)
        t->p[0] = '\0';
}

void
mg_text_free(struct mg_text *t)
{
    free(t->p);
    *t = (struct mg_text){0};
}

static bool
reserve(struct mg_text *t, size_t extra)
{
    size_t cap = t->cap ? t->cap : 128;
    char *p;

    if (t->failed)
        return false;
    while (cap < t->n + extra + 1)
        cap *= 2;
    if (cap == t->cap)
        return true;
    p = realloc(t->p, cap);
    if (!p) {
        t->failed = true;
        return false;
    }
    t->p = p;
    t->cap = cap;
    return true;
}

void
mg_text_addn(struct mg_text *t, const char *s, size_t n)
{
    if (!reserve(t, n))
        return;
    memcpy(t->p + t->n, s, n);
    t->n += n;
    t->p[t->n] = '\0';
}

void
mg_text_add(struct mg_text *t, const char *s)
{
    mg_text_addn(t, s, strlen(s));
}

void
mg_text_addf(struct mg_text *t, const char *fmt, ...)
{
    va_list ap, again;
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    if (n >= 0 && reserve(t, (size_t)n)) {
        vsnprintf(t->p + t->n, (size_t)n + 1, fmt, again);
        t->n += (size_t)n;
    }
    va_end(again);
    va_end(ap);
}

void
mg_text_fill(struct mg_text *t, const char *fmt, const char *value)
{
    const char *hole;

    while ((hole = strstr(fmt, "%s")) != NULL) {
        mg_text_addn(t, fmt, (size_t)(hole - fmt));
        mg_text_add(t, value);
        fmt = hole + 2;
    }
    mg_text_add(t, fmt);
}

const char *
mg_text_str(const struct mg_text *t)
{
    return t->p ? t->p : "";
}
