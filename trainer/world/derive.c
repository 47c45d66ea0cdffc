/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "world/world.h"

/* The key under which the target of a country's attribute names the country; NULL where it does not. */
static const char *
inverse_key(const struct mg_attr *a)
{
    if (a->ref == MG_NO_ENTITY)
        return NULL;
    if (strcmp(a->key, "currency") == 0 || strcmp(a->key, "language") == 0)
        return "country";
    return strcmp(a->key, "capital") == 0 ? "capital of" : NULL;
}

static void
count_inverses(const struct mg_facts *f, uint32_t *extra)
{
    for (uint32_t i = 0; i < f->n_entities; i++)
        for (uint32_t k = 0; f->entity[i].kind == MG_COUNTRY && k < f->entity[i].n_attr; k++)
            if (inverse_key(&f->entity[i].attr[k]))
                extra[f->entity[i].attr[k].ref]++;
}

/* Moves the attributes of each entity that gets inverse relations, and leaves room for these before them. */
static void
make_room(struct mg_facts *f, const uint32_t *extra, struct mg_attr *next)
{
    for (uint32_t i = 0; i < f->n_entities; i++) {
        struct mg_entity *e = &f->entity[i];

        if (!extra[i])
            continue;
        memcpy(next + extra[i], e->attr, e->n_attr * sizeof *next);
        e->attr = next;
        e->n_attr += extra[i];
        next += e->n_attr;
    }
}

static void
fill_inverses(struct mg_facts *f, uint32_t *room)
{
    for (uint32_t i = f->n_entities; i-- > 0;)
        for (uint32_t k = 0; f->entity[i].kind == MG_COUNTRY && k < f->entity[i].n_attr; k++) {
            const struct mg_attr *a = &f->entity[i].attr[k];
            const char *key = inverse_key(a);

            if (key)
                f->entity[a->ref].attr[--room[a->ref]] = (struct mg_attr){key, f->entity[i].id, i, a->doubt, false};
        }
}

enum mg_status
mg_world_derive(struct mg_world *world, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_facts *f = &world->facts;
    uint32_t *extra = NULL;
    size_t total = 0;

    MG_ALLOC(extra, f->n_entities);
    count_inverses(f, extra);
    for (uint32_t i = 0; i < f->n_entities; i++)
        total += extra[i] ? extra[i] + f->entity[i].n_attr : 0;
    MG_ALLOC(world->own_attr, total);
    make_room(f, extra, world->own_attr);
    fill_inverses(f, extra);
out:
    free(extra);
    return st;
}
