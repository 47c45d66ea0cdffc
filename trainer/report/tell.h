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
/* Called for each turn of a dialogue of n tokens, with its role and its text, which is untrusted. */
typedef enum mg_status mg_turn_visit(void *arg, enum mg_role role, const char *text, struct mg_err *err);
enum mg_status mg_turns_each(const struct mg_teller *t, const int32_t *ids, uint32_t n, mg_turn_visit *visit, void *arg,
                             struct mg_err *err);

/* Called after each subtask with its number in the dialogue, from 0: it may write the sub-agent's dialogue. */
typedef enum mg_status mg_tell_call(void *arg, uint32_t call, struct mg_err *err);

/*
 * Writes a dialogue of n tokens. `inner`: of a sub-agent, indented below the one that called it. call may be NULL.
 * The text is untrusted: unknown ids and bytes that are not UTF-8 become U+FFFD, control characters blanks.
 */
enum mg_status mg_tell(const struct mg_teller *t, const int32_t *ids, uint32_t n, bool inner, mg_tell_call *call,
                       void *arg, struct mg_err *err);

#endif
