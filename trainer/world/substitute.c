/* SPDX-License-Identifier: Apache-2.0 */
#include "world/substitute.h"

#include <ctype.h>
#include <string.h>

enum { MIN_INNER = 3 }; /* shorter originals are replaced only where they are the whole text */

static const char *const onset[] = {"b",  "d",  "f",  "g",  "h",  "j",  "k",  "l",  "m",  "n",  "p",
                                    "r",  "s",  "t",  "v",  "w",  "y",  "z",  "br", "ch", "dr", "gr",
                                    "kh", "kr", "pl", "sh", "st", "sl", "th", "tr", ""};
static const char *const vowel[] = {"a", "e", "i", "o", "u", "a", "e", "i", "o", "ai", "ou", "ei"};
static const char *const coda[] = {"", "", "", "", "n", "r", "l", "s", "m", "t", "k", "nd", "rt", "ng", "x"};

#define PICK(rng, list) ((list)[mg_rng_below(rng, sizeof(list) / sizeof *(list))])

void
mg_subst_clear(struct mg_subst *s)
{
    s->n = 0;
}

void
mg_subst_free(struct mg_subst *s)
{
    for (int i = 0; i < MG_SUBST_MAX; i++)
        mg_text_free(&s->to[i]);
}

static void
add_word(struct mg_rng *rng, struct mg_text *out)
{
    size_t start = out->n;
    uint32_t syllables = 1 + mg_rng_below(rng, 3) + mg_rng_below(rng, 2);

    for (uint32_t i = 0; i < syllables; i++) {
        mg_text_add(out, PICK(rng, onset));
        mg_text_add(out, PICK(rng, vowel));
        mg_text_add(out, PICK(rng, coda));
    }
    if (!out->failed)
        out->p[start] = (char)toupper((unsigned char)out->p[start]);
}

/* Half of the names are titles, half are invented. */
static void
add_name(const struct mg_subst *s, struct mg_rng *rng, struct mg_text *out)
{
    uint32_t words = mg_rng_below(rng, 3) ? 1 : 2;

    if (s->n_pool > 0 && mg_rng_below(rng, 2)) {
        mg_text_add(out, s->world->facts.entity[s->pool[mg_rng_below(rng, s->n_pool)]].title);
        return;
    }
    for (uint32_t i = 0; i < words; i++) {
        mg_text_add(out, i ? " " : "");
        add_word(rng, out);
    }
}

static void
add_digits(struct mg_rng *rng, uint32_t n, bool commas, struct mg_text *out)
{
    for (uint32_t i = 0; i < n; i++) {
        if (commas && i > 0 && (n - i) % 3 == 0)
            mg_text_add(out, ",");
        mg_text_addf(out, "%u", (unsigned)(i ? mg_rng_below(rng, 10) : 1 + mg_rng_below(rng, 9)));
    }
}

/* Other digits and letters in the same places: "UTC+5:00" keeps its letters, "PE-LIM" does not. */
static void
add_pattern(struct mg_rng *rng, const char *from, struct mg_text *out)
{
    bool keep = strncmp(from, "UTC", 3) == 0 || strchr(from, ' ') != NULL;

    for (; *from; from++) {
        char c = *from;

        if (isdigit((unsigned char)c))
            c = (char)('0' + mg_rng_below(rng, 10));
        else if (!keep && islower((unsigned char)c))
            c = (char)('a' + mg_rng_below(rng, 26));
        else if (!keep && isupper((unsigned char)c))
            c = (char)('A' + mg_rng_below(rng, 26));
        mg_text_addn(out, &c, 1);
    }
}

static bool
is_code(const char *from)
{
    size_t n = strlen(from);

    return from[0] == '.' || n <= 2 || (n == 3 && isupper((unsigned char)from[2])) || strcspn(from, "0123456789") < n;
}

static void
add_zone(const struct mg_subst *s, struct mg_rng *rng, struct mg_text *out)
{
    size_t start = out->n;

    add_name(s, rng, out);
    mg_text_add(out, "/");
    add_name(s, rng, out);
    for (size_t i = start; i < out->n; i++)
        if (out->p[i] == ' ')
            out->p[i] = '_';
}

static void
draw(const struct mg_subst *s, struct mg_rng *rng, const char *from, struct mg_text *out)
{
    if (from[strspn(from, "0123456789,")] == '\0' && strchr(from, ','))
        add_digits(rng, 4 + mg_rng_below(rng, 5), true, out);
    else if (from[strspn(from, "0123456789")] == '\0')
        add_digits(rng, (uint32_t)strlen(from), false, out);
    else if (is_code(from))
        add_pattern(rng, from, out);
    else if (strchr(from, '/'))
        add_zone(s, rng, out);
    else
        add_name(s, rng, out);
}

static bool
taken(const struct mg_subst *s, const char *to)
{
    for (int i = 0; i < s->n; i++)
        if (strcmp(mg_text_str(&s->to[i]), to) == 0 || strcmp(s->from[i], to) == 0)
            return true;
    return false;
}

void
mg_subst_add(struct mg_subst *s, struct mg_rng *rng, const char *from)
{
    struct mg_text *to;

    if (s->n == MG_SUBST_MAX)
        return;
    for (int i = 0; i < s->n; i++)
        if (strcmp(s->from[i], from) == 0)
            return;
    to = &s->to[s->n];
    for (int tries = 0; tries < 8; tries++) {
        mg_text_clear(to);
        draw(s, rng, from, to);
        if (!taken(s, mg_text_str(to)))
            break;
    }
    s->from[s->n++] = from;
}

const char *
mg_subst_value(const struct mg_subst *s, const char *text)
{
    for (int i = 0; i < s->n; i++)
        if (strcmp(s->from[i], text) == 0)
            return mg_text_str(&s->to[i]);
    return text;
}

/* Index of the longest original that stands at `at` as whole words, or -1. */
static int
original_at(const struct mg_subst *s, const char *at)
{
    size_t longest = 0;
    int found = -1;

    for (int i = 0; i < s->n; i++) {
        size_t n = strlen(s->from[i]);

        if (n < MIN_INNER || n <= longest || strncmp(at, s->from[i], n) != 0 || isalnum((unsigned char)at[n]))
            continue;
        longest = n;
        found = i;
    }
    return found;
}

void
mg_subst_apply(const struct mg_subst *s, const char *text, struct mg_text *out)
{
    const char *whole = mg_subst_value(s, text);
    bool inside = false; /* a word that began before this byte */

    if (whole != text || s->n == 0) {
        mg_text_add(out, whole);
        return;
    }
    while (*text) {
        int i = inside ? -1 : original_at(s, text);

        if (i >= 0) {
            mg_text_add(out, mg_text_str(&s->to[i]));
            text += strlen(s->from[i]);
            continue;
        }
        inside = isalnum((unsigned char)*text) != 0;
        mg_text_addn(out, text++, 1);
    }
}
