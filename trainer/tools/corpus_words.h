/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_CORPUS_WORDS_H
#define MGRPO_CORPUS_WORDS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
    MG_WORDS_MAX = 32,    /* different words of a query that count */
    MG_WORDS_BYTES = 2048 /* bytes of them and of the spaces between; what would go beyond does not count */
};

/* The different words of a text, as the index of a corpus has them, in the order of their first appearance. */
struct mg_words {
    int n;
    struct mg_word {
        uint16_t at, len; /* in `text` */
    } word[MG_WORDS_MAX];
    size_t bytes;
    char text[MG_WORDS_BYTES + 1]; /* the words joined by spaces */
};

/*
 * Reads the words of any bytes as FTS5's tokenizer "unicode61 remove_diacritics 2" does: runs of letters, digits and
 * marks, without case and diacritics. It belongs to a connection and is closed before that.
 */
struct mg_word_reader;
/* MG_INPUT: this SQLite has no FTS5. */
enum mg_status mg_word_reader_open(sqlite3 *db, struct mg_word_reader **out, struct mg_err *err);
void mg_word_reader_close(struct mg_word_reader *r); /* accepts NULL */

/* Without `drop_stop_words`, or where all words are stop words, these are words as others are. */
enum mg_status mg_words_split(struct mg_word_reader *r, struct mg_words *out, const char *text, size_t len,
                              bool drop_stop_words, struct mg_err *err);

/* *n: the words of a title that are no stop words, if all of them are among `words`; else 0. */
enum mg_status mg_words_title(struct mg_word_reader *r, const struct mg_words *words, const char *title, int *n,
                              struct mg_err *err);

#endif
