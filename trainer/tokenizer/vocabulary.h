/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_VOCABULARY_H
#define MGRPO_VOCABULARY_H

#include "tokenizer/tokenizer.h"

/* MG_INPUT if the tokenizer has tokens that a model of `known` tokens lacks; the names are for the sentence. */
enum mg_status mg_vocabulary_check(int known, const char *model, const struct mg_tokenizer *tok, const char *tokenizer,
                                   struct mg_err *err);

#endif
