/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_CORPUS_WORDS_H
#define MGRPO_CORPUS_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    MG_WORDS_MAX = 32, /* different words of a query that count */
    MG_WORD_MAX = 64   /* bytes of a word that count, its NUL included */
};

/* The different words of a text, ASCII letters in lower case, in the order of their first appearance. */
struct mg_words {
    int n;
    char word[MG_WORDS_MAX][MG_WORD_MAX];
    char text[MG_WORDS_MAX * MG_WORD_MAX]; /* the words joined by spaces: the normalised text */
};

/* Splits any bytes; a word is a run of ASCII letters, digits and bytes above 0x7f. */
void mg_words_split(struct mg_words *out, const char *text, size_t len, bool drop_stop_words);

/* Number of words of a title that are no stop words, if all of them are among `words`; else 0. */
int mg_words_title(const struct mg_words *words, const char *title);

#endif
