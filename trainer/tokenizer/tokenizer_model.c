/* SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_internal.h"

#include <stdlib.h>
#include <string.h>

static enum mg_status
refuse_members(const json_t *model, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const json_t *type = json_object_get(model, "type"), *dropout = json_object_get(model, "dropout");
    static const char *const affix[] = {"continuing_subword_prefix", "end_of_word_suffix"};
    bool byte_fallback;

    MG_REQUIRE(!type || (json_is_string(type) && strcmp(json_string_value(type), "BPE") == 0), MG_INPUT,
               "%s: model.type is %.40s, only BPE is read", name,
               json_is_string(type) ? json_string_value(type) : "odd");
    MG_REQUIRE(!dropout || json_is_null(dropout) || (json_is_number(dropout) && json_number_value(dropout) == 0.0),
               MG_INPUT, "%s: model.dropout is %g, only null and 0 are read", name, json_number_value(dropout));
    MG_TRY(mg_tok_bool(model, "byte_fallback", false, &byte_fallback, name, err));
    MG_REQUIRE(!byte_fallback, MG_INPUT, "%s: model.byte_fallback is on, which is not read", name);
    for (size_t i = 0; i < sizeof affix / sizeof *affix; i++) {
        const json_t *v = json_object_get(model, affix[i]);

        MG_REQUIRE(!v || json_is_null(v) || (json_is_string(v) && json_string_length(v) == 0), MG_INPUT,
                   "%s: model.%s is set, which is not read", name, affix[i]);
    }
out:
    return st;
}

static int32_t
model_id(const struct mg_tokenizer *tok, const char *spelling, size_t len)
{
    int32_t id = mg_tok_names_find(tok, spelling, len);

    return id >= 0 && tok->piece[id].in_model ? id : -1;
}

/* Ids of the single bytes. Bytes that the vocabulary lacks become unk_token, or stay -1 where there is none. */
static enum mg_status
load_bytes(struct mg_tokenizer *tok, const json_t *model, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *unk = json_string_value(json_object_get(model, "unk_token"));
    int32_t unk_id = unk ? model_id(tok, unk, strlen(unk)) : -1;
    int missing = 0;
    char spelling[2];
    bool fuse;

    for (int b = 0; b < 256; b++) {
        int32_t id = model_id(tok, spelling, mg_tok_byte_spell((uint8_t)b, spelling));

        missing += id < 0;
        tok->byte_id[b] = id < 0 ? unk_id : id;
    }
    MG_TRY(mg_tok_bool(model, "fuse_unk", false, &fuse, name, err));
    MG_REQUIRE(missing == 0 || unk_id < 0 || !fuse, MG_INPUT,
               "%s: %d bytes have no piece and model.fuse_unk is on, which is not read", name, missing);
out:
    return st;
}

/* The two spellings of a merge, in either form. */
static bool
merge_parts(const json_t *entry, const char **left, size_t *left_len, const char **right, size_t *right_len)
{
    const json_t *l = json_array_get(entry, 0), *r = json_array_get(entry, 1);
    const char *space;

    if (json_is_string(l) && json_is_string(r) && json_array_size(entry) == 2) {
        *left = json_string_value(l);
        *left_len = json_string_length(l);
        *right = json_string_value(r);
        *right_len = json_string_length(r);
        return true;
    }
    if (!json_is_string(entry) || !(space = strchr(json_string_value(entry), ' ')) || strchr(space + 1, ' '))
        return false;
    *left = json_string_value(entry);
    *left_len = (size_t)(space - *left);
    *right = space + 1;
    *right_len = strlen(*right);
    return true;
}

static int32_t
merged_id(const struct mg_tokenizer *tok, const char *left, size_t left_len, const char *right, size_t right_len)
{
    char *whole = malloc(left_len + right_len);
    int32_t id = -1;

    if (!whole)
        return -1;
    memcpy(whole, left, left_len);
    memcpy(whole + left_len, right, right_len);
    id = model_id(tok, whole, left_len + right_len);
    free(whole);
    return id;
}

static enum mg_status
load_merge(struct mg_tokenizer *tok, const json_t *entry, size_t rank, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *left, *right;
    size_t left_len, right_len;
    struct tok_merge m = {.rank_plus_1 = (uint32_t)rank + 1};

    MG_REQUIRE(merge_parts(entry, &left, &left_len, &right, &right_len) && left_len > 0 && right_len > 0, MG_INPUT,
               "%s: merge %zu is not two pieces", name, rank);
    MG_REQUIRE(left_len + right_len <= UINT16_MAX, MG_INPUT,
               "%s: merge %zu makes a piece of %zu bytes, the limit is %d", name, rank, left_len + right_len,
               UINT16_MAX);
    m.left = model_id(tok, left, left_len);
    m.right = model_id(tok, right, right_len);
    m.merged = merged_id(tok, left, left_len, right, right_len);
    MG_REQUIRE(m.left >= 0 && m.right >= 0 && m.merged >= 0, MG_INPUT,
               "%s: merge %zu joins '%.*s' and '%.*s', but the vocabulary lacks %s", name, rank, (int)(left_len % 60),
               left, (int)(right_len % 60), right,
               m.left < 0    ? "the left one"
               : m.right < 0 ? "the right one"
                             : "the result");
    MG_TRY(mg_tok_merges_put(&tok->merges, m, err));
out:
    return st;
}

enum mg_status
mg_tok_load_model(struct mg_tokenizer *tok, const json_t *model, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const json_t *merges = json_object_get(model, "merges");
    size_t n = json_array_size(merges);

    MG_TRY(refuse_members(model, name, err));
    MG_TRY(mg_tok_bool(model, "ignore_merges", false, &tok->ignore_merges, name, err));
    MG_TRY(load_bytes(tok, model, name, err));
    MG_REQUIRE(json_is_array(merges), MG_INPUT, "%s: model.merges is not an array", name);
    MG_REQUIRE(n <= MG_VOCAB_MAX, MG_INPUT, "%s: there are %zu merges, the limit is %d", name, n, MG_VOCAB_MAX);
    tok->merges.mask = mg_tok_table_mask(n);
    MG_ALLOC(tok->merges.slot, (size_t)tok->merges.mask + 1);
    for (size_t i = 0; i < n; i++)
        MG_TRY(load_merge(tok, json_array_get(merges, i), i, name, err));
out:
    return st;
}
