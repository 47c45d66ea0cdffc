/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_MODEL_CONFIG_H
#define MGRPO_MODEL_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/*
 * The shape of a Llama-family decoder, as a Hugging Face config.json names it (model_type llama, qwen2 or qwen3). What
 * the trainer cannot compute is refused with a sentence that names the member: a rotation of a kind other than default,
 * partial or interleaved, an activation other than silu, sliding windows that are in use, biases of the MLP or of the
 * attention output, other norms, factors and caps, experts, quantised weights, head dimensions other than 32, 64 and
 * 128. Members that do not change the computation are ignored.
 */
struct mg_model_config {
    int hidden_size, intermediate_size, num_hidden_layers, num_attention_heads, num_key_value_heads, head_dim;
    int vocab_size, max_position_embeddings;
    double rms_norm_eps, rope_theta;
    bool tie_word_embeddings;
    bool attention_bias; /* on query, key and value: qwen2 */
    bool qk_norm;        /* qwen3 */
};

/* Reads dir/config.json. */
enum mg_status mg_model_config_load(const char *dir, struct mg_model_config *out, struct mg_err *err);
/* The same from memory; `name` stands for the path in messages. */
enum mg_status mg_model_config_parse(const char *json, size_t len, const char *name, struct mg_model_config *out,
                                     struct mg_err *err);
/* Writes dir/config.json atomically; torch_dtype names the type of the weights beside it, "float32". */
enum mg_status mg_model_config_save(const char *dir, const struct mg_model_config *config, const char *torch_dtype,
                                    struct mg_err *err);

#endif
