/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_ROLES_H
#define MGRPO_ROLES_H

#include "dialogue/trajectory.h"
#include "tokenizer/tokenizer.h"

/*
 * The words of the format "roles", for small models with a tokenizer of their own. A dialogue is <bos>, then turns; a
 * turn is one role token, text, <end>. An agent's own turn is sampled from the role token on, all other turns are read.
 */
enum mg_role {
    MG_ROLE_USER,   /* read: the question */
    MG_ROLE_SUB,    /* written: a call of an agent, or of a tool without a role of its own */
    MG_ROLE_RESULT, /* read: what that gave */
    MG_ROLE_TASK,   /* read: the subtask */
    MG_ROLE_SEARCH, /* written: a call of the tool "search" */
    MG_ROLE_HITS,   /* read: what that gave */
    MG_ROLE_OPEN,   /* written: a call of the tool "open" */
    MG_ROLE_PAGE,   /* read: what that gave */
    MG_ROLE_ANSWER, /* written: the final result */
    MG_N_ROLES
};
const char *mg_role_name(enum mg_role role); /* "user" */
bool mg_role_parse(const char *name, enum mg_role *role);

/* The special tokens of a tokenizer, looked up once. */
struct mg_specials {
    int32_t pad, bos, end, role[MG_N_ROLES];
};
/* From then on no text becomes one of these tokens, whatever the tokenizer's file says of them. MG_INPUT: a special
 * token is missing, or two are one. */
enum mg_status mg_specials_find(struct mg_tokenizer *tok, struct mg_specials *out, struct mg_err *err);
bool mg_specials_has(const struct mg_specials *sp, int32_t id);

/* Appends a turn as it is written (own) or read: role, encoded text, <end>. Text that spells a special token stays
 * plain text. */
enum mg_status mg_roles_turn(struct mg_trajectory *t, struct mg_tokenizer *tok, const struct mg_specials *sp,
                             enum mg_role role, const char *text, size_t len, bool own, struct mg_err *err);

#endif
