/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>

#include "model/model_config.h"

/* libFuzzer entry (scripts/fuzz): the input is a model's config.json. What is accepted has a shape that is possible. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mg_model_config c = {0};
    struct mg_err err = {0};

    if (mg_model_config_parse((const char *)data, size, "fuzz", &c, &err) != MG_OK) {
        if (err.text[0] == '\0')
            abort();
        return 0;
    }
    if (c.hidden_size < 1 || c.intermediate_size < 1 || c.num_hidden_layers < 1 || c.num_attention_heads < 1 ||
        c.num_key_value_heads < 1 || c.num_attention_heads % c.num_key_value_heads != 0 || c.vocab_size < 1 ||
        (c.head_dim != 32 && c.head_dim != 64 && c.head_dim != 128) || !(c.rms_norm_eps > 0.0) || !(c.rope_theta > 0.0))
        abort();
    return 0;
}
