/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_WORLD_SUBSTITUTE_H
#define MGRPO_WORLD_SUBSTITUTE_H

#include "base/rng.h"
#include "world/text.h"
#include "world/world.h"

enum { MG_SUBST_MAX = 24 };

/*
 * What a demonstration says instead of the names and numbers of the world. Empty, it leaves every text as it is. The
 * originals are borrowed; the replacements are drawn by the shape of the original: names become titles of other
 * entities of `pool` or invented words, numbers other digits, "A/B" two names, ".pe" another domain.
 */
struct mg_subst {
    const struct mg_world *world;
    const uint32_t *pool; /* entities whose titles may be used */
    uint32_t n_pool;
    int n;
    const char *from[MG_SUBST_MAX];
    struct mg_text to[MG_SUBST_MAX];
};

void mg_subst_clear(struct mg_subst *s);
void mg_subst_free(struct mg_subst *s);

/* Draws a replacement for `from` unless it has one. Beyond MG_SUBST_MAX originals, further ones stay as they are. */
void mg_subst_add(struct mg_subst *s, struct mg_rng *rng, const char *from);

/* Adds the text with every original in it replaced: as a whole, or as whole words of three letters or more. */
void mg_subst_apply(const struct mg_subst *s, const char *text, struct mg_text *out);

/* The replacement of exactly this text, or the text. */
const char *mg_subst_value(const struct mg_subst *s, const char *text);

#endif
