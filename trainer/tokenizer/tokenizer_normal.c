/* SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_internal.h"

#include <stdlib.h>
#include <string.h>

/* A Sequence does what its members do one after the other; NFC before or after NFKC is NFKC. */
enum mg_status
mg_tok_load_normalizer(struct mg_tokenizer *tok, const json_t *part, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *type = json_string_value(json_object_get(part, "type"));
    const json_t *list = json_object_get(part, "normalizers");
    json_t *member;
    size_t i;

    if (part == NULL || json_is_null(part))
        return MG_OK;
    MG_REQUIRE(type != NULL, MG_INPUT, "%s: a normalizer has no type", name);
    if (strcmp(type, "Sequence") == 0) {
        MG_REQUIRE(json_is_array(list), MG_INPUT, "%s: the normalizers of a Sequence are not an array", name);
        json_array_foreach(list, i, member) MG_TRY(mg_tok_load_normalizer(tok, member, name, err));
        return MG_OK;
    }
    MG_REQUIRE(strcmp(type, "NFC") == 0 || strcmp(type, "NFKC") == 0, MG_INPUT,
               "%s: a normalizer (%.40s) is not read, only null, NFC, NFKC and a Sequence of them are", name, type);
    if (tok->normal == TOK_AS_IT_IS || strcmp(type, "NFKC") == 0)
        tok->normal = strcmp(type, "NFKC") == 0 ? TOK_NFKC : TOK_NFC;
out:
    return st;
}

bool
mg_tok_is_normal(const struct mg_tokenizer *tok, const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && (uint8_t)text[i] < 0x80) /* ASCII is in every normal form */
        i++;
    return tok->normal == TOK_AS_IT_IS || i == len;
}

enum mg_status
mg_tok_normalise(const struct mg_tokenizer *tok, const char *text, size_t len, struct mg_token_text *out,
                 struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *normal = NULL;
    size_t at = 0, n, m = 0;

    while (at < len) {
        n = mg_tok_utf8_valid(text + at, len - at);
        free(normal);
        normal = NULL;
        MG_TRY(mg_unicode_normalise(text + at, n, tok->normal == TOK_NFKC ? MG_UNICODE_NFKC : MG_UNICODE_NFC, &normal,
                                    &m, err));
        MG_TRY(mg_tok_text_add(out, normal, m, err));
        at += n;
        n = mg_tok_utf8_invalid(text + at, len - at);
        MG_TRY(mg_tok_text_add(out, text + at, n, err));
        at += n;
    }
out:
    free(normal);
    return st;
}
