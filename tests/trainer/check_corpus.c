/* SPDX-License-Identifier: Apache-2.0 */
/* The search tool over a small corpus of its own: ranking, opening, hostile queries, damaged files. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/corpus.h"
#include "tools/corpus_words.h"
#include "suite.h"

enum { FILLERS = 1600 }; /* more pages than the limit for a frequent word */

static const char path[] = "check_corpus.db";
static struct mg_corpus *corpus;

static void
exec(sqlite3 *db, const char *sql)
{
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
}

static void
write_corpus(void)
{
    sqlite3 *db;
    char sql[200];

    unlink(path);
    ck_assert(sqlite3_open(path, &db) == SQLITE_OK);
    exec(db, "BEGIN; CREATE VIRTUAL TABLE docs USING fts5(id UNINDEXED, title, body, tokenize = 'unicode61 "
             "remove_diacritics 2')");
    exec(db, "INSERT INTO docs VALUES ('country:PE', 'Peru', 'country in South America; capital: Lima; filler')");
    exec(db, "INSERT INTO docs VALUES ('city:Lima', 'Lima', 'city in Peru, a place whose first part is long; country: "
             "Peru')");
    exec(db, "INSERT INTO docs VALUES ('region:Lima', 'Lima region', 'region of Peru; largest city: Lima')");
    exec(db, "INSERT INTO docs VALUES ('twin:a', 'Twin', 'same'), ('twin:b', 'Twin', 'same')");
    exec(db, "INSERT INTO docs VALUES ('utf', '\xc3\x85land', 'na\xc3\xafve caf\xc3\xa9 text of more than forty "
             "byt\xc3\xa9s "
             "\xc3\xa9\xc3\xa9\xc3\xa9')");
    for (int i = 0; i < FILLERS; i++) {
        snprintf(sql, sizeof sql, "INSERT INTO docs VALUES ('f:%d', 'Filler%d', 'filler number%d')", i, i, i);
        exec(db, sql);
    }
    exec(db, "COMMIT");
    sqlite3_close(db);
}

static void
setup(void)
{
    write_corpus();
    mg_err_clear(&err);
    ck_assert_msg(mg_corpus_open(&corpus, path, &err) == MG_OK, "%s", err.text);
}

static void
teardown(void)
{
    mg_corpus_close(corpus);
    unlink(path);
}

static struct mg_hits
search(const char *query, size_t len)
{
    struct mg_hits hits;

    ck_assert_msg(mg_corpus_search(corpus, query, len, &hits, &err) == MG_OK, "%s", err.text);
    ck_assert_int_le(hits.n, MG_HITS);
    return hits;
}

static struct mg_hits
find(const char *query)
{
    return search(query, strlen(query));
}

START_TEST(title_wins)
{
    struct mg_hits hits = find("country of Lima");

    ck_assert_int_ge(hits.n, 2);
    ck_assert_str_eq(hits.hit[0].title, "Lima");
    ck_assert_str_eq(hits.hit[0].snippet, "city in Peru, a place whose first part i");
    hits = find("What is the country of Lima region?");
    ck_assert_str_eq(hits.hit[0].title, "Lima region");
    hits = find("capital PERU");
    ck_assert_str_eq(hits.hit[0].title, "Peru");
    ck_assert_str_eq(hits.hit[0].snippet, "country in South America");
}
END_TEST

START_TEST(frequent_words_step_back)
{
    struct mg_hits hits = find("filler twin");

    ck_assert_int_eq(hits.n, 2); /* with the frequent word there would be more */
    ck_assert_str_eq(hits.hit[0].title, "Twin");
    ck_assert_str_eq(hits.hit[1].title, "Twin");
    hits = find("filler"); /* the only word, so it counts */
    ck_assert_int_eq(hits.n, MG_HITS);
}
END_TEST

START_TEST(ties_fall_to_the_lower_page)
{
    struct mg_hits first = find("twin"), again;

    ck_assert_int_eq(first.n, 2);
    ck_assert_int_eq(first.hit[0].page + 1, first.hit[1].page);
    again = find("twin"); /* from the cache */
    ck_assert_int_eq(first.hit[0].page, again.hit[0].page);
    again = find("  TWIN, twin?");
    ck_assert_int_eq(first.hit[0].page, again.hit[0].page);
}
END_TEST

START_TEST(nothing_to_find)
{
    char text[MG_HITS_TEXT_MAX];
    struct mg_hits hits = find("who were they");

    ck_assert_int_eq(hits.n, 0);
    ck_assert_int_eq(find("").n, 0);
    ck_assert_int_eq(find("zzyzx").n, 0);
    ck_assert_uint_eq(mg_corpus_hits_text(&hits, text), 4);
    ck_assert_str_eq(text, "none");
}
END_TEST

START_TEST(utf8_is_cut_at_characters)
{
    struct mg_hits hits = find("\xc3\x85land");

    ck_assert_int_eq(hits.n, 1);
    ck_assert_str_eq(hits.hit[0].snippet, "na\xc3\xafve caf\xc3\xa9 text of more than forty byt");
}
END_TEST

START_TEST(hits_text)
{
    struct mg_hits hits = find("Peru");
    char text[MG_HITS_TEXT_MAX], *rest;

    ck_assert_int_eq(hits.n, 3);
    ck_assert_uint_eq(mg_corpus_hits_text(&hits, text), strlen(text));
    ck_assert(strncmp(text, "1 Peru: country in South America 2 Lima", 39) == 0);
    rest = strstr(text, " 3 ");
    ck_assert_ptr_nonnull(rest);
}
END_TEST

static const struct {
    const char *text;
    size_t len;
} hostile[] = {
    {"\"", 1},
    {"\" OR docs MATCH \"Peru", 21},
    {"Peru\0Lima", 9},
    {"title:Peru AND (NOT NEAR(lima", 29},
    {"* ^ - + : { } ( )", 17},
    {"'; DROP TABLE docs; --", 22},
    {"\xff\xfe\x80 Peru \xc3", 10},
    {"%s%n%s%n Lima", 13},
    {"AND OR NOT NEAR", 15},
};

START_TEST(hostile_queries_are_words)
{
    search(hostile[_i].text, hostile[_i].len);
    ck_assert_str_eq(find("Peru").hit[0].title, "Peru"); /* the table is still there */
}
END_TEST

START_TEST(nul_separates_words)
{
    struct mg_hits hits = search("Peru\0Lima", 9);

    ck_assert_int_eq(hits.n, 3);
    ck_assert_int_eq(search("region\0Lima", 11).hit[0].page, find("Lima region").hit[0].page);
}
END_TEST

START_TEST(huge_queries)
{
    static char text[10240];

    memset(text, 'x', sizeof text);
    ck_assert_int_eq(search(text, sizeof text).n, 0);
    for (size_t i = 0; i + 8 <= sizeof text; i += 8)
        memcpy(text + i, i % 16 ? "\"filler " : "Peru OR ", 8);
    ck_assert_int_ge(search(text, sizeof text).n, 1);
    for (size_t i = 0; i + 5 < sizeof text; i += 5)
        snprintf(text + i, 6, "w%03zu ", i / 5 % 1000);
    search(text, sizeof text);
}
END_TEST

START_TEST(pages)
{
    struct mg_page page;
    int64_t key;

    ck_assert_uint_eq(mg_corpus_pages(corpus), FILLERS + 6);
    ck_assert_int_eq(mg_corpus_find(corpus, "region:Lima", &key, &err), MG_OK);
    ck_assert_int_eq(mg_corpus_page(corpus, key, &page, &err), MG_OK);
    ck_assert_str_eq(page.id, "region:Lima");
    ck_assert_str_eq(page.title, "Lima region");
    ck_assert_str_eq(page.text, "region of Peru; largest city: Lima");
    mg_page_free(&page);
    mg_fails(mg_corpus_page(corpus, 1 << 30, &page, &err), MG_INPUT, "1073741824");
    mg_fails(mg_corpus_find(corpus, "no such id", &key, &err), MG_INPUT, "no such id");
}
END_TEST

/* Opens and searches a file that is no corpus; every failure must be one of input, with a sentence. */
static void
expect_refusal(void)
{
    struct mg_corpus *bad = NULL;
    struct mg_hits hits;
    enum mg_status st;

    mg_err_clear(&err);
    st = mg_corpus_open(&bad, path, &err);
    if (st == MG_OK)
        st = mg_corpus_search(bad, "filler", 6, &hits, &err);
    mg_corpus_close(bad);
    ck_assert_int_eq(st, MG_INPUT);
    ck_assert_uint_gt(strlen(err.text), 20);
}

START_TEST(damaged_files)
{
    FILE *f = fopen(path, "r+b");

    ck_assert_ptr_nonnull(f);
    for (long at = 4096; at < 300000; at += 512) {
        fseek(f, at, SEEK_SET);
        fputs("\xde\xad\xbe\xef\xde\xad\xbe\xef\xde\xad\xbe\xef\xde\xad\xbe\xef", f);
    }
    fclose(f);
    expect_refusal();
    f = fopen(path, "wb");
    fputs("this is no database, whatever its name says; it goes on for a while to be longer than a header of one", f);
    fclose(f);
    expect_refusal();
    f = fopen(path, "wb"); /* an empty file is an empty database */
    fclose(f);
    expect_refusal();
    unlink(path);
    expect_refusal();
}
END_TEST

START_TEST(keywords)
{
    char out[64];

    ck_assert_uint_eq(mg_corpus_keywords("What is the capital of Peru?", out, sizeof out), 12);
    ck_assert_str_eq(out, "capital Peru");
    mg_corpus_keywords("Find the population of Washington, D.C.", out, sizeof out);
    ck_assert_str_eq(out, "population Washington D.C");
    mg_corpus_keywords("What is the capital of N'Djamena (\"x\") +51?", out, sizeof out);
    ck_assert_str_eq(out, "capital N'Djamena x +51");
    mg_corpus_keywords("  the   of  ", out, sizeof out);
    ck_assert_str_eq(out, "");
    mg_corpus_keywords("alpha beta gamma", out, 12);
    ck_assert_str_eq(out, "alpha beta");
}
END_TEST

/* The words of a text, joined by spaces. */
static void
split(const char *text, bool drop_stop_words, struct mg_words *out)
{
    struct mg_word_reader *r = NULL;
    sqlite3 *db;

    ck_assert(sqlite3_open(":memory:", &db) == SQLITE_OK);
    ck_assert_msg(mg_word_reader_open(db, &r, &err) == MG_OK, "%s", err.text);
    ck_assert_msg(mg_words_split(r, out, text, strlen(text), drop_stop_words, &err) == MG_OK, "%s", err.text);
    mg_word_reader_close(r);
    sqlite3_close(db);
}

static int
titled(const struct mg_words *w, const char *title)
{
    struct mg_word_reader *r = NULL;
    sqlite3 *db;
    int n = -1;

    ck_assert(sqlite3_open(":memory:", &db) == SQLITE_OK);
    ck_assert_msg(mg_word_reader_open(db, &r, &err) == MG_OK, "%s", err.text);
    ck_assert_int_eq(mg_words_title(r, w, title, &n, &err), MG_OK);
    mg_word_reader_close(r);
    sqlite3_close(db);
    return n;
}

START_TEST(words)
{
    struct mg_words w;

    split("The capital, CAPITAL of A-B", true, &w);
    ck_assert_str_eq(w.text, "capital b");
    ck_assert_int_eq(titled(&w, "Capital B"), 2);
    ck_assert_int_eq(titled(&w, "Capital of B"), 2);
    ck_assert_int_eq(titled(&w, "Capital C"), 0);
    ck_assert_int_eq(titled(&w, "the"), 0);
    split("S\xc3\xa3o Paulo\xe2\x80\x94Lima", true, &w);
    ck_assert_str_eq(w.text, "sao paulo lima");
    ck_assert_int_eq(titled(&w, "LIMA (Sa\xcc\x83o Paulo)"), 3);
}
END_TEST

/* Where the index ends a word, a query does. */
static const struct {
    const char *query, *title;
} typography[] = {
    {"Twin\xe2\x80\x94region", "Twin"},     /* an em dash */
    {"Twin\xe2\x80\xa6population", "Twin"}, /* an ellipsis */
    {"\xe2\x80\x9cLima\xe2\x80\x9d"
     "population",
     "Lima"},                              /* curly quotes */
    {"Twin\xe2\x80\x93Tokyo", "Twin"},     /* an en dash */
    {"Twin\xef\xbc\x8cTokyo", "Twin"},     /* a full-width comma */
    {"Lima\xe2\x80\x99s founded", "Lima"}, /* a curly apostrophe */
    {"Twin\xc2\xa0population", "Twin"},    /* a no-break space */
    {"Twin\xe3\x80\x82", "Twin"},          /* an ideographic full stop */
    {"\xc2\xbfTwin?", "Twin"},             /* an inverted question mark */
    {"\xc3\xa5land", "\xc3\x85land"},      /* another case */
    {"A\xcc\x8aLAND", "\xc3\x85land"},     /* a combining ring */
    {"naive", "\xc3\x85land"},             /* without a mark */
};

START_TEST(typography_ends_words)
{
    struct mg_hits hits = find(typography[_i].query);

    ck_assert_int_ge(hits.n, 1);
    ck_assert_str_eq(hits.hit[0].title, typography[_i].title);
}
END_TEST

/* Stop words count where a query has no others. */
START_TEST(stop_words_alone_are_searched_by)
{
    struct mg_words w;

    ck_assert_str_eq(find("Whose is it?").hit[0].title, "Lima");
    ck_assert_str_eq(find("is").hit[0].title, "Lima");
    split("The Who", true, &w);
    ck_assert_str_eq(w.text, "the who");
    split("The Who?", false, &w);
    ck_assert_str_eq(w.text, "the who");
    split("the", true, &w);
    ck_assert_str_eq(w.text, "the");
}
END_TEST

/* A word of any length counts as long as all of them are not too long together; what is too long is left out whole. */
START_TEST(long_words)
{
    static char text[3 * MG_WORDS_BYTES];
    struct mg_words w;

    memset(text, 'x', 500);
    strcpy(text + 500, " lima");
    split(text, true, &w);
    ck_assert_uint_eq(strlen(w.text), 505);
    memset(text, 'x', 2 * MG_WORDS_BYTES);
    strcpy(text + 2 * MG_WORDS_BYTES, " lima");
    split(text, true, &w);
    ck_assert_str_eq(w.text, "lima");
}
END_TEST

int
main(void)
{
    TCase *tc = suite_case("corpus", setup, teardown, 60);

    suite_tests(tc, title_wins, frequent_words_step_back, ties_fall_to_the_lower_page, nothing_to_find,
                utf8_is_cut_at_characters, hits_text, nul_separates_words, huge_queries, pages, damaged_files, keywords,
                words, stop_words_alone_are_searched_by, long_words);
    tcase_add_loop_test(tc, typography_ends_words, 0, sizeof typography / sizeof *typography);
    tcase_add_loop_test(tc, hostile_queries_are_words, 0, sizeof hostile / sizeof *hostile);
    return suite_main();
}
