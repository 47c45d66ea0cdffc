/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_case.h"

#include <stdlib.h>

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
