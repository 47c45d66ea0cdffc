/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tokenizer/tokenizer.h"

/*
 * libFuzzer entry (scripts/fuzz): the input up to its first NUL is a tokenizer.json, the rest a text. Seeds:
 * tests/golden. Whatever is accepted must encode the text without a fault; ids must lie in the vocabulary and decode.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
use(struct mg_tokenizer *tok, const char *text, size_t len, unsigned flags)
{
    struct mg_err err = {0};
    struct mg_token_list ids = {0};
    struct mg_token_text back = {0};

    if (mg_tokenizer_encode(tok, text, len, flags, &ids, &err) == MG_OK) {
        if (mg_tokenizer_decode(tok, ids.id, ids.n, 0, &back, &err) != MG_OK)
            abort();
    } else if (ids.n != 0 || err.text[0] == '\0')
        abort();
    mg_token_list_free(&ids);
    mg_token_text_free(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *json = (const char *)data;
    size_t len = strnlen(json, size);
    struct mg_err err = {0};
    struct mg_tokenizer *tok = NULL;

    if (mg_tokenizer_parse(json, len, "fuzz", &tok, &err) != MG_OK)
        return 0;
    if (len < size)
        len++;
    use(tok, json + len, size - len, 0);
    use(tok, json + len, size - len, MG_ENCODE_SPECIALS);
    use(tok, json, size, 0); /* the file is a text too */
    mg_tokenizer_free(tok);
    return 0;
}
