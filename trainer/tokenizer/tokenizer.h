/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TOKENIZER_H
#define MGRPO_TOKENIZER_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Byte-level BPE read from a Hugging Face tokenizer.json. The ids equal those of the `tokenizers` library on the same
 * file with add_special_tokens off (the post_processor, which only adds such tokens, is not applied). Added tokens have
 * the ids that the file gives them, where that library renumbers a file whose ids do not follow on from the vocabulary.
 *
 * Read: normalizer NFC, NFKC or a Sequence of them; model BPE (vocab, merges as "a b" or ["a", "b"], ignore_merges,
 * unk_token); pre_tokenizer ByteLevel alone or a Sequence of Digits and Split (a regular expression, behavior Isolated)
 * that ends in ByteLevel; added_tokens; decoder ByteLevel. Refused with a sentence, never skipped: other normalizers,
 * byte_fallback, dropout, sub-word prefixes and suffixes, truncation, padding, added tokens that strip or want word
 * borders, and regular expressions outside the part of the syntax on which PCRE2 and Oniguruma agree. Character classes
 * are those of the Unicode version of the PCRE2 library, normal forms those of utf8proc's.
 *
 * Text is bytes. A maximal stretch that is not UTF-8 is one word of its own: no normalizer and no regular expression
 * sees it, and its bytes are merged like any word. Time is O(n log n) in the length of the longest word.
 *
 * A tokenizer keeps a cache of words: one thread at a time uses it.
 */
struct mg_tokenizer;

enum {
    MG_VOCAB_MAX = 1 << 20,       /* ids are 0 .. MG_VOCAB_MAX - 1 */
    MG_TOKENIZE_BYTES = 256 << 20 /* longest text of one call */
};

enum mg_encode_flag {
    MG_ENCODE_SPECIALS =
        1 /* text that spells a special token becomes that token; without it, such text is plain text */
};
enum mg_decode_flag {
    MG_DECODE_SKIP_SPECIALS = 1 /* special tokens give no bytes */
};

/* Growable lists; start from {0}, free with the functions below. Callers may set n = 0 to reuse the memory. */
struct mg_token_list {
    int32_t *id;
    size_t n, room;
};
struct mg_token_text {
    char *data; /* n bytes and a NUL; NULL while room is 0 */
    size_t n, room;
};
void mg_token_list_free(struct mg_token_list *list);
void mg_token_text_free(struct mg_token_text *text);

enum mg_status mg_tokenizer_load(const char *path, struct mg_tokenizer **tok, struct mg_err *err);
/* The same from memory; `name` stands for the path in messages. */
enum mg_status mg_tokenizer_parse(const char *json, size_t len, const char *name, struct mg_tokenizer **tok,
                                  struct mg_err *err);
void mg_tokenizer_free(struct mg_tokenizer *tok);

/*
 * Appends the ids of text[0..len) to `ids`; `flags` is an or of enum mg_encode_flag. Added tokens that are not special
 * are always matched. On failure ids->n is as before. MG_INPUT: the text is too long, or holds a byte without a piece
 * when the file names no unk_token, or a regular expression of the file exceeds its step limit.
 */
enum mg_status mg_tokenizer_encode(struct mg_tokenizer *tok, const char *text, size_t len, unsigned flags,
                                   struct mg_token_list *ids, struct mg_err *err);

/*
 * Appends the bytes of n ids to `text`; `flags` is an or of enum mg_decode_flag. The bytes need not be UTF-8, since a
 * character may be spread over tokens. MG_INPUT: an id without a piece; text->n is as before.
 */
enum mg_status mg_tokenizer_decode(const struct mg_tokenizer *tok, const int32_t *id, size_t n, unsigned flags,
                                   struct mg_token_text *text, struct mg_err *err);

/*
 * From now on no text becomes the token `id`, whatever the file says of it: it counts as special, which
 * MG_ENCODE_SPECIALS alone reads, no merge and no whole word gives it, and where it stood for a byte that the
 * vocabulary lacks, such a text is MG_INPUT.
 */
void mg_tokenizer_reserve(struct mg_tokenizer *tok, int32_t id);

/* A sentence on the versions of Unicode that ids depend on, where the file has a Split with classes of characters or a
 * normalizer; else NULL. */
const char *mg_tokenizer_unicode(const struct mg_tokenizer *tok);

/* The id of the added token or vocabulary entry spelt `content` in the file, or -1. */
int32_t mg_tokenizer_id_of(const struct mg_tokenizer *tok, const char *content);
/* The bytes that `id` stands for (NUL-terminated, *len of them), or NULL where the file has no such id. */
const char *mg_tokenizer_piece(const struct mg_tokenizer *tok, int32_t id, size_t *len);
/* Highest id + 1: the rows that an embedding needs. */
int32_t mg_tokenizer_vocab_size(const struct mg_tokenizer *tok);

#endif
