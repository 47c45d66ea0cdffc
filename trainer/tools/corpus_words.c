/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/corpus_words.h"

#include <string.h>

#include "tools/corpus.h"

static const char *const stop_word[] = {
    "a",   "an",   "and",  "are", "at", "be", "by",  "did",  "do",   "does", "find",  "for",   "from", "had",
    "has", "have", "how",  "in",  "is", "it", "its", "look", "many", "me",   "much",  "name",  "of",   "on",
    "or",  "tell", "that", "the", "to", "up", "was", "were", "what", "when", "where", "which", "who",  "with"};

static bool
is_word_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
is_stop_word(const char *word)
{
    for (size_t i = 0; i < sizeof stop_word / sizeof *stop_word; i++)
        if (strcmp(word, stop_word[i]) == 0)
            return true;
    return false;
}

static bool
has_word(const struct mg_words *words, const char *word)
{
    for (int i = 0; i < words->n; i++)
        if (strcmp(words->word[i], word) == 0)
            return true;
    return false;
}

/* Reads the next word of [*at, len) into `word`, cut and lowered; false at the end. */
static bool
next_word(const char *text, size_t len, size_t *at, char word[MG_WORD_MAX])
{
    size_t n = 0;

    while (*at < len && !is_word_byte(text[*at]))
        ++*at;
    for (; *at < len && is_word_byte(text[*at]); ++*at)
        if (n < MG_WORD_MAX - 1)
            word[n++] = lower(text[*at]);
    word[n] = '\0';
    return n > 0;
}

void
mg_words_split(struct mg_words *out, const char *text, size_t len, bool drop_stop_words)
{
    size_t at = 0, n = 0;
    char word[MG_WORD_MAX];

    out->n = 0;
    out->text[0] = '\0';
    while (out->n < MG_WORDS_MAX && next_word(text, len, &at, word)) {
        size_t m = strlen(word);

        if ((drop_stop_words && is_stop_word(word)) || has_word(out, word))
            continue;
        memcpy(out->word[out->n++], word, m + 1);
        if (n > 0)
            out->text[n++] = ' ';
        memcpy(out->text + n, word, m + 1);
        n += m;
    }
}

int
mg_words_title(const struct mg_words *words, const char *title)
{
    size_t at = 0, len = strlen(title);
    char word[MG_WORD_MAX];
    int n = 0;

    while (next_word(title, len, &at, word)) {
        if (!has_word(words, word) && !is_stop_word(word))
            return 0;
        n += !is_stop_word(word);
    }
    return n;
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
        char word[MG_WORD_MAX];

        for (size_t i = 0; i < m && i < sizeof word - 1; i++)
            word[i] = lower(sentence[skip + i]);
        word[m < sizeof word - 1 ? m : sizeof word - 1] = '\0';
        if (m > 0 && !is_stop_word(word) && n + m + 2 < cap) {
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
