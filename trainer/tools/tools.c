/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/tools.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum { PLACES = 4096, QUERY_MAX = 120 /* bytes of a query that is remembered, its NUL included */ };

/* Each query has one place; the last one that came there holds it. */
struct mg_search_cache {
    struct {
        char query[QUERY_MAX]; /* "": free */
        struct mg_hits hits;
    } place[PLACES];
};

enum mg_status
mg_search_cache_create(struct mg_search_cache **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_ALLOC(*out, 1);
out:
    return st;
}

void
mg_search_cache_destroy(struct mg_search_cache *cache)
{
    free(cache);
}

static size_t
place_of(const char *query)
{
    uint64_t h = mg_hash(query, strlen(query));

    return (size_t)((h ^ h >> 32) % PLACES);
}

enum mg_status
mg_tools_search(const struct mg_tools *t, const char *query, struct mg_hits *hits, char text[MG_HITS_TEXT_MAX],
                struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t len = strlen(query), at = place_of(query);
    bool kept = t->cache != NULL && len > 0 && len < QUERY_MAX;

    if (kept && strcmp(t->cache->place[at].query, query) == 0) {
        *hits = t->cache->place[at].hits;
    } else {
        MG_TRY(mg_corpus_search(t->corpus, query, len, hits, err));
        if (kept) {
            memcpy(t->cache->place[at].query, query, len + 1);
            t->cache->place[at].hits = *hits;
        }
    }
    mg_corpus_hits_text(hits, text);
out:
    return st;
}

enum mg_status
mg_tools_open(const struct mg_tools *t, const struct mg_hits *hits, const char *number, char **page, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_page found = {0};
    int i = number[0] - '1';

    *page = NULL;
    if (number[0] == '\0' || number[1] != '\0' || i < 0 || i >= hits->n)
        return MG_OK;
    MG_TRY(mg_corpus_page(t->corpus, hits->hit[i].page, &found, err));
    *page = found.text;
    found.text = NULL;
out:
    mg_page_free(&found);
    return st;
}
