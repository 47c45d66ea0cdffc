/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_BATCH_ROWS_H
#define MGRPO_BATCH_ROWS_H

#include "dialogue/trajectory.h"
#include "policy/policy.h"
#include "run/config.h"

/* Trajectories as the policy trains or scores them. Start from {0}. */
struct mg_batch_rows {
    struct mg_train_row *row; /* [n] */
    uint32_t *of;             /* [n] the trajectory of each */
    size_t n;
    float *weight; /* of all rows, concatenated */
};

/* Every trajectory that has a sampled token; each of these weighs 1. */
enum mg_status mg_batch_rows_all(const struct mg_trajectory *const *t, uint32_t n, struct mg_batch_rows *out,
                                 struct mg_err *err);
/* Those of questions first .. end - 1 that have something to teach: an advantage that is not 0, or with KL or an entropy
 * bonus any. Their sampled tokens weigh what the objective says, by sums over all trajectories of these questions. */
enum mg_status mg_batch_rows_weighted(const struct mg_config *c, const struct mg_agent_config *agent,
                                      const struct mg_trajectory *const *t, uint32_t n, uint32_t first, uint32_t end,
                                      struct mg_batch_rows *out, struct mg_err *err);
void mg_batch_rows_free(struct mg_batch_rows *b);

#endif
