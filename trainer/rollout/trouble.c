/* SPDX-License-Identifier: Apache-2.0 */
#include "rollout/trouble.h"

#include <string.h>

/* Its place, or n if it has none. */
static size_t
find(const struct mg_troubles *t, const char *kind, const char *name)
{
    char what[sizeof t->trouble->what];
    size_t i = 0;

    snprintf(what, sizeof what, "%s %.80s", kind, name);
    while (i < t->n && strcmp(t->trouble[i].what, what) != 0)
        i++;
    return i;
}

void
mg_troubles_add(struct mg_troubles *t, const char *kind, const char *name, const char *why)
{
    size_t i = find(t, kind, name);
    bool question = strcmp(kind, "question") == 0;

    if (i == t->n && (question ? t->questions == MG_NAMED_QUESTIONS : t->n == MG_MAX_TROUBLES)) {
        t->more++;
        return;
    }
    if (i == t->n) {
        struct mg_trouble *one = &t->trouble[t->n++];

        *one = (struct mg_trouble){.n = 0};
        snprintf(one->what, sizeof one->what, "%s %.80s", kind, name);
        snprintf(one->why, sizeof one->why, "%s", why);
    }
    t->questions += question && t->trouble[i].n == 0;
    t->trouble[i].n++;
}

const char *
mg_troubles_why(const struct mg_troubles *t, const char *kind, const char *name)
{
    size_t i = find(t, kind, name);

    return i < t->n ? t->trouble[i].why : "";
}

void
mg_troubles_tell(struct mg_troubles *t, FILE *to, const char *who)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct mg_trouble *one = &t->trouble[i];

        if (one->n == 1)
            fprintf(to, "%s: %s; it failed once\n", who, one->why);
        else
            fprintf(to, "%s: %s; it failed %u times\n", who, one->why, one->n);
    }
    if (t->more > 0)
        fprintf(to, "%s: %u more failures, of other questions\n", who, t->more);
    t->n = t->questions = 0;
    t->more = 0;
}
