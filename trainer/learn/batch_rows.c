/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/batch_rows.h"

#include <stdlib.h>

static enum mg_status
alloc(const struct mg_trajectory *const *t, uint32_t n, struct mg_batch_rows *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t tokens = 0;

    for (uint32_t i = 0; i < n; i++)
        tokens += t[i]->len;
    MG_ALLOC(out->weight, tokens);
    MG_ALLOC(out->row, n);
    MG_ALLOC(out->of, n);
out:
    return st;
}

/* Trajectory i, whose sampled tokens weigh `each`; *used of the weights are taken. */
static void
add(struct mg_batch_rows *b, const struct mg_trajectory *t, uint32_t i, float each, size_t *used)
{
    float *weight = b->weight + *used;

    for (uint32_t k = 0; k < t->len; k++)
        weight[k] = t->mask[k] ? each : 0.0f;
    b->of[b->n] = i;
    b->row[b->n++] = (struct mg_train_row){.ids = t->ids,
                                           .weight = weight,
                                           .old_logprob = t->logprob,
                                           .sampled_logprob = t->logprob,
                                           .len = t->len,
                                           .advantage = t->advantage};
    *used += t->len;
}

enum mg_status
mg_batch_rows_all(const struct mg_trajectory *const *t, uint32_t n, struct mg_batch_rows *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t used = 0;

    MG_TRY(alloc(t, n, out, err));
    for (uint32_t i = 0; i < n; i++)
        if (mg_trajectory_written(t[i]) > 0)
            add(out, t[i], i, 1.0f, &used);
out:
    return st;
}

static bool
is_between(const struct mg_trajectory *t, uint32_t first, uint32_t end)
{
    return t->key.question >= first && t->key.question < end;
}

enum mg_status
mg_batch_rows_weighted(const struct mg_config *c, const struct mg_agent_config *agent,
                       const struct mg_trajectory *const *t, uint32_t n, uint32_t first, uint32_t end,
                       struct mg_batch_rows *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_step_sums sums = {.new_max = (double)agent->turns * agent->new_tokens};
    const enum mg_normalisation normalisation = mg_objectives[c->objective].normalisation;
    const bool all_teach = c->entropy_bonus != 0.0 || c->kl_beta != 0.0;
    size_t used = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (!is_between(t[i], first, end))
            continue;
        sums.weight += (double)t[i]->weight;
        sums.weighted_tokens += (double)t[i]->weight * mg_trajectory_written(t[i]);
    }
    MG_TRY(alloc(t, n, out, err));
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t written = mg_trajectory_written(t[i]);
        const float each = (float)mg_token_weight(normalisation, &sums, (double)t[i]->weight, written);

        if (is_between(t[i], first, end) && written > 0 && each > 0.0f && (t[i]->advantage != 0.0f || all_teach))
            add(out, t[i], i, each, &used);
    }
out:
    return st;
}

void
mg_batch_rows_free(struct mg_batch_rows *b)
{
    free(b->row);
    free(b->of);
    free(b->weight);
}
