/* SPDX-License-Identifier: Apache-2.0 */
#include "world/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/rng.h"

#ifndef MG_DATADIR
#define MG_DATADIR "/usr/local/share/mgrpo"
#endif

/* What a counterfactual world permutes between countries. */
static const char *const permuted[] = {"capital", "currency", "calling code", "language", "population"};

const char *
mg_world_facts_path(void)
{
    const char *path = getenv("MGRPO_FACTS");

    return path && path[0] ? path : MG_DATADIR "/atlas.facts.gz";
}

static struct mg_attr *
find_attr(const struct mg_entity *e, const char *key)
{
    struct mg_attr *found = NULL;

    for (uint32_t i = 0; i < e->n_attr; i++)
        if (strcmp(e->attr[i].key, key) == 0) {
            if (found || e->attr[i].doubt)
                return NULL;
            found = &e->attr[i];
        }
    return found;
}

const struct mg_attr *
mg_world_attr(const struct mg_world *world, uint32_t entity, const char *key)
{
    return find_attr(&world->facts.entity[entity], key);
}

static enum mg_class
class_of_name(const char *name)
{
    return strcmp(name, "test") == 0 ? MG_CLASS_TEST : strcmp(name, "dev") == 0 ? MG_CLASS_DEV : MG_CLASS_TRAIN;
}

/* A hash, so that a page without a country has the same split in every world and on every machine. */
static enum mg_class
class_of_id(const char *id)
{
    uint32_t h = mg_hash32(id, strlen(id));

    h = (h ^ (h >> 15)) % 20;
    return h < 4 ? MG_CLASS_TEST : h == 4 ? MG_CLASS_DEV : MG_CLASS_TRAIN;
}

/* The class that all the countries of an entity share; SHARED where they differ or where there is none. */
static enum mg_class
class_of_countries(const struct mg_world *w, const struct mg_entity *e)
{
    enum mg_class cls = MG_CLASS_SHARED;
    bool any = false;

    for (uint32_t i = 0; i < e->n_attr; i++) {
        if (strcmp(e->attr[i].key, "country") != 0 || e->attr[i].ref == MG_NO_ENTITY)
            continue;
        if (any && cls != w->cls[e->attr[i].ref])
            return MG_CLASS_SHARED;
        cls = w->cls[e->attr[i].ref];
        any = true;
    }
    return cls;
}

static void
classify_countries(struct mg_world *w)
{
    for (uint32_t i = 0; i < w->facts.n_entities; i++) {
        const struct mg_attr *a = find_attr(&w->facts.entity[i], "split");

        w->cls[i] = a && w->facts.entity[i].kind == MG_COUNTRY ? class_of_name(a->value) : MG_CLASS_TRAIN;
    }
}

static void
classify_others(struct mg_world *w)
{
    for (uint32_t i = 0; i < w->facts.n_entities; i++) {
        const struct mg_entity *e = &w->facts.entity[i];

        if (e->kind == MG_COUNTRY)
            continue;
        w->cls[i] = (unsigned char)class_of_countries(w, e);
        if (w->cls[i] == MG_CLASS_SHARED && e->kind != MG_CURRENCY && e->kind != MG_LANGUAGE)
            w->cls[i] = (unsigned char)class_of_id(e->id);
    }
}

/* A capital moves only if its page carries its plain name, because the next step asks for it by that name. */
static bool
may_move(const struct mg_world *w, const struct mg_attr *a)
{
    return a && (a->ref == MG_NO_ENTITY ? strcmp(a->key, "capital") != 0 : w->facts.entity[a->ref].flag != '-');
}

static void
permute_key(struct mg_world *w, uint32_t key, enum mg_class cls, uint32_t *who, uint32_t *from, struct mg_attr *old)
{
    struct mg_rng rng;
    uint32_t n = 0;

    for (uint32_t i = 0; i < w->facts.n_entities; i++) {
        const struct mg_attr *a = find_attr(&w->facts.entity[i], permuted[key]);

        if (w->facts.entity[i].kind != MG_COUNTRY || w->cls[i] != cls || !may_move(w, a))
            continue;
        old[n] = *a;
        from[n] = n;
        who[n++] = i;
    }
    mg_rng_init(&rng, w->seed, MG_RNG_WORLD, key, cls, 0);
    mg_rng_shuffle(&rng, from, n);
    for (uint32_t i = 0; i < n; i++)
        *find_attr(&w->facts.entity[who[i]], permuted[key]) = old[from[i]];
}

static enum mg_status
permute(struct mg_world *w, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t *who = NULL, *from = NULL;
    struct mg_attr *old = NULL;

    MG_ALLOC(who, w->facts.n_entities);
    MG_ALLOC(from, w->facts.n_entities);
    MG_ALLOC(old, w->facts.n_entities);
    for (uint32_t key = 0; key < sizeof permuted / sizeof *permuted; key++)
        for (int cls = MG_CLASS_TRAIN; cls <= MG_CLASS_TEST; cls++)
            permute_key(w, key, (enum mg_class)cls, who, from, old);
out:
    free(who);
    free(from);
    free(old);
    return st;
}

static void
choose_pages(struct mg_world *w)
{
    for (uint32_t i = 0; i < w->facts.n_entities; i++) {
        const struct mg_entity *e = &w->facts.entity[i];
        const struct mg_attr *people = find_attr(e, "population");
        bool here = w->profile == MG_WORLD_FULL;

        if (e->kind == MG_CITY)
            here = here || mg_world_is_capital(e) || (people && strlen(people->value) >= strlen("1,000,000"));
        else if (e->kind == MG_LANGUAGE)
            here = here || (e->n_attr > 0 && strcmp(e->attr[0].key, "country") == 0);
        else
            here = here || !(e->kind == MG_REGION || e->kind == MG_PERSON || e->kind == MG_FEATURE);
        w->present[i] = here;
    }
}

bool
mg_world_is_capital(const struct mg_entity *e)
{
    return e->n_attr > 0 && strcmp(e->attr[0].key, "capital of") == 0;
}

enum mg_status
mg_world_create(struct mg_world *world, const char *facts_path, uint64_t seed, enum mg_world_profile profile,
                struct mg_err *err)
{
    enum mg_status st = MG_OK;

    *world = (struct mg_world){.seed = seed, .profile = profile};
    MG_TRY(mg_facts_read(&world->facts, facts_path, err));
    MG_ALLOC(world->cls, world->facts.n_entities);
    MG_ALLOC(world->present, world->facts.n_entities);
    classify_countries(world);
    if (seed != 0)
        MG_TRY(permute(world, err));
    MG_TRY(mg_world_derive(world, err));
    classify_others(world);
    choose_pages(world);
out:
    if (st != MG_OK)
        mg_world_destroy(world);
    return st;
}

void
mg_world_destroy(struct mg_world *world)
{
    mg_facts_free(&world->facts);
    free(world->cls);
    free(world->present);
    free(world->own_attr);
    *world = (struct mg_world){0};
}
