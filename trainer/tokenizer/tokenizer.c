/* SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "tokenizer/tokenizer_internal.h"

enum { MAX_FILE = 128 << 20, MATCH_LIMIT = 10000000, JIT_STACK = 1 << 20 };

void
mg_token_list_free(struct mg_token_list *list)
{
    free(list->id);
    *list = (struct mg_token_list){0};
}

void
mg_token_text_free(struct mg_token_text *text)
{
    free(text->data);
    *text = (struct mg_token_text){0};
}

static enum mg_status
make_matcher(struct mg_tokenizer *tok, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    tok->match_context = pcre2_match_context_create(NULL);
    tok->match_data = pcre2_match_data_create(1, NULL);
    tok->jit_stack = pcre2_jit_stack_create(32 * 1024, JIT_STACK, NULL);
    MG_REQUIRE(tok->match_context != NULL && tok->match_data != NULL, MG_FAIL, "out of memory: tokenizer");
    pcre2_set_match_limit(tok->match_context, MATCH_LIMIT);
    if (tok->jit_stack != NULL)
        pcre2_jit_stack_assign(tok->match_context, NULL, tok->jit_stack);
    MG_ALLOC(tok->cache, TOK_CACHE_SLOTS);
out:
    return st;
}

enum mg_status
mg_tokenizer_parse(const char *json, size_t len, const char *name, struct mg_tokenizer **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_tokenizer *tok = NULL;
    json_error_t why;
    json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, &why);

    MG_REQUIRE(root != NULL, MG_INPUT, "%s:%d: %s", name, why.line, why.text);
    MG_ALLOC(tok, 1);
    MG_TRY(make_matcher(tok, err));
    MG_TRY(mg_tok_load_json(tok, root, name, err));
    *out = tok;
    tok = NULL;
out:
    json_decref(root);
    mg_tokenizer_free(tok);
    return st;
}

enum mg_status
mg_tokenizer_load(const char *path, struct mg_tokenizer **tok, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *json = NULL;
    size_t len = 0;

    MG_TRY(mg_file_read(path, MAX_FILE, &json, &len, err));
    MG_TRY(mg_tokenizer_parse(json, len, path, tok, err));
out:
    if (st == MG_INPUT)
        mg_hint(err, "mgrpo-tokenizer(5) says which tokenizer.json are read.");
    free(json);
    return st;
}

void
mg_tokenizer_free(struct mg_tokenizer *tok)
{
    if (tok == NULL)
        return;
    for (int32_t i = 0; tok->piece != NULL && i < tok->vocab_size; i++) {
        free(tok->piece[i].spelling);
        free(tok->piece[i].bytes);
    }
    for (int i = 0; i < TOK_STAGES; i++)
        pcre2_code_free(tok->stage[i].code);
    pcre2_match_context_free(tok->match_context);
    pcre2_match_data_free(tok->match_data);
    pcre2_jit_stack_free(tok->jit_stack);
    free(tok->piece);
    free(tok->names.slot);
    free(tok->merges.slot);
    for (size_t i = 0; i < tok->n_added; i++)
        free(tok->added[i].normal);
    free(tok->added);
    free(tok->cache);
    free(tok->work.symbol);
    free(tok->work.heap);
    free(tok);
}

/* The longest added token of one kind that text begins with; NULL if none. */
static const struct tok_added *
added_at(const struct mg_tokenizer *tok, const char *text, size_t len, bool normalized)
{
    if (!tok->added_first[normalized][(uint8_t)text[0]])
        return NULL;
    for (size_t i = 0; i < tok->n_added; i++) {
        const struct tok_added *a = &tok->added[i];

        if (a->normalized == normalized && a->len <= len && memcmp(a->content, text, a->len) == 0)
            return a;
    }
    return NULL;
}

static enum mg_status encode_normal(struct mg_tokenizer *tok, const char *text, size_t len, bool specials,
                                    struct mg_token_list *ids, struct mg_err *err);

/*
 * Added tokens that are not normalised are looked for in the whole text, then the normalised ones in what lies between.
 * A special token that is not asked for stays in the text, but no other token of its kind may begin within it. Both are
 * what the `tokenizers` library does.
 */
static enum mg_status
encode(struct mg_tokenizer *tok, const char *text, size_t len, bool normalized, bool specials,
       struct mg_token_list *ids, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t from = 0, at = 0;

    while (at <= len) {
        const struct tok_added *a = at < len ? added_at(tok, text + at, len - at, normalized) : NULL;
        bool taken = a != NULL && (specials || !a->special);

        if (at > from && (taken || at == len)) {
            if (normalized)
                MG_TRY(mg_tok_split(tok, text + from, at - from, ids, err));
            else
                MG_TRY(encode_normal(tok, text + from, at - from, specials, ids, err));
        }
        at += a != NULL ? a->len : 1;
        if (taken) {
            MG_TRY(mg_token_list_reserve(ids, 1, err));
            ids->id[ids->n++] = a->id;
            from = at;
        }
    }
out:
    return st;
}

static enum mg_status
encode_normal(struct mg_tokenizer *tok, const char *text, size_t len, bool specials, struct mg_token_list *ids,
              struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_token_text normal = {0};

    if (mg_tok_is_normal(tok, text, len))
        return encode(tok, text, len, true, specials, ids, err);
    MG_TRY(mg_tok_normalise(tok, text, len, &normal, err));
    MG_TRY(encode(tok, normal.data, normal.n, true, specials, ids, err));
out:
    mg_token_text_free(&normal);
    return st;
}

enum mg_status
mg_tokenizer_encode(struct mg_tokenizer *tok, const char *text, size_t len, unsigned flags, struct mg_token_list *ids,
                    struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t before = ids->n;

    MG_REQUIRE(len <= MG_TOKENIZE_BYTES, MG_INPUT, "a text of %zu bytes, at most %d", len, MG_TOKENIZE_BYTES);
    MG_TRY(encode(tok, text, len, false, (flags & MG_ENCODE_SPECIALS) != 0, ids, err));
out:
    if (st != MG_OK)
        ids->n = before;
    return st;
}

enum mg_status
mg_tokenizer_decode(const struct mg_tokenizer *tok, const int32_t *id, size_t n, unsigned flags,
                    struct mg_token_text *text, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t before = text->n;

    MG_TRY(mg_tok_text_add(text, "", 0, err));
    for (size_t i = 0; i < n; i++) {
        const struct tok_piece *p = id[i] >= 0 && id[i] < tok->vocab_size ? &tok->piece[id[i]] : NULL;

        MG_REQUIRE(p != NULL && p->spelling != NULL, MG_INPUT, "token %zu has the id %d, which the tokenizer lacks", i,
                   (int)id[i]);
        if (!p->special || (flags & MG_DECODE_SKIP_SPECIALS) == 0)
            MG_TRY(mg_tok_text_add(text, p->bytes, p->bytes_len, err));
    }
out:
    if (st != MG_OK && text->data != NULL) {
        text->n = before;
        text->data[before] = '\0';
    }
    return st;
}

void
mg_tokenizer_reserve(struct mg_tokenizer *tok, int32_t id)
{
    tok->piece[id].special = true;
    tok->piece[id].in_model = false;
    for (size_t i = 0; i < tok->n_added; i++)
        tok->added[i].special |= tok->added[i].id == id;
    for (int b = 0; b < 256; b++)
        if (tok->byte_id[b] == id)
            tok->byte_id[b] = -1;
    mg_tok_merges_forbid(&tok->merges, id);
    memset(tok->cache, 0, TOK_CACHE_SLOTS * sizeof *tok->cache);
}

const char *
mg_tokenizer_unicode(const struct mg_tokenizer *tok)
{
    return tok->unicode[0] != '\0' ? tok->unicode : NULL;
}

int32_t
mg_tokenizer_id_of(const struct mg_tokenizer *tok, const char *content)
{
    return mg_tok_names_find(tok, content, strlen(content));
}

const char *
mg_tokenizer_piece(const struct mg_tokenizer *tok, int32_t id, size_t *len)
{
    if (id < 0 || id >= tok->vocab_size || tok->piece[id].spelling == NULL)
        return NULL;
    *len = tok->piece[id].bytes_len;
    return tok->piece[id].bytes;
}

int32_t
mg_tokenizer_vocab_size(const struct mg_tokenizer *tok)
{
    return tok->vocab_size;
}
