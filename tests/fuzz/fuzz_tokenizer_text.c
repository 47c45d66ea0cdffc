/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "tokenizer/tokenizer.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is a text. Each tokenizer that adds no spaces must give it back byte by
 * byte, from a full cache as from an empty one. Run in the source folder.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect_back(struct mg_tokenizer *tok, const char *text, size_t len, unsigned flags)
{
    struct mg_err err = {0};
    struct mg_token_list ids = {0};
    struct mg_token_text back = {0};

    for (int again = 0; again < 2; again++) {
        ids.n = back.n = 0;
        if (mg_tokenizer_encode(tok, text, len, flags, &ids, &err) != MG_OK ||
            mg_tokenizer_decode(tok, ids.id, ids.n, 0, &back, &err) != MG_OK || back.n != len ||
            memcmp(back.data, text, len) != 0)
            abort();
    }
    mg_token_list_free(&ids);
    mg_token_text_free(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const files[] = {"data/tokenizer.json", "tests/golden/llama3.json"};
    static struct mg_tokenizer *tok[2];
    struct mg_err err = {0};

    for (int i = 0; i < 2; i++) {
        if (tok[i] == NULL && mg_tokenizer_load(files[i], &tok[i], &err) != MG_OK)
            abort();
        expect_back(tok[i], (const char *)data, size, 0);
        expect_back(tok[i], (const char *)data, size, MG_ENCODE_SPECIALS);
    }
    return 0;
}
