/* SPDX-License-Identifier: Apache-2.0 */
#include "model/model_config.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"

enum { MAX_CONFIG_BYTES = 1 << 20 };

/* An integer member of the file: its range, and its default (REQUIRED: it has none). */
enum { REQUIRED = -1 };
struct int_key {
    const char *key;
    size_t offset;
    int min, max, missing;
};
#define KEY(field, min, max, missing)                                                                                  \
    {                                                                                                                  \
#field, offsetof(struct mg_model_config, field), (min), (max), (missing)                                       \
    }
static const struct int_key int_keys[] = {
    KEY(hidden_size, 8, 65536, REQUIRED),      KEY(intermediate_size, 8, 1 << 20, REQUIRED),
    KEY(num_hidden_layers, 1, 1024, REQUIRED), KEY(num_attention_heads, 1, 1024, REQUIRED),
    KEY(num_key_value_heads, 1, 1024, 0),      KEY(head_dim, 32, 128, 0),
    KEY(vocab_size, 2, 1 << 20, REQUIRED),     KEY(max_position_embeddings, 1, 1 << 24, 2048),
};

static enum mg_status
read_int(const json_t *root, const char *name, const struct int_key *key, struct mg_model_config *out,
         struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const json_t *value = json_object_get(root, key->key);
    json_int_t n = key->missing;

    if (value != NULL && !json_is_null(value)) {
        MG_REQUIRE(json_is_integer(value), MG_INPUT, "%s: %s is not a whole number", name, key->key);
        n = json_integer_value(value);
        MG_REQUIRE(n >= key->min && n <= key->max, MG_INPUT, "%s: %s is %lld, need %d to %d", name, key->key,
                   (long long)n, key->min, key->max);
    }
    MG_REQUIRE(n != REQUIRED, MG_INPUT, "%s: %s is missing", name, key->key);
    *(int *)((char *)out + key->offset) = (int)n;
out:
    return st;
}

static enum mg_status
read_real(const json_t *root, const char *name, const char *key, double min, double max, double missing, double *out,
          struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const json_t *value = json_object_get(root, key);

    *out = missing;
    if (value == NULL || json_is_null(value))
        return MG_OK;
    MG_REQUIRE(json_is_number(value), MG_INPUT, "%s: %s is not a number", name, key);
    *out = json_number_value(value);
    MG_REQUIRE(*out >= min && *out <= max, MG_INPUT, "%s: %s is %g, need %g to %g", name, key, *out, min, max);
out:
    return st;
}

/* A missing or null member is false. */
static enum mg_status
read_bool(const json_t *root, const char *name, const char *key, bool *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const json_t *value = json_object_get(root, key);

    MG_REQUIRE(value == NULL || json_is_null(value) || json_is_boolean(value), MG_INPUT, "%s: %s is not true or false",
               name, key);
    *out = json_is_true(value);
out:
    return st;
}

static bool
is_number(const json_t *value, double n)
{
    return json_is_number(value) && json_number_value(value) == n;
}

/* A member of rope_scaling or rope_parameters, other than rope_theta. */
static enum mg_status
check_rope(const char *name, const char *part, const char *key, const json_t *value, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *kind = json_string_value(value);
    bool factor = strcmp(key, "factor") == 0 || strcmp(key, "partial_rotary_factor") == 0;

    /* the last of these means something to other kinds alone */
    if (json_is_null(value) || (factor && is_number(value, 1.0)) ||
        strcmp(key, "original_max_position_embeddings") == 0)
        return MG_OK;
    MG_REQUIRE(strcmp(key, "rope_type") == 0 || strcmp(key, "type") == 0, MG_INPUT,
               "%s: %s.%.60s would change the rotation and is not supported", name, part, key);
    MG_REQUIRE(kind != NULL && strcmp(kind, "default") == 0, MG_INPUT, "%s: %s.%s is %.40s, only default is supported",
               name, part, key, kind != NULL ? kind : "no string");
out:
    return st;
}

/* rope_theta is a top-level member, or one of rope_parameters in newer files. Of the kinds of rotation that
 * rope_scaling and rope_parameters name, the default one alone is computed. */
static enum mg_status
read_rope(const json_t *root, const char *name, double *theta, struct mg_err *err)
{
    static const char *const parts[] = {"rope_scaling", "rope_parameters"};
    enum mg_status st = MG_OK;

    MG_TRY(read_real(root, name, "rope_theta", 1.0, 1e12, 10000.0, theta, err));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        json_t *rope = json_object_get(root, parts[i]), *value;
        const char *key;

        MG_REQUIRE(rope == NULL || json_is_null(rope) || json_is_object(rope), MG_INPUT, "%s: %s is not an object",
                   name, parts[i]);
        json_object_foreach(rope, key, value) if (strcmp(key, "rope_theta") != 0)
            MG_TRY(check_rope(name, parts[i], key, value, err));
        MG_TRY(read_real(rope, name, "rope_theta", 1.0, 1e12, *theta, theta, err));
    }
out:
    return st;
}

/*
 * Members by which models of these families, or of others that took their names, compute something else. Such a member
 * may be absent, null, false, empty, or the number that changes nothing.
 */
static const struct {
    const char *key;
    double nothing;
} not_computed[] = {
    /* biases and norms */
    {"mlp_bias", 0},
    {"use_bias", 0},
    {"bias", 0},
    {"qkv_bias", 0},
    {"use_qkv_bias", 0},
    {"attention_out_bias", 0},
    {"lm_head_bias", 0},
    {"use_qk_norm", 0},
    {"qk_norm", 0},
    {"qk_layernorm", 0},
    {"use_post_norm", 0},
    {"clip_qkv", 0},
    /* rotation */
    {"rope_interleaved", 0},
    {"partial_rotary_factor", 1},
    {"rotary_pct", 1},
    {"rotary_percent", 1},
    {"rope_ratio", 1},
    {"rope_local_base_freq", 0},
    {"no_rope_layers", 0},
    {"no_rope_layer_interval", 0},
    {"use_mrope", 0},
    {"use_dynamic_ntk", 0},
    {"alibi", 0},
    /* attention and layers */
    {"use_sliding_window", 0},
    {"attention_chunk_size", 0},
    {"use_logn_attn", 0},
    {"parallel_attn", 0},
    {"use_parallel_residual", 0},
    {"num_local_experts", 0},
    {"num_experts", 0},
    {"n_routed_experts", 0},
    {"num_nextn_predict_layers", 0},
    {"num_mtp_layers", 0},
    /* factors */
    {"attention_multiplier", 0},
    {"embedding_multiplier", 1},
    {"residual_multiplier", 1},
    {"logits_scaling", 1},
    {"logit_scale", 1},
    {"scale_emb", 1},
    {"scale_depth", 0},
    {"attn_logit_softcapping", 0},
    {"final_logit_softcapping", 0},
    {"query_pre_attn_scalar", 0},
    /* weights that are no plain numbers */
    {"quantization_config", 0},
};

static bool
changes_nothing(const json_t *value, double nothing)
{
    if (json_is_array(value) || json_is_object(value))
        return json_array_size(value) + json_object_size(value) == 0;
    return value == NULL || json_is_null(value) || json_is_false(value) || is_number(value, nothing);
}

static enum mg_status
refuse(const char *name, const char *key, const json_t *value, struct mg_err *err)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

    mg_fail(err, MG_INPUT, "%s: %s is %.60s, which is not supported", name, key, text != NULL ? text : "set");
    free(text);
    return MG_INPUT;
}

/* Newer files name the kind of attention of each layer. */
static enum mg_status
check_layers(const json_t *root, const char *name, struct mg_err *err)
{
    const json_t *list = json_object_get(root, "layer_types");
    json_t *value;
    size_t i;

    if (list != NULL && !json_is_null(list) && !json_is_array(list))
        return refuse(name, "layer_types", list, err);
    json_array_foreach(list, i, value)
    {
        const char *type = json_string_value(value);

        if (type == NULL || strcmp(type, "full_attention") != 0)
            return refuse(name, "layer_types", list, err);
    }
    return MG_OK;
}

/* Refuses members that would change the computation in a way that the trainer does not implement. */
static enum mg_status
refuse_unknown(const json_t *root, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const json_t *act = json_object_get(root, "hidden_act");
    const char *kind = json_is_string(act) ? json_string_value(act) : "no string";

    MG_REQUIRE(act == NULL || json_is_null(act) || strcmp(kind, "silu") == 0, MG_INPUT,
               "%s: hidden_act is %.40s, need silu", name, kind);
    for (size_t i = 0; i < sizeof not_computed / sizeof *not_computed; i++) {
        const json_t *value = json_object_get(root, not_computed[i].key);

        if (!changes_nothing(value, not_computed[i].nothing))
            return refuse(name, not_computed[i].key, value, err);
    }
    MG_TRY(check_layers(root, name, err));
out:
    return st;
}

static const struct {
    const char *type, *architecture;
} families[] = {{"llama", "LlamaForCausalLM"}, {"qwen2", "Qwen2ForCausalLM"}, {"qwen3", "Qwen3ForCausalLM"}};
enum { LLAMA, QWEN2, QWEN3, N_FAMILIES };

static enum mg_status
find_family(const json_t *root, const char *name, int *family, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *type = json_string_value(json_object_get(root, "model_type"));
    const json_t *list = json_object_get(root, "architectures");
    const char *architecture = json_string_value(json_array_get(list, 0));

    MG_REQUIRE(type != NULL, MG_INPUT, "%s: model_type is missing", name);
    *family = 0;
    while (*family < N_FAMILIES && strcmp(type, families[*family].type) != 0)
        ++*family;
    MG_REQUIRE(*family < N_FAMILIES, MG_INPUT, "%s: model_type is %.40s, need llama, qwen2 or qwen3", name, type);
    if (list != NULL && !json_is_null(list))
        MG_REQUIRE(architecture != NULL && strcmp(architecture, families[*family].architecture) == 0, MG_INPUT,
                   "%s: architectures has %.60s, need %s for model_type %s", name,
                   architecture != NULL ? architecture : "nothing", families[*family].architecture, type);
out:
    return st;
}

static enum mg_status
read_family(const json_t *root, const char *name, struct mg_model_config *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    int family = 0;
    bool bias;

    MG_TRY(find_family(root, name, &family, err));
    MG_TRY(read_bool(root, name, "attention_bias", &bias, err));
    MG_REQUIRE(!bias || family == QWEN2, MG_INPUT, "%s: attention_bias of a %s model is not supported", name,
               families[family].type);
    out->attention_bias = family == QWEN2;
    out->qk_norm = family == QWEN3;
    MG_TRY(read_bool(root, name, "tie_word_embeddings", &out->tie_word_embeddings, err));
out:
    return st;
}

static enum mg_status
fill_and_check_heads(const char *name, struct mg_model_config *c, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    if (c->num_key_value_heads == 0)
        c->num_key_value_heads = c->num_attention_heads;
    MG_REQUIRE(c->num_attention_heads % c->num_key_value_heads == 0, MG_INPUT,
               "%s: %d attention heads do not divide among %d key-value heads", name, c->num_attention_heads,
               c->num_key_value_heads);
    if (c->head_dim == 0) {
        MG_REQUIRE(c->hidden_size % c->num_attention_heads == 0, MG_INPUT,
                   "%s: hidden_size %d does not divide among %d heads, and head_dim is missing", name, c->hidden_size,
                   c->num_attention_heads);
        c->head_dim = c->hidden_size / c->num_attention_heads;
    }
    MG_REQUIRE(c->head_dim == 32 || c->head_dim == 64 || c->head_dim == 128, MG_INPUT,
               "%s: head_dim is %d, need 32, 64 or 128", name, c->head_dim);
out:
    return st;
}

enum mg_status
mg_model_config_parse(const char *json, size_t len, const char *name, struct mg_model_config *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_model_config c = {0};
    json_error_t why;
    json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, &why);

    MG_REQUIRE(root != NULL, MG_INPUT, "%s:%d: %s", name, why.line, why.text);
    MG_REQUIRE(json_is_object(root), MG_INPUT, "%s: not a JSON object", name);
    MG_TRY(read_family(root, name, &c, err));
    MG_TRY(refuse_unknown(root, name, err));
    for (size_t i = 0; i < sizeof int_keys / sizeof int_keys[0]; i++)
        MG_TRY(read_int(root, name, &int_keys[i], &c, err));
    MG_TRY(read_real(root, name, "rms_norm_eps", 1e-12, 1e-1, 1e-6, &c.rms_norm_eps, err));
    MG_TRY(read_rope(root, name, &c.rope_theta, err));
    MG_TRY(fill_and_check_heads(name, &c, err));
    *out = c;
out:
    json_decref(root);
    return st;
}

enum mg_status
mg_model_config_load(const char *dir, struct mg_model_config *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_path path = mg_path_print("%s/config.json", dir);
    char *json = NULL;
    size_t len = 0;

    MG_TRY(mg_file_read(path.text, MAX_CONFIG_BYTES, &json, &len, err));
    MG_TRY(mg_model_config_parse(json, len, path.text, out, err));
out:
    if (st == MG_INPUT)
        mg_hint(err, "A model is a folder with config.json and model.safetensors; mgrpo-model(5) says which are read.");
    free(json);
    return st;
}

enum mg_status
mg_model_config_save(const char *dir, const struct mg_model_config *c, const char *torch_dtype, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    int family = c->qk_norm ? QWEN3 : c->attention_bias ? QWEN2 : LLAMA;
    struct mg_path path = mg_path_print("%s/config.json", dir);
    char *text = NULL;
    json_t *root =
        json_pack("{s:[s], s:s, s:s, s:f, s:f, s:b, s:b, s:s}", "architectures", families[family].architecture,
                  "model_type", families[family].type, "hidden_act", "silu", "rms_norm_eps", c->rms_norm_eps,
                  "rope_theta", c->rope_theta, "tie_word_embeddings", (int)c->tie_word_embeddings, "attention_bias",
                  (int)c->attention_bias, "torch_dtype", torch_dtype);

    MG_REQUIRE(root != NULL, MG_FAIL, "out of memory: config.json");
    for (size_t i = 0; i < sizeof int_keys / sizeof int_keys[0]; i++)
        json_object_set_new(root, int_keys[i].key, json_integer(*(const int *)((const char *)c + int_keys[i].offset)));
    text = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_REAL_PRECISION(9));
    MG_REQUIRE(text != NULL, MG_FAIL, "out of memory: config.json");
    MG_TRY(mg_file_write_atomic(path.text, text, strlen(text), err));
out:
    json_decref(root);
    free(text);
    return st;
}
