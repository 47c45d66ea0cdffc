/* SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer_internal.h"

#include <stdlib.h>
#include <string.h>

static enum mg_status
set_piece(struct mg_tokenizer *tok, int32_t id, const char *spelling, size_t len, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct tok_piece *p = &tok->piece[id];

    MG_REQUIRE(p->spelling == NULL, MG_INPUT, "%s: two pieces have the id %d", name, (int)id);
    MG_ALLOC(p->spelling, len + 1);
    MG_ALLOC(p->bytes, len + 1);
    memcpy(p->spelling, spelling, len);
    p->spelling_len = (uint32_t)len;
    if (!mg_tok_bytes_of(spelling, len, p->bytes, &p->bytes_len)) { /* a special token, or one outside the alphabet */
        memcpy(p->bytes, spelling, len);
        p->bytes_len = (uint32_t)len;
    }
    p->bytes[p->bytes_len] = '\0';
out:
    return st;
}

/* One more than the highest id of vocabulary and added tokens, all within MG_VOCAB_MAX. */
static enum mg_status
count_ids(struct mg_tokenizer *tok, const json_t *vocab, const json_t *added, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_int_t top = -1;
    const char *spelling;
    json_t *value;
    size_t i;

    json_object_foreach((json_t *)(uintptr_t)vocab, spelling, value)
    {
        json_int_t id = json_is_integer(value) ? json_integer_value(value) : -1;

        MG_REQUIRE(id >= 0 && id < MG_VOCAB_MAX, MG_INPUT, "%s: the id of \"%.40s\" is no number from 0 to %d", name,
                   spelling, MG_VOCAB_MAX - 1);
        top = id > top ? id : top;
    }
    json_array_foreach(added, i, value)
    {
        const json_t *number = json_object_get(value, "id");
        json_int_t id = json_is_integer(number) ? json_integer_value(number) : -1;

        MG_REQUIRE(id >= 0 && id < MG_VOCAB_MAX, MG_INPUT, "%s: the id of added token %zu is no number from 0 to %d",
                   name, i, MG_VOCAB_MAX - 1);
        top = id > top ? id : top;
    }
    MG_REQUIRE(top >= 0, MG_INPUT, "%s: the vocabulary is empty", name);
    tok->vocab_size = (int32_t)top + 1;
out:
    return st;
}

static enum mg_status
load_vocab(struct mg_tokenizer *tok, const json_t *vocab, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *spelling;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)vocab, spelling, value)
    {
        int32_t id = (int32_t)json_integer_value(value);

        MG_TRY(set_piece(tok, id, spelling, strlen(spelling), name, err));
        MG_TRY(mg_tok_names_add(tok, id, err));
    }
    for (int b = 0; b < 256; b++) {
        char character[2];
        size_t len = mg_tok_byte_spell((uint8_t)b, character);

        tok->byte_id[b] = mg_tok_names_find(tok, character, len);
    }
out:
    return st;
}

/* Both halves of "a b" or ["a", "b"]. */
static bool
split_merge(const json_t *merge, const char **left, size_t *left_len, const char **right)
{
    const char *text = json_string_value(merge), *space;

    if (text != NULL) {
        space = strchr(text, ' ');
        if (space == NULL)
            return false;
        *left = text;
        *left_len = (size_t)(space - text);
        *right = space + 1;
        return true;
    }
    *left = json_string_value(json_array_get(merge, 0));
    *right = json_string_value(json_array_get(merge, 1));
    if (*left == NULL || *right == NULL || json_array_size(merge) != 2)
        return false;
    *left_len = strlen(*left);
    return true;
}

static enum mg_status
load_merge(struct mg_tokenizer *tok, const json_t *merge, size_t rank, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *left = NULL, *right = NULL;
    size_t left_len = 0, right_len;
    char *joined = NULL;
    struct tok_merge entry = {.rank_plus_1 = (uint32_t)rank + 1};

    MG_REQUIRE(split_merge(merge, &left, &left_len, &right), MG_INPUT, "%s: merge %zu is no pair", name, rank);
    right_len = strlen(right);
    MG_ALLOC(joined, left_len + right_len + 1);
    memcpy(joined, left, left_len);
    memcpy(joined + left_len, right, right_len);
    entry.left = mg_tok_names_find(tok, left, left_len);
    entry.right = mg_tok_names_find(tok, right, right_len);
    entry.merged = mg_tok_names_find(tok, joined, left_len + right_len);
    MG_REQUIRE(entry.left >= 0 && entry.right >= 0 && entry.merged >= 0, MG_INPUT,
               "%s: merge %zu, \"%.*s\" and \"%.30s\", is not in the vocabulary", name, rank,
               (int)(left_len < 30 ? left_len : 30), left, right);
    MG_TRY(mg_tok_merges_put(&tok->merges, entry, err));
out:
    free(joined);
    return st;
}

static enum mg_status
load_model(struct mg_tokenizer *tok, const json_t *model, const json_t *added, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *type = json_string_value(json_object_get(model, "type"));
    const json_t *vocab = json_object_get(model, "vocab"), *merges = json_object_get(model, "merges"), *merge;
    static const char *const affixes[] = {"continuing_subword_prefix", "end_of_word_suffix"};
    size_t i;

    MG_REQUIRE(type == NULL || strcmp(type, "BPE") == 0, MG_INPUT, "%s: the model is \"%.30s\", need BPE", name, type);
    MG_REQUIRE(json_is_object(vocab) && json_is_array(merges), MG_INPUT, "%s: the model needs vocab and merges", name);
    MG_REQUIRE(!json_is_true(json_object_get(model, "byte_fallback")), MG_INPUT, "%s: byte_fallback is not supported",
               name);
    MG_REQUIRE(!(json_number_value(json_object_get(model, "dropout")) > 0.0), MG_INPUT, "%s: dropout is not supported",
               name);
    for (i = 0; i < 2; i++)
        MG_REQUIRE(json_string_length(json_object_get(model, affixes[i])) == 0, MG_INPUT, "%s: %s is not supported",
                   name, affixes[i]);
    tok->ignore_merges = json_is_true(json_object_get(model, "ignore_merges"));
    MG_TRY(count_ids(tok, vocab, added, name, err));
    MG_ALLOC(tok->piece, (size_t)tok->vocab_size);
    MG_TRY(mg_tok_names_make(&tok->names, (size_t)tok->vocab_size, err));
    MG_TRY(load_vocab(tok, vocab, name, err));
    MG_TRY(mg_tok_merges_make(&tok->merges, json_array_size(merges), err));
    json_array_foreach(merges, i, merge) MG_TRY(load_merge(tok, merge, i, name, err));
out:
    return st;
}

static int
longest_first(const void *a, const void *b)
{
    const struct tok_added *x = a, *y = b;

    return (x->len < y->len) - (x->len > y->len);
}

static enum mg_status
load_added(struct mg_tokenizer *tok, const json_t *added, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    static const char *const flags[] = {"single_word", "lstrip", "rstrip"};
    const json_t *token;
    size_t i;

    MG_ALLOC(tok->added, json_array_size(added));
    json_array_foreach(added, i, token)
    {
        const char *content = json_string_value(json_object_get(token, "content"));
        int32_t id = (int32_t)json_integer_value(json_object_get(token, "id"));
        struct tok_added *a = &tok->added[tok->n_added];

        MG_REQUIRE(content != NULL && content[0] != '\0', MG_INPUT, "%s: added token %zu has no content", name, i);
        for (int f = 0; f < 3; f++)
            MG_REQUIRE(!json_is_true(json_object_get(token, flags[f])), MG_INPUT,
                       "%s: %s of \"%.30s\" is not supported", name, flags[f], content);
        if (tok->piece[id].spelling == NULL) {
            MG_TRY(set_piece(tok, id, content, strlen(content), name, err));
            MG_TRY(mg_tok_names_add(tok, id, err));
        }
        MG_REQUIRE(strcmp(tok->piece[id].spelling, content) == 0, MG_INPUT, "%s: id %d is \"%.30s\" and \"%.30s\"",
                   name, (int)id, tok->piece[id].spelling, content);
        *a = (struct tok_added){.content = tok->piece[id].spelling,
                                .len = tok->piece[id].spelling_len,
                                .id = id,
                                .special = json_is_true(json_object_get(token, "special")),
                                .normalized = json_is_true(json_object_get(token, "normalized"))};
        tok->piece[id].special = a->special;
        tok->added_first[a->normalized][(uint8_t)content[0]] = true;
        tok->n_added++;
    }
    qsort(tok->added, tok->n_added, sizeof *tok->added, longest_first);
out:
    return st;
}

enum mg_status
mg_tok_load_json(struct mg_tokenizer *tok, const json_t *root, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    static const char *const refused[] = {"normalizer", "truncation", "padding"};
    const json_t *added = json_object_get(root, "added_tokens");
    const char *decoder = json_string_value(json_object_get(json_object_get(root, "decoder"), "type"));

    MG_REQUIRE(json_is_object(root), MG_INPUT, "%s: not a JSON object", name);
    for (int i = 0; i < 3; i++) {
        const json_t *part = json_object_get(root, refused[i]);

        MG_REQUIRE(part == NULL || json_is_null(part), MG_INPUT, "%s: a %s is not supported", name, refused[i]);
    }
    MG_REQUIRE(decoder != NULL && strcmp(decoder, "ByteLevel") == 0, MG_INPUT, "%s: the decoder is not ByteLevel",
               name);
    MG_TRY(load_model(tok, json_object_get(root, "model"), added, name, err));
    MG_TRY(load_added(tok, added, name, err));
    MG_TRY(mg_tok_load_stages(tok, json_object_get(root, "pre_tokenizer"), name, err));
out:
    return st;
}
