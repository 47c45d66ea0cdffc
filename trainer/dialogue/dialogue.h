/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_DIALOGUE_H
#define MGRPO_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "tokenizer/tokenizer.h"

/*
 * The turn grammar. A dialogue is <bos>, then turns; a turn is one role token, text, <end>. An agent's own turn is
 * sampled from the role token on (loss mask 1), all other turns are fed (mask 0). Token ids are the only truth; text is
 * a view of them.
 */
enum mg_role {
    MG_ROLE_USER,   /* main reads: the question */
    MG_ROLE_SUB,    /* main writes: a subtask */
    MG_ROLE_RESULT, /* main reads: what the sub-agent returned */
    MG_ROLE_TASK,   /* search reads: the subtask */
    MG_ROLE_SEARCH, /* search writes: a query */
    MG_ROLE_HITS,   /* search reads: titles and snippets */
    MG_ROLE_OPEN,   /* search writes: the number of a hit */
    MG_ROLE_PAGE,   /* search reads: a page */
    MG_ROLE_ANSWER, /* either writes: the final result */
    MG_N_ROLES
};
const char *mg_role_name(enum mg_role role); /* "user" */
bool mg_role_parse(const char *name, enum mg_role *role);

/* The special tokens of a tokenizer, looked up once. */
struct mg_specials {
    int32_t pad, bos, end, role[MG_N_ROLES];
};
/* MG_INPUT: a special token is missing, or two are one. */
enum mg_status mg_specials_find(const struct mg_tokenizer *tok, struct mg_specials *out, struct mg_err *err);

enum { MG_TURN_TEXT_MAX = 4096 }; /* bytes of the text of one turn; pages may be longer */

bool mg_specials_has(const struct mg_specials *sp, int32_t id);

/* A trajectory as it grows. Start from {0}. */
struct mg_dialogue {
    int32_t *ids;
    uint8_t *mask;  /* 1: sampled by the agent */
    float *logprob; /* the sampler's, where mask is 1 */
    uint32_t len, cap;
    uint32_t turn_start; /* first token of the turn being sampled */
};
enum mg_status mg_dialogue_begin(struct mg_dialogue *d, const struct mg_specials *sp, struct mg_err *err);
/* Appends a fed turn: role, encoded text, <end>. Text that spells a special token stays plain text. */
enum mg_status mg_dialogue_feed(struct mg_dialogue *d, struct mg_tokenizer *tok, const struct mg_specials *sp,
                                enum mg_role role, const char *text, struct mg_err *err);
/* Appends one sampled token; the first one after a fed turn starts a turn. */
enum mg_status mg_dialogue_sampled(struct mg_dialogue *d, int32_t token, float logprob, struct mg_err *err);
/* Parses the sampled turn that ends with <end>: *text is malloc'ed, trimmed of outer blanks; NULL where the turn is
 * malformed: not one role token, text tokens known to the tokenizer, <end>; or its text is not UTF-8, holds a NUL, or
 * is longer than MG_TURN_TEXT_MAX. */
enum mg_status mg_dialogue_turn(const struct mg_dialogue *d, const struct mg_tokenizer *tok,
                                const struct mg_specials *sp, enum mg_role *role, char **text, struct mg_err *err);
void mg_dialogue_free(struct mg_dialogue *d);

#endif
