/* SPDX-License-Identifier: Apache-2.0 */
#include "small_model.h"

struct mg_model_config
mg_small_model(int vocab, int context, bool tied)
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
