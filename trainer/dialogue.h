/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_DIALOGUE_H
#define MGRPO_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"
#include "tokenizer.h"

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
    int32_t first_text; /* ids below it are special: a sampled turn may hold none between its role and <end> */
};
enum mg_status mg_specials_find(const struct mg_tokenizer *tok, struct mg_specials *out, struct mg_err *err);

/* A trajectory as it grows. */
struct mg_dialogue {
    int32_t *ids;
    uint8_t *mask;  /* 1: sampled by the agent */
    float *logprob; /* the sampler's, where mask is 1 */
    uint32_t len, cap;
    uint32_t turn_start; /* first token of the turn being sampled */
};
enum mg_status mg_dialogue_begin(struct mg_dialogue *d, const struct mg_specials *sp, struct mg_err *err);
/* Appends a fed turn: role, encoded text, <end>. */
enum mg_status mg_dialogue_feed(struct mg_dialogue *d, const struct mg_tokenizer *tok, const struct mg_specials *sp,
                                enum mg_role role, const char *text, struct mg_err *err);
/* Appends one sampled token. */
enum mg_status mg_dialogue_sampled(struct mg_dialogue *d, int32_t token, float logprob, struct mg_err *err);
/* Parses the sampled turn that ends with <end>: false if it is malformed. text is malloc'ed, trimmed of outer blanks.
 */
bool mg_dialogue_turn(const struct mg_dialogue *d, const struct mg_tokenizer *tok, const struct mg_specials *sp,
                      enum mg_role *role, char **text);
void mg_dialogue_free(struct mg_dialogue *d);

#endif
