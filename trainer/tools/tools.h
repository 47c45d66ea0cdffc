/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TOOLS_H
#define MGRPO_TOOLS_H

#include <stdbool.h>

#include "tools/corpus.h"

/*
 * The tools of a dialogue: what an agent writes goes in, what it reads comes out. The hits of a dialogue's last search
 * are the dialogue's own, so that any number of dialogues share the tools.
 */
struct mg_search_cache;
struct mg_tools {
    struct mg_corpus *corpus;      /* borrowed */
    struct mg_search_cache *cache; /* borrowed; NULL: every search goes to the corpus */
};

/* Remembers the hits of some thousand queries: the rollouts of a question ask much the same. */
enum mg_status mg_search_cache_create(struct mg_search_cache **out, struct mg_err *err);
void mg_search_cache_destroy(struct mg_search_cache *cache); /* accepts NULL */

/* `search`: writes the hits and the text that the agent reads. */
enum mg_status mg_tools_search(const struct mg_tools *t, const char *query, struct mg_hits *hits,
                               char text[MG_HITS_TEXT_MAX], struct mg_err *err);

/* `open`: `number` names one of the hits, from 1; *page is NULL if it names none, else malloc'ed. */
enum mg_status mg_tools_open(const struct mg_tools *t, const struct mg_hits *hits, const char *number, char **page,
                             struct mg_err *err);

#endif
