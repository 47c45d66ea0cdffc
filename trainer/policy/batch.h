/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_BATCH_H
#define MGRPO_BATCH_H

#include "policy/policy_internal.h"
#include "policy/prefix.h"

/*
 * Training and scoring: groups of trajectories with a common prefix are packed into micro-batches in the plan's order,
 * as many as fit into max_tokens. A token of weight 0 is context only: the head sees the rows that predict a weighted
 * token, and a trajectory ends with its last weighted token.
 */
struct mg_packed_rows {
    int32_t *ints;             /* [MG_N_INTS][max_tokens] */
    int32_t *offsets, *prefix; /* where each sequence begins; the sequence that it continues, or -1 */
    int32_t *head_rows;        /* where the head rows of each trajectory begin, and the end */
    float *in;                 /* [MG_N_IN][max_tokens] */
    float *out;                /* [MG_N_OUT][max_tokens] */
    size_t cap;
    struct mg_batch batch;
};

enum mg_status mg_packed_alloc(struct mg_packed_rows *k, size_t cap, struct mg_err *err);
void mg_packed_free(struct mg_packed_rows *k);
/* Fills k with the plan's groups from *next on, as many as fit, and advances *next; one always fits. */
void mg_pack(struct mg_packed_rows *k, const struct mg_prefix_plan *plan, size_t *next);
enum mg_status mg_packed_upload(struct mg_policy *p, const struct mg_packed_rows *k, struct mg_err *err);

#endif
