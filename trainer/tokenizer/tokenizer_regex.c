/* SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * tokenizer.json holds regular expressions for Oniguruma (Ruby syntax). The part of that syntax which PCRE2 reads alike
 * is copied; \s, \S, \d and \D, which differ (PCRE2 counts U+180E as a space), are written as Unicode properties;
 * anything else is refused.
 */
enum {
    PATTERN_MAX = 4096,
    GROWTH = 8 /* "\s" becomes "\p{White_Space}" */
};

struct scan {
    const char *in;
    char *out;
    bool in_class;
    const char *reason; /* why the pattern is refused, or NULL */
};

static void
copy(struct scan *s, size_t n)
{
    memcpy(s->out, s->in, n);
    s->in += n;
    s->out += n;
}

static void
replace(struct scan *s, size_t n, const char *with)
{
    s->in += n;
    s->out = stpcpy(s->out, with);
}

/* A general category: \p{L}, \p{Lu}. Scripts differ (PCRE2 matches their extensions). */
static void
scan_property(struct scan *s)
{
    const char *p = s->in + 2;
    size_t n = p[0] == '{' ? strcspn(p, "}") : 0;

    if (n < 2 || n > 3 || p[n] != '}' || !strchr("CLMNPSZ", p[1]) || (n == 3 && (p[2] < 'a' || p[2] > 'z')))
        s->reason = "a property that is not a general category such as \\p{L}";
    else
        copy(s, n + 3);
}

static void
scan_escape(struct scan *s)
{
    char c = s->in[1];

    if (c == 's')
        replace(s, 2, "\\p{White_Space}");
    else if (c == 'S')
        replace(s, 2, "\\P{White_Space}");
    else if (c == 'd')
        replace(s, 2, "\\p{Nd}");
    else if (c == 'D')
        replace(s, 2, "\\P{Nd}");
    else if (c == 'p' || c == 'P')
        scan_property(s);
    else if (c == 'r' || c == 'n' || c == 't' ||
             (c > ' ' && c < 127 && strchr("\\^$.|?*+()[]{}-/'\"&#!,:;<=>@_`~%", c)))
        copy(s, 2);
    else
        s->reason = "an escape other than \\s \\S \\d \\D \\p{} \\P{} \\r \\n \\t";
}

static void
scan_in_class(struct scan *s)
{
    if (s->in[0] == '[')
        s->reason = "a class within a class";
    else if (s->in[0] == '&' && s->in[1] == '&')
        s->reason = "an intersection of classes";
    else {
        s->in_class = s->in[0] != ']';
        copy(s, 1);
    }
}

static void
scan_class_open(struct scan *s)
{
    copy(s, s->in[1] == '^' ? 2 : 1);
    s->in_class = true;
    if (s->in[0] == ']')
        s->reason = "an empty class";
}

static void
scan_group(struct scan *s)
{
    static const char *const known[] = {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:"};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strncmp(s->in, known[i], strlen(known[i])) == 0) {
            copy(s, strlen(known[i]));
            return;
        }
    if (s->in[1] == '?' || s->in[1] == '*')
        s->reason = "a group other than ( (?: (?= (?! (?<= (?<! (?> (?i:";
    else
        copy(s, 1);
}

/* {n}, {n,} and {n,m}; what follows must not be ? or +, which the two libraries read differently. */
static void
scan_braces(struct scan *s)
{
    size_t n = 1 + strspn(s->in + 1, "0123456789");

    if (n > 1 && s->in[n] == ',')
        n += 1 + strspn(s->in + n + 1, "0123456789");
    if (n == 1 || s->in[n] != '}' || s->in[n + 1] == '+' || s->in[n + 1] == '?')
        s->reason = "a brace that is not a plain {n}, {n,} or {n,m}";
    else
        copy(s, n + 1);
}

static void
scan_one(struct scan *s)
{
    char c = s->in[0];

    if (c == '\\')
        scan_escape(s);
    else if (s->in_class)
        scan_in_class(s);
    else if (c == '[')
        scan_class_open(s);
    else if (c == '(')
        scan_group(s);
    else if (c == '{')
        scan_braces(s);
    else if (c == '.' || c == '^' || c == '$')
        s->reason = "one of . ^ $, which depend on line ends";
    else
        copy(s, 1);
}

static enum mg_status
compile(const char *pattern, const char *text, const char *name, pcre2_code **code, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    PCRE2_UCHAR reason[120] = "";
    PCRE2_SIZE at = 0;
    uint32_t may_be_empty = 0;
    int number = 0;
    pcre2_code *re = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP, &number, &at, NULL);

    if (!re)
        pcre2_get_error_message(number, reason, sizeof reason);
    MG_REQUIRE(re, MG_INPUT, "%s: regular expression '%.120s' is wrong: %s", name, pattern, (const char *)reason);
    pcre2_pattern_info(re, PCRE2_INFO_MATCHEMPTY, &may_be_empty);
    MG_REQUIRE(!may_be_empty, MG_INPUT, "%s: regular expression '%.120s' may match nothing", name, pattern);
    /* Without a just-in-time compiler pcre2_match interprets the same code. */
    (void)pcre2_jit_compile(re, PCRE2_JIT_COMPLETE);
    *code = re;
    re = NULL;
out:
    pcre2_code_free(re);
    return st;
}

enum mg_status
mg_tok_regex_compile(const char *pattern, const char *name, pcre2_code **code, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t len = strlen(pattern);
    char *text = NULL;
    struct scan s = {.in = pattern};

    MG_REQUIRE(len > 0 && len <= PATTERN_MAX, MG_INPUT,
               "%s: a regular expression has %zu bytes, the limits are 1 and %d", name, len, PATTERN_MAX);
    MG_ALLOC(text, GROWTH * len + 1);
    s.out = text;
    while (*s.in != '\0' && !s.reason)
        scan_one(&s);
    MG_REQUIRE(!s.reason, MG_INPUT, "%s: regular expression '%.120s' has %s", name, pattern, s.reason);
    *s.out = '\0';
    MG_TRY(compile(pattern, text, name, code, err));
out:
    free(text);
    return st;
}
