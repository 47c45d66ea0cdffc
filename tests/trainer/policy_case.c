/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_case.h"

#include <stdlib.h>

#include "suite.h"

struct mg_model_config
mg_policy_case_config(int vocab, int context, bool tied)
{
    return (struct mg_model_config){.hidden_size = 64,
                                    .intermediate_size = 96,
                                    .num_hidden_layers = 2,
                                    .num_attention_heads = 2,
                                    .num_key_value_heads = 1,
                                    .head_dim = 32,
                                    .vocab_size = vocab,
                                    .max_position_embeddings = context,
                                    .rms_norm_eps = 1e-5,
                                    .rope_theta = 10000.0,
                                    .tie_word_embeddings = tied};
}

struct mg_policy *
mg_policy_case(bool tied, uint32_t max_tokens)
{
    struct mg_policy_limits limits = {
        .slots = MG_CASE_SLOTS, .context = MG_CASE_CONTEXT, .max_tokens = max_tokens, .train = true};
    struct mg_model_config config = mg_policy_case_config(MG_CASE_VOCAB, MG_CASE_CONTEXT, tied);
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
