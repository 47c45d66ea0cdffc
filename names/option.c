/* SPDX-License-Identifier: Apache-2.0 */
#include "option.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "nearest.h"

enum { MAX_NAME = 40 };

static bool
begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The options whose names begin with what was given, which is more than one; "" where it is not. */
static void
list_candidates(const struct option *o, const char *given, char *out, size_t bytes)
{
    int n = 0;

    out[0] = '\0';
    for (; o->name != NULL; o++) {
        size_t end = strlen(out);

        if (!begins(o->name, given))
            continue;
        snprintf(out + end, bytes - end, "%s--%s", n++ > 0 ? ", " : "", o->name);
    }
    if (n < 2)
        out[0] = '\0';
}

static void
refuse_name(const struct option *options, const char *given, struct names_refusal *r)
{
    struct names_nearest n = {.wanted = given};
    char candidates[sizeof r->text - 64];

    list_candidates(options, given, candidates, sizeof candidates);
    if (candidates[0] != '\0') {
        snprintf(r->text, sizeof r->text, "--%s may be any of %s", given, candidates);
        return;
    }
    for (const struct option *o = options; o->name != NULL; o++)
        names_try(&n, o->name);
    snprintf(r->text, sizeof r->text, "--%s is not an option%s", given, names_hint_of(&n, "--").text);
}

/* Whether the argument gave this option by its name; of letters that stand together, it may be the one before them. */
static bool
is_named(const struct option *o, const char *argument, const char *given)
{
    return o->name != NULL && begins(argument, "--") && begins(o->name, given);
}

struct names_refusal
names_option_refused(const struct option *options, const char *argument, int got, int letter)
{
    struct names_refusal r = {""};
    const struct option *o = options;
    const char *why = got == ':' ? "lacks its value" : "takes no value";
    char given[MAX_NAME + 1] = "";

    if (begins(argument, "--"))
        snprintf(given, sizeof given, "%.*s", (int)strcspn(argument + 2, "="), argument + 2);
    while (o->name != NULL && o->val != letter)
        o++;
    if (letter == 0)
        refuse_name(options, given, &r);
    else if (is_named(o, argument, given) && (got == ':' || strchr(argument, '=') != NULL))
        snprintf(r.text, sizeof r.text, "--%s %s", o->name, why);
    else
        snprintf(r.text, sizeof r.text, "-%c %s", letter, got == ':' ? why : "is not an option");
    return r;
}
