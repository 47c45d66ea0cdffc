/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_case.h"

#include <stdlib.h>

#include "fixture.h"
#include "small_model.h"
#include "suite.h"

struct mg_policy *
mg_policy_case(bool tied, uint32_t max_tokens)
{
    struct mg_policy_limits limits = {
        .slots = MG_CASE_SLOTS, .context = MG_CASE_CONTEXT, .max_tokens = max_tokens, .train = true};
    struct mg_model_config config = mg_small_model(MG_CASE_VOCAB, MG_CASE_CONTEXT, tied);
    struct mg_policy *p = NULL;
    float *w;

    mg_ok(mg_policy_init(&config, 11, &limits, &p, &err));
    w = malloc(p->params.elems * sizeof *w);
    mg_ok(mg_op_read(p, p->weights, w, &err));
    for (size_t i = 0; i < p->params.decay_elems; i++)
        w[i] *= 10.0f;
    mg_ok(mg_op_write(p, p->weights, w, &err));
    free(w);
    return p;
}

struct mg_config
mg_learn_case(double lr, uint32_t epochs)
{
    return (struct mg_config){.steps = 10,
                              .lr = lr,
                              .lr_end = 1.0,
                              .beta1 = 0.9,
                              .beta2 = 0.98,
                              .adam_eps = 1e-8,
                              .max_norm = 1.0,
                              .temperature = 1.0,
                              .epochs = epochs,
                              .mini_batches = 1};
}

const uint32_t mg_case_lengths[MG_CASE_SLOTS] = {2, 3, 64, 65, 66, 130, 191};

void
mg_case_sequences_alloc(struct mg_case_sequences *s)
{
    for (int i = 0; i < MG_CASE_SLOTS; i++) {
        s->ids[i] = fx_random_i32(mg_case_lengths[i], MG_CASE_VOCAB, (uint64_t)i + 5);
        s->logprob[i] = calloc(mg_case_lengths[i], sizeof(float));
        s->weight[i] = calloc(mg_case_lengths[i], sizeof(float));
        for (uint32_t j = 1; j < mg_case_lengths[i]; j++)
            s->weight[i][j] = j % 3 == 1 ? 0.25f + 0.01f * (float)(j % 7) : 0.0f;
        s->rows[i] = (struct mg_train_row){.ids = s->ids[i],
                                           .weight = s->weight[i],
                                           .old_logprob = s->logprob[i],
                                           .len = mg_case_lengths[i],
                                           .advantage = i % 2 == 0 ? 0.7f : -1.3f};
    }
}

void
mg_case_sequences_free(struct mg_case_sequences *s)
{
    for (int i = 0; i < MG_CASE_SLOTS; i++) {
        free(s->ids[i]);
        free(s->logprob[i]);
        free(s->weight[i]);
    }
}
