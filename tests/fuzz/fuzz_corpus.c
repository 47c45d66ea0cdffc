/* SPDX-License-Identifier: Apache-2.0 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "tools/corpus.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is a query, up to the first line's end, and rows of a corpus: a line each, with
 * tabs between id, title and text. A value that begins with \1 is a blob, with \2 is missing. What a search shows is
 * bounded, and its pages can be read.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLUMNS = 3, MAX_ROWS = 32 };
static char path[64];
static sqlite3 *db;
static sqlite3_stmt *insert;

static void
end(void)
{
    sqlite3_finalize(insert);
    sqlite3_close(db);
    unlink(path);
}

static void
begin(void)
{
    snprintf(path, sizeof path, "/dev/shm/fuzz_corpus.%ld", (long)getpid());
    unlink(path);
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db,
                     "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; CREATE VIRTUAL TABLE docs USING fts5(id "
                     "UNINDEXED, title, body, tokenize = 'unicode61 remove_diacritics 2')",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "INSERT INTO docs VALUES(?, ?, ?)", -1, &insert, NULL) != SQLITE_OK)
        abort();
    atexit(end);
}

static void
bind(int column, const char *value, size_t len)
{
    if (len > 0 && value[0] == 1)
        sqlite3_bind_blob(insert, column, value + 1, (int)len - 1, SQLITE_STATIC);
    else if (len > 0 && value[0] == 2)
        sqlite3_bind_null(insert, column);
    else
        sqlite3_bind_text(insert, column, value, (int)len, SQLITE_STATIC);
}

/* The bytes up to `stop`, or to the end of the text; *at goes behind them. */
static const char *
next(const char **at, const char *all, char stop, size_t *len)
{
    const char *from = *at, *to = memchr(from, stop, (size_t)(all - from));

    *len = (size_t)((to != NULL ? to : all) - from);
    *at = to != NULL ? to + 1 : all;
    return from;
}

static void
fill(const char *at, const char *all)
{
    sqlite3_exec(db, "BEGIN; DELETE FROM docs", NULL, NULL, NULL);
    for (int row = 0; at < all && row < MAX_ROWS; row++) {
        size_t len;
        const char *line = next(&at, all, '\n', &len), *stop = line + len;

        for (int i = 1; i <= COLUMNS; i++) {
            const char *value = next(&line, stop, '\t', &len);

            bind(i, value, len);
        }
        sqlite3_step(insert);
        sqlite3_reset(insert);
    }
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
}

static void
search(struct mg_corpus *c, const char *query, size_t len)
{
    struct mg_hits hits;
    struct mg_err err = {0};
    char text[MG_HITS_TEXT_MAX];

    if (mg_corpus_search(c, query, len, &hits, &err) != MG_OK)
        abort();
    if (hits.n > MG_HITS || mg_corpus_hits_text(&hits, text) >= sizeof text)
        abort();
    for (int i = 0; i < hits.n; i++) {
        struct mg_page page = {0};

        if (strlen(hits.hit[i].title) >= MG_TITLE_MAX || strlen(hits.hit[i].snippet) >= MG_SNIPPET_MAX ||
            mg_corpus_page(c, hits.hit[i].page, &page, &err) != MG_OK)
            abort();
        mg_page_free(&page);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *all = at + size, *query;
    struct mg_corpus *c = NULL;
    struct mg_err err = {0};
    size_t len;

    if (db == NULL)
        begin();
    query = next(&at, all, '\n', &len);
    fill(at, all);
    if (mg_corpus_open(&c, path, &err) != MG_OK) {
        if (err.text[0] == '\0')
            abort();
        return 0;
    }
    search(c, query, len);
    mg_corpus_close(c);
    return 0;
}
