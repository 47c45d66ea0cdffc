/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_WORLD_WORLD_H
#define MGRPO_WORLD_WORLD_H

#include "world/facts.h"
#include "world/text.h"

enum mg_world_profile { MG_WORLD_FULL, MG_WORLD_SMALL };

/* Which split an entity belongs to; SHARED ones (the Euro) belong to none and may appear in every split. */
enum mg_class { MG_CLASS_TRAIN, MG_CLASS_DEV, MG_CLASS_TEST, MG_CLASS_SHARED };

/*
 * One world: the facts, those of the countries permuted under `seed`, and the relations that follow from them (which
 * countries use a currency, speak a language officially, have a city as their capital). Seed 0 is the true world. A
 * permutation moves a value only between countries of the same split, so the splits are the same in every world.
 */
struct mg_world {
    struct mg_facts facts;
    uint64_t seed;
    enum mg_world_profile profile;
    unsigned char *cls;       /* [n_entities] enum mg_class */
    unsigned char *present;   /* [n_entities] 1: the profile has a page of it */
    struct mg_attr *own_attr; /* attributes that did not come from the table */
};

enum mg_status mg_world_create(struct mg_world *world, const char *facts_path, uint64_t seed,
                               enum mg_world_profile profile, struct mg_err *err);
void mg_world_destroy(struct mg_world *world);

/* Where the installed fact table lies: $MGRPO_FACTS, else the build's data folder. */
const char *mg_world_facts_path(void);

/* The one undoubted value of `key`, or NULL where there is none. */
const struct mg_attr *mg_world_attr(const struct mg_world *world, uint32_t entity, const char *key);

/* Whether some country has the city as its capital. */
bool mg_world_is_capital(const struct mg_entity *e);

/* Adds to each entity the relations that follow from the countries' attributes: a step of mg_world_create. */
enum mg_status mg_world_derive(struct mg_world *world, struct mg_err *err);

/* Adds the page's text: "<phrase>; key: value; key: value". */
void mg_world_page(const struct mg_world *world, uint32_t entity, struct mg_text *out);

/* The same with each phrase and value passed through `change` (NULL: unchanged), which adds its text to `out`. */
typedef void mg_change(void *arg, const char *text, struct mg_text *out);
void mg_world_page_changed(const struct mg_world *world, uint32_t entity, mg_change *change, void *arg,
                           struct mg_text *out);

#endif
