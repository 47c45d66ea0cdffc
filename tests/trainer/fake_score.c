/* SPDX-License-Identifier: Apache-2.0 */
/* Scores of the fake policy: every token is its own arg-max and has probability 1/2. */
#include "fake_policy.h"

#include "policy/policy.h"

enum mg_status
mg_policy_score(struct mg_policy *p, const struct mg_train_row *rows, size_t n_rows, float temperature, float **logprob,
                int32_t **argmax, struct mg_err *err)
{
    (void)p;
    (void)temperature;
    (void)err;
    for (size_t r = 0; r < n_rows; r++)
        for (uint32_t i = 1; i < rows[r].len; i++) {
            if (logprob != NULL)
                logprob[r][i] = -0.6931472f;
            if (argmax != NULL)
                argmax[r][i] = rows[r].ids[i];
        }
    return MG_OK;
}
