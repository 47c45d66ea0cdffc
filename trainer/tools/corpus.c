/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/corpus.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/corpus_words.h"
#include "base/hash.h"

enum {
    CANDIDATES = 24,
    FREQUENT = 1500, /* pages that a word may be in before it is dropped: it costs time and says little */
    CACHE_SLOTS = 1 << 15,
    VERDICT_SLOTS = 1 << 12,
    VERDICT_BYTES = 64, /* of a word whose verdict is kept, its NUL included */
    MATCH_MAX = MG_WORDS_BYTES + 8 * MG_WORDS_MAX
};
static const double title_boost = 8;

struct cached {
    struct mg_hits hits;
    char query[]; /* the words of the query */
};

struct verdict {
    char word[VERDICT_BYTES];
    bool frequent;
};

struct mg_corpus {
    sqlite3 *db;
    sqlite3_stmt *search, *page, *find, *frequency;
    struct mg_word_reader *words;
    uint32_t n_pages;
    struct cached *cache[CACHE_SLOTS]; /* both direct-mapped: a newer query or word takes the slot */
    struct verdict verdict[VERDICT_SLOTS];
};

struct candidate {
    struct mg_hit hit;
    double score; /* smaller is better */
};

static const char *
path_of(const struct mg_corpus *c)
{
    const char *path = sqlite3_db_filename(c->db, "main");

    return path != NULL ? path : "";
}

static enum mg_status
prepare(struct mg_corpus *c, sqlite3_stmt **stmt, const char *sql, struct mg_err *err)
{
    if (sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL) != SQLITE_OK)
        return mg_fail(err, MG_INPUT, "the corpus %s cannot be read: %s", path_of(c), sqlite3_errmsg(c->db));
    return MG_OK;
}

static enum mg_status
count_pages(struct mg_corpus *c, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *count = NULL;

    MG_TRY(prepare(c, &count, "SELECT count(*) FROM docs", err));
    MG_REQUIRE(sqlite3_step(count) == SQLITE_ROW, MG_INPUT, "the corpus %s is damaged: %s", path_of(c),
               sqlite3_errmsg(c->db));
    c->n_pages = (uint32_t)sqlite3_column_int64(count, 0);
    MG_REQUIRE(c->n_pages > 0, MG_INPUT, "the corpus %s has no pages", path_of(c));
out:
    sqlite3_finalize(count);
    return st;
}

enum mg_status
mg_corpus_open(struct mg_corpus **out, const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_corpus *c = NULL;

    MG_ALLOC(c, 1);
    MG_REQUIRE(access(path, R_OK) == 0, MG_INPUT, "cannot open the corpus %s: %s", path, strerror(errno));
    MG_REQUIRE(sqlite3_open_v2(path, &c->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK, MG_INPUT,
               "cannot open the corpus %s: %s", path, c->db ? sqlite3_errmsg(c->db) : "out of memory");
    sqlite3_exec(c->db, "PRAGMA cache_size = -16384; PRAGMA mmap_size = 67108864", NULL, NULL, NULL);
    MG_TRY(count_pages(c, err));
    MG_TRY(mg_word_reader_open(c->db, &c->words, err));
    MG_REQUIRE(sqlite3_exec(c->db, "CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab('main', 'docs', 'row')", NULL,
                            NULL, NULL) == SQLITE_OK,
               MG_INPUT, "the corpus %s has no FTS5 table: %s", path, sqlite3_errmsg(c->db));
    MG_TRY(prepare(c, &c->search,
                   "SELECT rowid, title, substr(body, 1, 80), bm25(docs, 0, 8, 1) AS score FROM docs WHERE docs MATCH "
                   "?1 ORDER BY score, rowid LIMIT ?2",
                   err));
    MG_TRY(prepare(c, &c->page, "SELECT id, title, body FROM docs WHERE rowid = ?1", err));
    MG_TRY(prepare(c, &c->find, "SELECT rowid FROM docs WHERE id = ?1", err));
    MG_TRY(prepare(c, &c->frequency, "SELECT doc FROM temp.vocabulary WHERE term = ?1", err));
    *out = c;
    c = NULL;
out:
    if (st != MG_OK)
        mg_hint(err, "mgrpo world DIR writes one; mgrpo-corpus(5) describes the table");
    mg_corpus_close(c);
    return st;
}

void
mg_corpus_close(struct mg_corpus *c)
{
    if (!c)
        return;
    for (int i = 0; i < CACHE_SLOTS; i++)
        free(c->cache[i]);
    sqlite3_finalize(c->search);
    sqlite3_finalize(c->page);
    sqlite3_finalize(c->find);
    sqlite3_finalize(c->frequency);
    mg_word_reader_close(c->words);
    sqlite3_close(c->db);
    free(c);
}

uint32_t
mg_corpus_pages(const struct mg_corpus *c)
{
    return c->n_pages;
}

static enum mg_status
count_is_frequent(struct mg_corpus *c, const char *word, size_t len, bool *frequent, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    int code;

    sqlite3_bind_text(c->frequency, 1, word, (int)len, SQLITE_STATIC);
    code = sqlite3_step(c->frequency);
    MG_REQUIRE(code == SQLITE_ROW || code == SQLITE_DONE, MG_INPUT, "the corpus is damaged: %s", sqlite3_errmsg(c->db));
    *frequent = code == SQLITE_ROW && sqlite3_column_int64(c->frequency, 0) > FREQUENT;
out:
    sqlite3_reset(c->frequency);
    return st;
}

/* Whether more than FREQUENT pages have the word. Counting them reads the index, so the answer is cached. */
static enum mg_status
is_frequent(struct mg_corpus *c, const char *word, size_t len, bool *frequent, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct verdict *v = &c->verdict[mg_hash(word, len) % VERDICT_SLOTS];

    if (len < sizeof v->word && strlen(v->word) == len && memcmp(v->word, word, len) == 0) {
        *frequent = v->frequent;
        return MG_OK;
    }
    MG_TRY(count_is_frequent(c, word, len, frequent, err));
    if (len >= sizeof v->word)
        return MG_OK;
    memcpy(v->word, word, len);
    v->word[len] = '\0';
    v->frequent = *frequent;
out:
    return st;
}

/* Writes the FTS5 query: the words quoted and joined by OR, the frequent ones left out unless all are frequent. */
static enum mg_status
match_expression(struct mg_corpus *c, const struct mg_words *words, char out[MATCH_MAX], struct mg_err *err)
{
    enum mg_status st = MG_OK;
    bool frequent[MG_WORDS_MAX];
    int left = 0;
    size_t n = 0;

    for (int i = 0; i < words->n; i++) {
        MG_TRY(is_frequent(c, words->text + words->word[i].at, words->word[i].len, &frequent[i], err));
        left += !frequent[i];
    }
    for (int i = 0; i < words->n; i++)
        if (left == 0 || !frequent[i])
            n += (size_t)snprintf(out + n, MATCH_MAX - n, "%s\"%.*s\"", n ? " OR " : "", (int)words->word[i].len,
                                  words->text + words->word[i].at);
out:
    return st;
}

/* Copies text up to the first `stop`, or to cap - 1 bytes. */
static void
copy_cut(char *out, size_t cap, const char *text, char stop)
{
    size_t n = 0;

    while (text[n] && text[n] != stop && n < cap - 1)
        n++;
    while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) /* a cut inside a character takes all of it away */
        n--;
    while (n > 0 && text[n - 1] == ' ')
        n--;
    memcpy(out, text, n);
    out[n] = '\0';
}

static const char *
column(sqlite3_stmt *stmt, int i)
{
    const char *text = (const char *)sqlite3_column_text(stmt, i);

    return text ? text : "";
}

static int
by_score(const void *pa, const void *pb)
{
    const struct candidate *a = pa, *b = pb;

    if (a->score != b->score)
        return a->score < b->score ? -1 : 1;
    return (a->hit.page > b->hit.page) - (a->hit.page < b->hit.page);
}

static enum mg_status
rank(struct mg_corpus *c, const char *match, const struct mg_words *asked, struct mg_hits *hits, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct candidate found[CANDIDATES];
    int n = 0, code;

    sqlite3_bind_text(c->search, 1, match, -1, SQLITE_STATIC);
    sqlite3_bind_int(c->search, 2, CANDIDATES);
    while ((code = sqlite3_step(c->search)) == SQLITE_ROW && n < CANDIDATES) {
        struct candidate *f = &found[n++];
        int titled;

        f->hit.page = sqlite3_column_int64(c->search, 0);
        copy_cut(f->hit.title, sizeof f->hit.title, column(c->search, 1), '\0');
        copy_cut(f->hit.snippet, sizeof f->hit.snippet, column(c->search, 2), ';');
        MG_TRY(mg_words_title(c->words, asked, column(c->search, 1), &titled, err));
        f->score = sqlite3_column_double(c->search, 3) - title_boost * titled;
    }
    MG_REQUIRE(code == SQLITE_DONE || code == SQLITE_ROW, MG_INPUT, "the corpus is damaged: %s", sqlite3_errmsg(c->db));
    qsort(found, (size_t)n, sizeof *found, by_score);
    hits->n = n < MG_HITS ? n : MG_HITS;
    for (int i = 0; i < hits->n; i++)
        hits->hit[i] = found[i].hit;
out:
    sqlite3_reset(c->search);
    return st;
}

static enum mg_status
remember(struct cached **slot, const char *query, const struct mg_hits *hits, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = strlen(query) + 1;
    struct cached *entry = malloc(sizeof *entry + n);

    MG_REQUIRE(entry, MG_FAIL, "out of memory: %zu bytes", sizeof *entry + n);
    entry->hits = *hits;
    memcpy(entry->query, query, n);
    free(*slot);
    *slot = entry;
out:
    return st;
}

enum mg_status
mg_corpus_search(struct mg_corpus *c, const char *query, size_t len, struct mg_hits *hits, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_words words, asked;
    struct cached **slot;
    char match[MATCH_MAX];

    *hits = (struct mg_hits){0};
    MG_TRY(mg_words_split(c->words, &asked, query, len, false, err));
    MG_TRY(mg_words_split(c->words, &words, query, len, true, err));
    if (words.n == 0)
        goto out;
    slot = &c->cache[mg_hash(asked.text, strlen(asked.text)) % CACHE_SLOTS];
    if (*slot && strcmp((*slot)->query, asked.text) == 0) {
        *hits = (*slot)->hits;
        goto out;
    }
    MG_TRY(match_expression(c, &words, match, err));
    MG_TRY(rank(c, match, &asked, hits, err));
    MG_TRY(remember(slot, asked.text, hits, err));
out:
    return st;
}

static enum mg_status
copy_column(sqlite3_stmt *stmt, int i, char **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_STRDUP(*out, column(stmt, i));
out:
    return st;
}

enum mg_status
mg_corpus_page(struct mg_corpus *c, int64_t page, struct mg_page *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    int code;

    *out = (struct mg_page){0};
    sqlite3_bind_int64(c->page, 1, page);
    code = sqlite3_step(c->page);
    MG_REQUIRE(code == SQLITE_ROW || code == SQLITE_DONE, MG_INPUT, "the corpus is damaged: %s", sqlite3_errmsg(c->db));
    MG_REQUIRE(code == SQLITE_ROW, MG_INPUT, "the corpus has no page %lld", (long long)page);
    MG_TRY(copy_column(c->page, 0, &out->id, err));
    MG_TRY(copy_column(c->page, 1, &out->title, err));
    MG_TRY(copy_column(c->page, 2, &out->text, err));
out:
    sqlite3_reset(c->page);
    if (st != MG_OK)
        mg_page_free(out);
    return st;
}

void
mg_page_free(struct mg_page *page)
{
    free(page->id);
    free(page->title);
    free(page->text);
    *page = (struct mg_page){0};
}

enum mg_status
mg_corpus_find(struct mg_corpus *c, const char *id, int64_t *page, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    sqlite3_bind_text(c->find, 1, id, -1, SQLITE_STATIC);
    MG_REQUIRE(sqlite3_step(c->find) == SQLITE_ROW, MG_INPUT, "the corpus has no page with the id \"%.80s\"", id);
    *page = sqlite3_column_int64(c->find, 0);
out:
    sqlite3_reset(c->find);
    return st;
}

size_t
mg_corpus_hits_text(const struct mg_hits *hits, char out[MG_HITS_TEXT_MAX])
{
    size_t n = 0;

    for (int i = 0; i < hits->n; i++)
        n += (size_t)snprintf(out + n, MG_HITS_TEXT_MAX - n, "%s%d %s: %s", i ? " " : "", i + 1, hits->hit[i].title,
                              hits->hit[i].snippet);
    return hits->n ? n : (size_t)snprintf(out, MG_HITS_TEXT_MAX, "none");
}
