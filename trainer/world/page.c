/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "world/world.h"

enum { SHOWN_VALUES = 4 }; /* a page names at most this many values of one key */

static void
unchanged(void *arg, const char *text, struct mg_text *out)
{
    (void)arg;
    mg_text_add(out, text);
}

/* Adds "key: a, b and c" for the n attributes of one key. */
static void
add_values(const struct mg_world *world, const struct mg_attr *a, uint32_t n, mg_change *change, void *arg,
           struct mg_text *out)
{
    uint32_t shown = n > SHOWN_VALUES ? SHOWN_VALUES : n;

    mg_text_addf(out, "; %s: ", a->key);
    for (uint32_t i = 0; i < shown; i++) {
        if (i > 0)
            mg_text_add(out, i + 1 == n ? " and " : ", ");
        change(arg, mg_facts_value(&world->facts, &a[i]), out);
    }
    if (n > shown)
        mg_text_add(out, " and others");
}

void
mg_world_page_changed(const struct mg_world *world, uint32_t entity, mg_change *change, void *arg, struct mg_text *out)
{
    const struct mg_entity *e = &world->facts.entity[entity];
    uint32_t n;

    if (!change)
        change = unchanged;
    change(arg, e->phrase, out);
    for (uint32_t i = 0; i < e->n_attr; i += n) {
        for (n = 1; i + n < e->n_attr && strcmp(e->attr[i].key, e->attr[i + n].key) == 0; n++)
            ;
        if (!e->attr[i].hidden)
            add_values(world, &e->attr[i], n, change, arg, out);
    }
}

void
mg_world_page(const struct mg_world *world, uint32_t entity, struct mg_text *out)
{
    mg_world_page_changed(world, entity, NULL, NULL, out);
}
