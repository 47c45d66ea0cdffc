/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TOKENIZER_INTERNAL_H
#define MGRPO_TOKENIZER_INTERNAL_H

#include "base/unicode.h"
#include "tokenizer/tokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <jansson.h>
#include <pcre2.h>
#include <stdbool.h>

enum {
    TOK_STAGES = 8,         /* most steps of a pre_tokenizer Sequence */
    TOK_ADDED = 16384,      /* most added tokens */
    TOK_UNICODE = 256,      /* bytes of a sentence */
    TOK_PROBES = 512,       /* longest probe sequence in a hash table; at half load only crafted keys come near it */
    TOK_CACHE_SLOTS = 16384 /* power of two; one cache line each, 1 MiB in all */
};

/* One id: the string of the file (byte-level characters) and the bytes that it stands for, both NUL-terminated. */
struct tok_piece {
    char *spelling, *bytes;
    uint32_t spelling_len, bytes_len;
    bool special;
    bool in_model; /* an entry of model.vocab; false for an added token that the model does not know */
};

/* spelling -> id; open addressing over piece[]; slot = id + 1, 0 when empty. */
struct tok_names {
    uint32_t *slot;
    uint32_t mask;
};

/* (left id, right id) -> (rank, merged id); open addressing; rank_plus_1 = 0 when empty; merged = -1 when forbidden. */
struct tok_merge {
    int32_t left, right, merged;
    uint32_t rank_plus_1;
};
struct tok_merges {
    struct tok_merge *slot;
    uint32_t mask;
};

struct tok_added {
    const char *content; /* as it is matched: the spelling of its piece, or `normal` */
    char *normal;        /* that in the file's normal form, where it is another */
    uint32_t len;
    int32_t id;
    bool special, normalized;
};

/* What is done to a text before it is cut, added tokens that are not normalised apart. */
enum tok_normal { TOK_AS_IT_IS, TOK_NFC, TOK_NFKC };

/* Pieces of text are cut at the matches of `code`; NULL cuts nothing. */
struct tok_stage {
    pcre2_code *code;
    bool prefix_space;
};

/* A word of up to sizeof text bytes and 9 ids. n = 0 when empty. */
struct tok_cached {
    char text[26];
    uint8_t len, n;
    int32_t id[9];
};

/* Working memory of one word: a linked list of symbols and a heap of rank << 32 | position. */
struct tok_symbol {
    int32_t id; /* -1 once merged into its left neighbour */
    uint32_t prev, next;
};
struct tok_work {
    struct tok_symbol *symbol;
    uint64_t *heap;
    size_t room;
};

struct mg_tokenizer {
    struct tok_piece *piece; /* [vocab_size] */
    int32_t vocab_size;
    struct tok_names names;
    struct tok_merges merges;
    int32_t byte_id[256]; /* -1: the vocabulary has no such byte */
    bool ignore_merges;
    enum tok_normal normal;
    bool classed;              /* a Split of the file has classes of characters */
    char unicode[TOK_UNICODE]; /* a sentence on the version of Unicode, or "" */
    struct tok_added *added;   /* longest content first */
    size_t n_added;
    bool added_first[2][256]; /* [normalized][first byte of an added token] */
    struct tok_stage stage[TOK_STAGES];
    int n_stages;
    pcre2_match_context *match_context;
    pcre2_match_data *match_data;
    pcre2_jit_stack *jit_stack;
    struct tok_cached *cache; /* [TOK_CACHE_SLOTS] */
    struct tok_work work;
};

/* ---- Hash tables ---- */
/* The mask of a table for n entries: its places are mask + 1, a power of two, and at most half of them are taken. */
uint32_t mg_tok_table_mask(size_t n);
/* The id of a spelling, or -1. */
int32_t mg_tok_names_find(const struct mg_tokenizer *tok, const char *spelling, size_t len);
enum mg_status mg_tok_names_add(struct mg_tokenizer *tok, int32_t id, struct mg_err *err);
const struct tok_merge *mg_tok_merges_find(const struct tok_merges *merges, int32_t left, int32_t right);
/* No pair gives the id `merged` from now on. */
void mg_tok_merges_forbid(struct tok_merges *merges, int32_t merged);
/* A pair that is there already takes the new rank, as in the `tokenizers` library. */
enum mg_status mg_tok_merges_put(struct tok_merges *merges, struct tok_merge entry, struct mg_err *err);

/* ---- The byte-level alphabet: one character of 1 or 2 UTF-8 bytes for each byte ---- */
/* Writes the character of `byte` to dst and returns its length. */
size_t mg_tok_byte_spell(uint8_t byte, char dst[2]);
/* The bytes of a spelling to dst (room for len); false where a character is outside the alphabet. */
bool mg_tok_bytes_of(const char *spelling, size_t len, char *dst, uint32_t *dst_len);
/* Length of the longest prefix that is valid UTF-8, and of the longest stretch without a valid character start. */
size_t mg_tok_utf8_valid(const char *text, size_t len);
size_t mg_tok_utf8_invalid(const char *text, size_t len);

/* ---- Reading the file; `name` is its path for messages ---- */

/* The whole file. */
enum mg_status mg_tok_load_json(struct mg_tokenizer *tok, const json_t *root, const char *name, struct mg_err *err);
/* model.vocab and added_tokens to piece, names, added. */
enum mg_status mg_tok_load_vocab(struct mg_tokenizer *tok, const json_t *vocab, const json_t *added, const char *name,
                                 struct mg_err *err);
/* The other members of `model`; needs the vocabulary. */
enum mg_status mg_tok_load_model(struct mg_tokenizer *tok, const json_t *model, const char *name, struct mg_err *err);
/* normalizer. */
enum mg_status mg_tok_load_normalizer(struct mg_tokenizer *tok, const json_t *part, const char *name,
                                      struct mg_err *err);
/* pre_tokenizer. */
enum mg_status mg_tok_load_stages(struct mg_tokenizer *tok, const json_t *pre, const char *name, struct mg_err *err);
/* Compiles a regular expression of the file so that it means what it means to Oniguruma. */
enum mg_status mg_tok_regex_compile(const char *pattern, const char *name, pcre2_code **code, struct mg_err *err);
/* The member `key` of `obj` as true or false; a missing one is `fallback`. */
enum mg_status mg_tok_bool(const json_t *obj, const char *key, bool fallback, bool *value, const char *name,
                           struct mg_err *err);

/* Appends bytes; the text stays closed by a NUL. */
enum mg_status mg_tok_text_add(struct mg_token_text *text, const char *bytes, size_t n, struct mg_err *err);

/* ---- Encoding ---- */

/* Whether a text surely has the file's normal form. */
bool mg_tok_is_normal(const struct mg_tokenizer *tok, const char *text, size_t len);
/* Appends a text in that form; a stretch that is not UTF-8 stays as it is. */
enum mg_status mg_tok_normalise(const struct mg_tokenizer *tok, const char *text, size_t len, struct mg_token_text *out,
                                struct mg_err *err);

/* Cuts plain text into words and appends their ids. */
enum mg_status mg_tok_split(struct mg_tokenizer *tok, const char *text, size_t len, struct mg_token_list *ids,
                            struct mg_err *err);

/* Appends the ids of one word, len >= 1. */
enum mg_status mg_tok_word(struct mg_tokenizer *tok, const char *word, size_t len, struct mg_token_list *ids,
                           struct mg_err *err);
enum mg_status mg_token_list_reserve(struct mg_token_list *ids, size_t more, struct mg_err *err);

#endif
