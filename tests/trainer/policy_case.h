/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TESTS_POLICY_CASE_H
#define MGRPO_TESTS_POLICY_CASE_H

#include "policy/policy_internal.h"
#include "run/config.h"

enum { MG_CASE_VOCAB = 97, MG_CASE_CONTEXT = 192, MG_CASE_SLOTS = 7 };

/* A small model on the default device, weights ten times the usual start, so that logits are far from uniform and a
 * test has something to see. Fails the test if it cannot. */
struct mg_policy *mg_policy_case(bool tied, uint32_t max_tokens);
/* How a test trains: by AdamW at a learning rate that stays, in so many passes; no bounds, no decay. */
struct mg_config mg_learn_case(double lr, uint32_t epochs);

/* A sequence for each slot, of lengths about those of blocks, in which every third token is trained. */
extern const uint32_t mg_case_lengths[MG_CASE_SLOTS];
struct mg_case_sequences {
    int32_t *ids[MG_CASE_SLOTS];
    float *logprob[MG_CASE_SLOTS], *weight[MG_CASE_SLOTS];
    struct mg_train_row rows[MG_CASE_SLOTS];
};
void mg_case_sequences_alloc(struct mg_case_sequences *s);
void mg_case_sequences_free(struct mg_case_sequences *s);

#endif
