/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_PREFIX_H
#define MGRPO_PREFIX_H

#include "policy/policy.h"

/*
 * Trajectories often have their first tokens in common: the rollouts of a question share its prompt, and often the
 * first calls and their results too. Such a common prefix goes through the model once, and what each member of a group
 * adds attends to it. The hidden state of a token depends on the tokens before it alone, so a member's
 * log-probabilities have the bits that it gets by itself; the gradient is the same sum in another order.
 */

struct mg_prefix_group {
    size_t first, n; /* members order[first .. first + n - 1] */
    size_t prefix;   /* first tokens that are equal in all members; 0 for n = 1 */
    size_t size;     /* what it takes of a micro-batch: its tokens, or the wanted ones if those are more */
};

struct mg_prefix_plan {
    const struct mg_train_row *rows;
    size_t *order; /* rows that have something to learn, by group */
    size_t *fed;   /* [n_rows] tokens that go through the model: all before the last weighted one */
    struct mg_prefix_group *group;
    size_t n_groups;
    bool all; /* every token counts, not only the weighted; no prefixes, rows in the caller's order */
};

/* Sorts rows by their tokens and cuts them into the runs that leave the fewest tokens; a group takes at most max_tokens
 * of them, and of weighted ones. A sequence that is longer than that, or than `context`, is MG_INPUT. */
enum mg_status mg_prefix_plan_make(const struct mg_train_row *rows, size_t n_rows, bool all, size_t max_tokens,
                                   size_t context, struct mg_prefix_plan *plan, struct mg_err *err);
void mg_prefix_plan_free(struct mg_prefix_plan *plan);
/* Whether the prediction of ids[i] is wanted; i >= 1. */
bool mg_prefix_plan_wants(const struct mg_prefix_plan *plan, const struct mg_train_row *row, size_t i);

#endif
