/* SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/vocabulary.h"

enum mg_status
mg_vocabulary_check(int known, const char *model, const struct mg_tokenizer *tok, const char *tokenizer,
                    struct mg_err *err)
{
    enum mg_status st = MG_OK;
    int asked = (int)mg_tokenizer_vocab_size(tok);

    MG_REQUIRE(asked <= known, MG_INPUT, "the model %s has %d tokens, the tokenizer %s %d", model, known, tokenizer,
               asked);
out:
    return st;
}
