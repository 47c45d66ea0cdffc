/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TESTS_FAKE_POLICY_INTERNAL_H
#define MGRPO_TESTS_FAKE_POLICY_INTERNAL_H

#include "fake_policy.h"
#include "policy/policy.h"

enum { N_CHOICES = MG_N_ROLES + 1 /* a token that no agent may write first */, N_WEIGHTS = MG_N_ROLES * N_CHOICES };

struct slot {
    int32_t *ids;
    uint32_t len;
};

struct mg_policy {
    struct mg_model_config config;
    struct mg_policy_limits limits;
    float w[N_WEIGHTS];
    double grad[N_WEIGHTS];
    uint64_t version;
    struct slot *slot;
    size_t fed; /* tokens that entered a slot by decoding */
};

/* The turn last read in ids[0..before): its role, and its text as ids[*first .. *end). */
int mg_fake_last_read(const int32_t *ids, uint32_t before, uint32_t *first, uint32_t *end);
bool mg_fake_is_role(int32_t id);
void mg_fake_log_softmax(const float *w, double out[N_CHOICES]);

#endif
