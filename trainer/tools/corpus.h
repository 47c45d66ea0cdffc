/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_CORPUS_H
#define MGRPO_CORPUS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/*
 * The search agent's two tools over a corpus (mgrpo-corpus(5)): `search` and `open`. The database is opened read-only.
 * One thread at a time may use a corpus; open it once per thread.
 */
struct mg_corpus;

enum {
    MG_HITS = 3,           /* pages that a search shows */
    MG_TITLE_MAX = 128,    /* bytes of a title in a hit, its NUL included; longer ones are cut */
    MG_SNIPPET_MAX = 41,   /* bytes of a snippet, its NUL included */
    MG_HITS_TEXT_MAX = 640 /* bytes of the hits as the agent reads them */
};

struct mg_hit {
    int64_t page; /* key for mg_corpus_page */
    char title[MG_TITLE_MAX];
    char snippet[MG_SNIPPET_MAX]; /* the text up to its first ';', cut at 40 bytes */
};

struct mg_hits {
    int n; /* 0..MG_HITS */
    struct mg_hit hit[MG_HITS];
};

/* A page; the strings belong to the caller (mg_page_free). */
struct mg_page {
    char *id, *title, *text;
};

/* MG_INPUT: no such file, not a database, or a database without the table of a corpus. */
enum mg_status mg_corpus_open(struct mg_corpus **out, const char *path, struct mg_err *err);
void mg_corpus_close(struct mg_corpus *corpus); /* accepts NULL */

/* Number of pages. */
uint32_t mg_corpus_pages(const struct mg_corpus *corpus);

/*
 * Ranks pages for any bytes at all: words are those of FTS5's tokenizer unicode61, at most 32 of them; stop words go,
 * and words in more than 1,500 pages go, each unless none is left; pages with any of the words are ranked by BM25
 * (title 8, text 1), the best 24 gain 8 for each word of a title that lies whole in the query, and ties fall to the
 * lower page. No words, no hits. MG_INPUT where the database turns out to be damaged.
 */
enum mg_status mg_corpus_search(struct mg_corpus *corpus, const char *query, size_t len, struct mg_hits *hits,
                                struct mg_err *err);

/* Reads a page by its key; a key that no hit gave is MG_INPUT. */
enum mg_status mg_corpus_page(struct mg_corpus *corpus, int64_t page, struct mg_page *out, struct mg_err *err);
void mg_page_free(struct mg_page *page);

/* The key of the page with a given id ("country:PE"), or MG_INPUT. Slow: reads the table through. */
enum mg_status mg_corpus_find(struct mg_corpus *corpus, const char *id, int64_t *page, struct mg_err *err);

/* The hits as the agent reads them: "1 Peru: country in South America 2 ...", or "none". Returns the length. */
size_t mg_corpus_hits_text(const struct mg_hits *hits, char out[MG_HITS_TEXT_MAX]);

/*
 * The key words of a sentence, as a good agent searches: its words without punctuation at their ends and without stop
 * words, case and order kept, one space between them. Writes at most cap bytes, the NUL included; returns the length.
 */
size_t mg_corpus_keywords(const char *sentence, char *out, size_t cap);

#endif
