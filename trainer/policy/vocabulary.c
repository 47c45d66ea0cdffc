/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/vocabulary.h"

enum mg_status
mg_vocabulary_check(const struct mg_policy *p, const char *model, const struct mg_tokenizer *tok, const char *tokenizer,
                    struct mg_err *err)
{
    enum mg_status st = MG_OK;
    int known = mg_policy_config(p)->vocab_size, asked = (int)mg_tokenizer_vocab_size(tok);

    MG_REQUIRE(asked <= known, MG_INPUT, "the model %s has %d tokens, the tokenizer %s %d", model, known, tokenizer,
               asked);
out:
    return st;
}
