/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/corpus_words.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tools/corpus.h"

static const char *const stop_word[] = {
    "a",   "an",   "and",  "are", "at", "be", "by",  "did",  "do",   "does", "find",  "for",   "from", "had",
    "has", "have", "how",  "in",  "is", "it", "its", "look", "many", "me",   "much",  "name",  "of",   "on",
    "or",  "tell", "that", "the", "to", "up", "was", "were", "what", "when", "where", "which", "who",  "with"};

struct mg_word_reader {
    fts5_tokenizer does;
    Fts5Tokenizer *tokenizer;
};

static enum mg_status
find_api(sqlite3 *db, fts5_api **api, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *ask = NULL;

    *api = NULL;
    if (sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &ask, NULL) == SQLITE_OK) {
        sqlite3_bind_pointer(ask, 1, api, "fts5_api_ptr", NULL);
        sqlite3_step(ask);
    }
    MG_REQUIRE(*api != NULL, MG_INPUT, "this SQLite has no FTS5: %s", sqlite3_errmsg(db));
out:
    sqlite3_finalize(ask);
    return st;
}

enum mg_status
mg_word_reader_open(sqlite3 *db, struct mg_word_reader **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *options[] = {"remove_diacritics", "2"};
    struct mg_word_reader *r = NULL;
    fts5_api *api;
    void *context;

    MG_TRY(find_api(db, &api, err));
    MG_ALLOC(r, 1);
    MG_REQUIRE(api->xFindTokenizer(api, "unicode61", &context, &r->does) == SQLITE_OK &&
                   r->does.xCreate(context, options, 2, &r->tokenizer) == SQLITE_OK,
               MG_INPUT, "the FTS5 of this SQLite has no tokenizer unicode61 that removes diacritics");
    *out = r;
    r = NULL;
out:
    mg_word_reader_close(r);
    return st;
}

void
mg_word_reader_close(struct mg_word_reader *r)
{
    if (r == NULL)
        return;
    if (r->tokenizer != NULL)
        r->does.xDelete(r->tokenizer);
    free(r);
}

typedef int word_read(void *arg, int flags, const char *word, int len, int start, int end);

static enum mg_status
read_words(struct mg_word_reader *r, const char *text, size_t len, word_read *read, void *arg, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    int code;

    MG_REQUIRE(len <= INT_MAX, MG_INPUT, "a text of %zu bytes is too long to be searched by", len);
    code = r->does.xTokenize(r->tokenizer, arg, FTS5_TOKENIZE_QUERY, text, (int)len, read);
    MG_REQUIRE(code == SQLITE_OK || code == SQLITE_DONE, MG_FAIL, "the words of a text: %s", sqlite3_errstr(code));
out:
    return st;
}

static bool
is_stop_word(const char *word, size_t len)
{
    for (size_t i = 0; i < sizeof stop_word / sizeof *stop_word; i++)
        if (strlen(stop_word[i]) == len && memcmp(word, stop_word[i], len) == 0)
            return true;
    return false;
}

static bool
has_word(const struct mg_words *words, const char *word, size_t len)
{
    for (int i = 0; i < words->n; i++)
        if (words->word[i].len == len && memcmp(words->text + words->word[i].at, word, len) == 0)
            return true;
    return false;
}

struct splitting {
    struct mg_words *out;
    bool drop;
};

static int
add_word(void *arg, int flags, const char *word, int n, int start, int end)
{
    struct splitting *s = arg;
    struct mg_words *out = s->out;
    size_t len = (size_t)n, at = out->bytes + (out->n > 0);

    (void)flags, (void)start, (void)end;
    if ((s->drop && is_stop_word(word, len)) || has_word(out, word, len) || at + len > MG_WORDS_BYTES)
        return SQLITE_OK;
    if (out->n > 0)
        out->text[out->bytes] = ' ';
    memcpy(out->text + at, word, len);
    out->bytes = at + len;
    out->text[out->bytes] = '\0';
    out->word[out->n++] = (struct mg_word){(uint16_t)at, (uint16_t)len};
    return out->n < MG_WORDS_MAX ? SQLITE_OK : SQLITE_DONE;
}

enum mg_status
mg_words_split(struct mg_word_reader *r, struct mg_words *out, const char *text, size_t len, bool drop_stop_words,
               struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct splitting s = {out, drop_stop_words};

    out->n = 0;
    out->bytes = 0;
    out->text[0] = '\0';
    MG_TRY(read_words(r, text, len, add_word, &s, err));
    s.drop = false;
    if (out->n == 0)
        MG_TRY(read_words(r, text, len, add_word, &s, err));
out:
    return st;
}

struct titling {
    const struct mg_words *words;
    int n;
};

static int
count_word(void *arg, int flags, const char *word, int len, int start, int end)
{
    struct titling *t = arg;
    bool stop = is_stop_word(word, (size_t)len);

    (void)flags, (void)start, (void)end;
    if (!stop && !has_word(t->words, word, (size_t)len)) {
        t->n = 0;
        return SQLITE_DONE;
    }
    t->n += !stop;
    return SQLITE_OK;
}

enum mg_status
mg_words_title(struct mg_word_reader *r, const struct mg_words *words, const char *title, int *n, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct titling t = {words, 0};

    MG_TRY(read_words(r, title, strlen(title), count_word, &t, err));
    *n = t.n;
out:
    return st;
}

/* ---- Key words ---- */

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Length of the word at s without the punctuation at its ends; *skip gets what was cut in front. */
static size_t
trim(const char *s, size_t len, size_t *skip)
{
    size_t from = 0;

    while (len > from && strchr("?.,:;!\"()[]'", s[len - 1]))
        len--;
    while (from < len && strchr("?,:;!\"()['", s[from]))
        from++;
    *skip = from;
    return len - from;
}

size_t
mg_corpus_keywords(const char *sentence, char *out, size_t cap)
{
    size_t n = 0;

    while (*sentence) {
        size_t len = strcspn(sentence, " "), skip, m = trim(sentence, len, &skip);
        char word[8];

        for (size_t i = 0; i < m && i < sizeof word; i++)
            word[i] = lower(sentence[skip + i]);
        if (m > 0 && (m > sizeof word || !is_stop_word(word, m)) && n + m + 2 < cap) {
            if (n > 0)
                out[n++] = ' ';
            memcpy(out + n, sentence + skip, m);
            n += m;
        }
        sentence += len;
        sentence += *sentence == ' ';
    }
    out[n] = '\0';
    return n;
}
