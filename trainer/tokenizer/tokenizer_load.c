/* SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_internal.h"

#include <stdio.h>
#include <string.h>

static void
say_unicode(struct mg_tokenizer *tok, const char *name)
{
    char classes[32] = "", version[64] = "";

    pcre2_config(PCRE2_CONFIG_UNICODE_VERSION, classes);
    pcre2_config(PCRE2_CONFIG_VERSION, version);
    snprintf(
        tok->unicode, sizeof tok->unicode,
        "%.100s: characters are those of Unicode %s (PCRE2 %.*s)%s%s; newer ones may have other ids than elsewhere",
        name, classes, (int)strcspn(version, " "), version,
        tok->normal != TOK_AS_IT_IS ? ", normal forms those of " : "",
        tok->normal != TOK_AS_IT_IS ? mg_unicode_version() : "");
}

enum mg_status
mg_tok_load_json(struct mg_tokenizer *tok, const json_t *root, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    static const char *const refused[] = {"truncation", "padding"};
    const json_t *model = json_object_get(root, "model");
    const char *decoder = json_string_value(json_object_get(json_object_get(root, "decoder"), "type"));

    MG_REQUIRE(json_is_object(root), MG_INPUT, "%s: not a JSON object", name);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const json_t *part = json_object_get(root, refused[i]);
        const char *type = json_string_value(json_object_get(part, "type"));

        MG_REQUIRE(part == NULL || json_is_null(part), MG_INPUT, "%s: a %s (%.40s) is not supported, only null is",
                   name, refused[i], type != NULL ? type : "of no type");
    }
    MG_REQUIRE(decoder != NULL && strcmp(decoder, "ByteLevel") == 0, MG_INPUT,
               "%s: the decoder is %.40s, need ByteLevel", name, decoder != NULL ? decoder : "missing");
    MG_TRY(mg_tok_load_normalizer(tok, json_object_get(root, "normalizer"), name, err));
    MG_TRY(mg_tok_load_vocab(tok, json_object_get(model, "vocab"), json_object_get(root, "added_tokens"), name, err));
    MG_TRY(mg_tok_load_model(tok, model, name, err));
    MG_TRY(mg_tok_load_stages(tok, json_object_get(root, "pre_tokenizer"), name, err));
    if (tok->classed || tok->normal != TOK_AS_IT_IS)
        say_unicode(tok, name);
out:
    return st;
}
