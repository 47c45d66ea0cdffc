/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TELL_H
#define MGRPO_TELL_H

#include <stdio.h>

#include "dialogue/roles.h"
#include "tokenizer/tokenizer.h"

/* Dialogues for people: a line of text, or a paragraph of HTML, for each turn: its role and what it says. */
struct mg_teller {
    FILE *to;
    bool html;
    const char *margin; /* before a line of text */
    struct mg_tokenizer *tok;
    struct mg_specials specials;
};
/* Called behind each subtask with its number in the dialogue, from 0: the place to tell what the sub-agent did. */
typedef enum mg_status mg_tell_call(void *arg, uint32_t call, struct mg_err *err);

/*
 * Tells a dialogue of n tokens. `inner`: of a sub-agent, set in below the one that called. call may be NULL.
 * Ids and bytes that are no text become U+FFFD, control characters blanks: the text may be of any making.
 */
enum mg_status mg_tell(const struct mg_teller *t, const int32_t *ids, uint32_t n, bool inner, mg_tell_call *call,
                       void *arg, struct mg_err *err);

#endif
