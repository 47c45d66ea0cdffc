/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_policy.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The character that stands for a byte in byte-level vocabularies, as UTF-8: printable ones stand for themselves, the
 * others are shifted to 256 and up. */
static void
spell(int byte, char out[3])
{
    int c = byte, shifted = 256;

    for (int b = 0; b < byte; b++)
        shifted += !((b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174);
    if (!((byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174))
        c = shifted;
    if (c < 128) {
        out[0] = (char)c;
        out[1] = '\0';
        return;
    }
    out[0] = (char)(0xC0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3F));
    out[2] = '\0';
}

static void
add_special(json_t *added, json_t *vocab, const char *name, int id)
{
    char spelt[16];

    snprintf(spelt, sizeof spelt, "<%s>", name);
    json_object_set_new(vocab, spelt, json_integer(id));
    json_array_append_new(added, json_pack("{s:i, s:s, s:b, s:b, s:b, s:b, s:b}", "id", id, "content", spelt,
                                           "single_word", 0, "lstrip", 0, "rstrip", 0, "normalized", 0, "special", 1));
}

char *
mg_fake_tokenizer_json(void)
{
    json_t *vocab = json_object(), *added = json_array(), *all;
    char *text;

    add_special(added, vocab, "pad", MG_FAKE_PAD);
    add_special(added, vocab, "bos", MG_FAKE_BOS);
    add_special(added, vocab, "end", MG_FAKE_END);
    for (int r = 0; r < MG_N_ROLES; r++)
        add_special(added, vocab, mg_role_name((enum mg_role)r), MG_FAKE_ROLE + r);
    for (int b = 0; b < 256; b++) {
        char spelt[3];

        spell(b, spelt);
        json_object_set_new(vocab, spelt, json_integer(MG_FAKE_BYTE + b));
    }
    all = json_pack("{s:s, s:n, s:n, s:o, s:n, s:{s:s, s:b, s:b, s:b}, s:n, s:{s:s, s:b, s:b, s:b},"
                    " s:{s:s, s:n, s:n, s:n, s:n, s:b, s:b, s:o, s:[]}}",
                    "version", "1.0", "truncation", "padding", "added_tokens", added, "normalizer", "pre_tokenizer",
                    "type", "ByteLevel", "add_prefix_space", 0, "trim_offsets", 1, "use_regex", 1, "post_processor",
                    "decoder", "type", "ByteLevel", "add_prefix_space", 1, "trim_offsets", 1, "use_regex", 1, "model",
                    "type", "BPE", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix",
                    "fuse_unk", 0, "byte_fallback", 0, "vocab", vocab, "merges");
    text = json_dumps(all, JSON_INDENT(1));
    json_decref(all);
    return text;
}

enum mg_status
mg_fake_tokenizer(struct mg_tokenizer **tok, struct mg_err *err)
{
    char *json = mg_fake_tokenizer_json();
    enum mg_status st = mg_tokenizer_parse(json, strlen(json), "fake", tok, err);

    free(json);
    return st;
}
