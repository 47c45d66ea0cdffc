/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TESTS_FAKE_POLICY_H
#define MGRPO_TESTS_FAKE_POLICY_H

#include "dialogue/roles.h"
#include "policy/policy.h"

/* The vocabulary of the tokenizer that the fake policy knows: specials, roles, then the 256 bytes. */
enum {
    MG_FAKE_PAD,
    MG_FAKE_BOS,
    MG_FAKE_END,
    MG_FAKE_ROLE,
    MG_FAKE_BYTE = MG_FAKE_ROLE + MG_N_ROLES,
    MG_FAKE_VOCAB = MG_FAKE_BYTE + 256
};

/* tokenizer.json of that vocabulary; malloc'ed. */
char *mg_fake_tokenizer_json(void);
/* The same, loaded. */
enum mg_status mg_fake_tokenizer(struct mg_tokenizer **tok, struct mg_err *err);

/* Tokens that entered a slot by decoding since the policy was opened. */
size_t mg_fake_policy_fed(const struct mg_policy *p);

#endif
