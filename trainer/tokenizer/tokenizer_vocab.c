/* SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_internal.h"

#include <stdlib.h>
#include <string.h>

static enum mg_status
check_id(const json_t *id, const char *spelling, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_REQUIRE(json_is_integer(id), MG_INPUT, "%s: the id of '%.60s' is not a whole number", name, spelling);
    MG_REQUIRE(json_integer_value(id) >= 0 && json_integer_value(id) < MG_VOCAB_MAX, MG_INPUT,
               "%s: the id of '%.60s' is %lld, the limits are 0 and %d", name, spelling,
               (long long)json_integer_value(id), MG_VOCAB_MAX - 1);
out:
    return st;
}

/* *top: the highest id. */
static enum mg_status
find_top(const json_t *vocab, const json_t *added, json_int_t *top, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *key;
    json_t *v;
    size_t i;

    *top = -1;
    json_object_foreach((json_t *)vocab, key, v)
    {
        MG_TRY(check_id(v, key, name, err));
        *top = json_integer_value(v) > *top ? json_integer_value(v) : *top;
    }
    json_array_foreach(added, i, v)
    {
        const json_t *id = json_object_get(v, "id");

        MG_TRY(check_id(id, "an added token", name, err));
        *top = json_integer_value(id) > *top ? json_integer_value(id) : *top;
    }
    MG_REQUIRE(*top >= 0, MG_INPUT, "%s: the vocabulary is empty", name);
out:
    return st;
}

/* Stores the piece `id`. Its bytes are those of its characters, or the spelling itself if a character is outside the
 * byte-level alphabet. */
static enum mg_status
piece_set(struct mg_tokenizer *tok, int32_t id, const char *spelling, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct tok_piece *p = &tok->piece[id];
    size_t len = strlen(spelling);

    MG_REQUIRE(len > 0 && len <= UINT16_MAX, MG_INPUT, "%s: piece %d has %zu bytes, the limits are 1 and %d", name, id,
               len, UINT16_MAX);
    MG_REQUIRE(!p->spelling, MG_INPUT, "%s: '%.60s' and '%.60s' share id %d", name, p->spelling ? p->spelling : "",
               spelling, id);
    MG_ALLOC(p->spelling, len + 1);
    MG_ALLOC(p->bytes, len + 1);
    memcpy(p->spelling, spelling, len);
    p->spelling_len = (uint32_t)len;
    if (!mg_tok_bytes_of(spelling, len, p->bytes, &p->bytes_len)) {
        memcpy(p->bytes, spelling, len);
        p->bytes_len = (uint32_t)len;
    }
    p->bytes[p->bytes_len] = '\0';
    MG_TRY(mg_tok_names_add(tok, id, err));
out:
    return st;
}

/* The piece of an added token: the model's own when it has one, whose id must then be the same. */
static enum mg_status
added_piece(struct mg_tokenizer *tok, const char *content, int32_t id, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    int32_t known = mg_tok_names_find(tok, content, strlen(content));

    if (known < 0)
        return piece_set(tok, id, content, name, err);
    MG_REQUIRE(known == id, MG_INPUT, "%s: '%.60s' has id %d as an added token and %d elsewhere", name, content, id,
               known);
    for (size_t i = 0; i < tok->n_added; i++)
        MG_REQUIRE(tok->added[i].id != id, MG_INPUT, "%s: '%.60s' is added twice", name, content);
out:
    return st;
}

/* A token that is looked for in normalised text is looked for in its own normal form. */
static enum mg_status
match_normal(const struct mg_tokenizer *tok, struct tok_added *a, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_token_text normal = {0};

    if (!a->normalized || mg_tok_is_normal(tok, a->content, a->len))
        return MG_OK;
    MG_TRY(mg_tok_normalise(tok, a->content, a->len, &normal, err));
    a->content = a->normal = normal.data;
    a->len = (uint32_t)normal.n;
    normal = (struct mg_token_text){0};
out:
    free(normal.data);
    return st;
}

static enum mg_status
load_added(struct mg_tokenizer *tok, const json_t *entry, const char *name, struct mg_err *err)
{
    static const char *const refused[] = {"lstrip", "rstrip", "single_word"};
    enum mg_status st = MG_OK;
    const char *content = json_string_value(json_object_get(entry, "content"));
    struct tok_added *a = &tok->added[tok->n_added];
    bool on;

    MG_REQUIRE(content, MG_INPUT, "%s: an added token has no content", name);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        MG_TRY(mg_tok_bool(entry, refused[i], false, &on, name, err));
        MG_REQUIRE(!on, MG_INPUT, "%s: added token '%.60s' sets %s, which is not read", name, content, refused[i]);
    }
    a->id = (int32_t)json_integer_value(json_object_get(entry, "id"));
    MG_TRY(mg_tok_bool(entry, "special", false, &a->special, name, err));
    MG_TRY(mg_tok_bool(entry, "normalized", !a->special, &a->normalized, name, err));
    MG_TRY(added_piece(tok, content, a->id, name, err));
    a->content = tok->piece[a->id].spelling;
    a->len = tok->piece[a->id].spelling_len;
    tok->piece[a->id].special = a->special;
    tok->n_added++;
    MG_TRY(match_normal(tok, a, err));
    tok->added_first[a->normalized][(uint8_t)a->content[0]] = true;
out:
    return st;
}

/* Longest first, so that the first match at a place is the longest. */
static int
by_length(const void *left, const void *right)
{
    const struct tok_added *a = left, *b = right;

    if (a->len != b->len)
        return a->len > b->len ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

enum mg_status
mg_tok_load_vocab(struct mg_tokenizer *tok, const json_t *vocab, const json_t *added, const char *name,
                  struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *key;
    json_int_t top;
    json_t *v;
    size_t i, n_added = json_array_size(added);

    MG_REQUIRE(json_is_object(vocab), MG_INPUT, "%s: model.vocab is not an object", name);
    MG_REQUIRE(!added || json_is_null(added) || json_is_array(added), MG_INPUT, "%s: added_tokens is not an array",
               name);
    MG_REQUIRE(n_added <= TOK_ADDED, MG_INPUT, "%s: there are %zu added tokens, the limit is %d", name, n_added,
               TOK_ADDED);
    MG_TRY(find_top(vocab, added, &top, name, err));
    tok->vocab_size = (int32_t)top + 1;
    MG_ALLOC(tok->piece, (size_t)tok->vocab_size);
    MG_ALLOC(tok->added, n_added);
    tok->names.mask = mg_tok_table_mask(json_object_size(vocab) + n_added);
    MG_ALLOC(tok->names.slot, (size_t)tok->names.mask + 1);
    json_object_foreach((json_t *)vocab, key, v)
    {
        MG_TRY(piece_set(tok, (int32_t)json_integer_value(v), key, name, err));
        tok->piece[json_integer_value(v)].in_model = true;
    }
    json_array_foreach(added, i, v) MG_TRY(load_added(tok, v, name, err));
    qsort(tok->added, tok->n_added, sizeof *tok->added, by_length);
out:
    return st;
}
