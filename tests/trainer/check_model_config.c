/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/model_config.h"
#include "suite.h"

static void
setup(void)
{
    mg_err_clear(&err);
}

/* The shape of SmolLM2-135M; each case below changes one member. */
static const char smol[] =
    "{\"architectures\": [\"LlamaForCausalLM\"], \"attention_bias\": false, \"attention_dropout\": 0.0, "
    "\"bos_token_id\": 0, \"hidden_act\": \"silu\", \"hidden_size\": 576, \"initializer_range\": 0.041, "
    "\"intermediate_size\": 1536, \"is_llama_config\": true, \"max_position_embeddings\": 8192, \"model_type\": "
    "\"llama\", \"num_attention_heads\": 9, \"num_hidden_layers\": 30, \"num_key_value_heads\": 3, \"rms_norm_eps\": "
    "1e-05, \"rope_interleaved\": false, \"rope_scaling\": null, \"rope_theta\": 100000, \"tie_word_embeddings\": "
    "true, "
    "\"torch_dtype\": \"bfloat16\", \"vocab_size\": 49152}";

/* Parses `smol` with the members of `changes` set; a member that changes to "" is deleted. */
static enum mg_status
parse(const char *changes, struct mg_model_config *c)
{
    json_t *root = json_loads(smol, 0, NULL), *edit = json_loads(changes, 0, NULL), *value;
    const char *key;
    enum mg_status st;
    char *text;

    ck_assert(root != NULL && edit != NULL);
    json_object_foreach(edit, key, value) if (json_is_string(value) && json_string_length(value) == 0)
        json_object_del(root, key);
    else json_object_set(root, key, value);
    text = json_dumps(root, 0);
    st = mg_model_config_parse(text, strlen(text), "config.json", c, &err);
    free(text);
    json_decref(edit);
    json_decref(root);
    return st;
}

static struct mg_model_config
read_with(const char *changes)
{
    struct mg_model_config c = {0};

    ck_assert_msg(parse(changes, &c) == MG_OK, "%s", err.text);
    return c;
}

START_TEST(reads_llama)
{
    struct mg_model_config c = read_with("{}");

    ck_assert_int_eq(c.hidden_size, 576);
    ck_assert_int_eq(c.intermediate_size, 1536);
    ck_assert_int_eq(c.num_hidden_layers, 30);
    ck_assert_int_eq(c.num_attention_heads, 9);
    ck_assert_int_eq(c.num_key_value_heads, 3);
    ck_assert_int_eq(c.head_dim, 64);
    ck_assert_int_eq(c.vocab_size, 49152);
    ck_assert_int_eq(c.max_position_embeddings, 8192);
    ck_assert_double_eq(c.rms_norm_eps, 1e-5);
    ck_assert_double_eq(c.rope_theta, 100000.0);
    ck_assert(c.tie_word_embeddings && !c.attention_bias && !c.qk_norm);
}
END_TEST

START_TEST(fills_what_is_missing)
{
    struct mg_model_config c =
        read_with("{\"num_key_value_heads\": \"\", \"rms_norm_eps\": \"\", \"rope_theta\": \"\", "
                  "\"tie_word_embeddings\": \"\", \"architectures\": \"\", \"hidden_act\": \"\"}");

    ck_assert_int_eq(c.num_key_value_heads, 9);
    ck_assert_double_eq(c.rms_norm_eps, 1e-6);
    ck_assert_double_eq(c.rope_theta, 10000.0);
    ck_assert(!c.tie_word_embeddings);
}
END_TEST

START_TEST(reads_qwen)
{
    struct mg_model_config c = read_with("{\"model_type\": \"qwen2\", \"architectures\": [\"Qwen2ForCausalLM\"], "
                                         "\"use_sliding_window\": false, \"sliding_window\": 32768}");

    ck_assert(c.attention_bias && !c.qk_norm);
    c = read_with("{\"model_type\": \"qwen3\", \"architectures\": [\"Qwen3ForCausalLM\"], \"head_dim\": 128}");
    ck_assert(!c.attention_bias && c.qk_norm);
    ck_assert_int_eq(c.head_dim, 128); /* 9 x 128 is not hidden_size, which is allowed */
}
END_TEST

START_TEST(reads_rope_parameters)
{
    struct mg_model_config c = read_with("{\"rope_theta\": \"\", \"rope_scaling\": \"\", \"rope_parameters\": "
                                         "{\"rope_type\": \"default\", \"rope_theta\": 500000.0}}");

    ck_assert_double_eq(c.rope_theta, 500000.0);
}
END_TEST

/* The default kind of rotation by any of its spellings. */
START_TEST(reads_the_default_rotation)
{
    static const char *const kinds[] = {
        "{\"rope_scaling\": {\"rope_type\": \"default\"}}",
        "{\"rope_scaling\": {\"type\": \"default\", \"factor\": 1.0}}",
        "{\"rope_scaling\": {}}",
        "{\"rope_scaling\": {\"rope_type\": null}, \"rope_parameters\": null}",
        "{\"rope_parameters\": {\"rope_type\": \"default\", \"partial_rotary_factor\": 1}}",
        "{\"rope_parameters\": {\"rope_type\": \"default\", \"original_max_position_embeddings\": 2048}}",
    };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        ck_assert_double_eq(read_with(kinds[i]).rope_theta, 100000.0);
    ck_assert_double_eq(read_with("{\"rope_scaling\": {\"rope_type\": \"default\", \"rope_theta\": 5}}").rope_theta,
                        5.0);
}
END_TEST

/* What changes nothing is read. */
START_TEST(reads_what_changes_nothing)
{
    read_with("{\"mlp_bias\": false, \"partial_rotary_factor\": 1.0, \"logits_scaling\": 1, \"num_experts\": 0, "
              "\"quantization_config\": null, \"no_rope_layers\": [], \"final_logit_softcapping\": null, "
              "\"layer_types\": [\"full_attention\", \"full_attention\"], \"hidden_act\": null, \"use_cache\": true, "
              "\"pretraining_tp\": 1, \"sliding_window\": 4096}");
}
END_TEST

static const struct {
    const char *changes, *sentence;
} refused[] = {
    {"{\"model_type\": \"\"}", "model_type is missing"},
    {"{\"model_type\": \"gpt2\"}", "gpt2"},
    {"{\"architectures\": [\"Qwen2ForCausalLM\"]}", "Qwen2ForCausalLM"},
    {"{\"architectures\": []}", "nothing"},
    {"{\"hidden_size\": \"\"}", "hidden_size is missing"},
    {"{\"hidden_size\": 0}", "hidden_size is 0"},
    {"{\"hidden_size\": -576}", "-576"},
    {"{\"hidden_size\": 9223372036854775807}", "9223372036854775807"},
    {"{\"hidden_size\": 576.0}", "hidden_size is not a whole number"},
    {"{\"hidden_size\": \"576\"}", "hidden_size is not a whole number"},
    {"{\"intermediate_size\": 4294967297}", "4294967297"},
    {"{\"num_hidden_layers\": 0}", "num_hidden_layers is 0"},
    {"{\"num_attention_heads\": 0}", "num_attention_heads is 0"},
    {"{\"num_key_value_heads\": 4}", "9 attention heads do not divide among 4"},
    {"{\"num_key_value_heads\": 18}", "18"},
    {"{\"num_attention_heads\": 12, \"hidden_size\": 577}", "577"},
    {"{\"num_attention_heads\": 6}", "head_dim is 96"},
    {"{\"head_dim\": 80}", "head_dim is 80"},
    {"{\"head_dim\": 256}", "head_dim is 256"},
    {"{\"vocab_size\": 1}", "vocab_size is 1"},
    {"{\"vocab_size\": 1048577}", "1048577"},
    {"{\"max_position_embeddings\": 0}", "max_position_embeddings is 0"},
    {"{\"rms_norm_eps\": 0}", "rms_norm_eps is 0"},
    {"{\"rms_norm_eps\": \"small\"}", "rms_norm_eps is not a number"},
    {"{\"rope_theta\": -1}", "rope_theta is -1"},
    {"{\"rope_scaling\": {\"type\": \"linear\"}}", "rope_scaling"},
    {"{\"rope_parameters\": {\"rope_type\": \"yarn\", \"rope_theta\": 1e6}}", "yarn"},
    {"{\"rope_parameters\": {\"rope_type\": 1}}", "rope_type"},
    {"{\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8.0}}", "rope_scaling"},
    {"{\"rope_scaling\": {\"type\": \"default\", \"mrope_section\": [16, 24, 24]}}", "rope_scaling.mrope_section"},
    {"{\"rope_scaling\": {\"factor\": 2}}", "rope_scaling.factor"},
    {"{\"rope_scaling\": [1]}", "rope_scaling is not an object"},
    {"{\"rope_scaling\": true}", "rope_scaling is not an object"},
    {"{\"rope_parameters\": {\"full_attention\": {\"rope_type\": \"default\"}}}", "rope_parameters.full_attention"},
    {"{\"rope_parameters\": {\"rope_theta\": \"1e6\"}}", "rope_theta is not a number"},
    {"{\"rope_interleaved\": true}", "rope_interleaved"},
    {"{\"partial_rotary_factor\": 0.5}", "0.5"},
    {"{\"hidden_act\": \"gelu\"}", "gelu"},
    {"{\"hidden_act\": 3}", "hidden_act"},
    {"{\"mlp_bias\": true}", "mlp_bias"},
    {"{\"attention_bias\": true}", "attention_bias of a llama model"},
    {"{\"attention_bias\": 1}", "attention_bias is not true or false"},
    {"{\"tie_word_embeddings\": \"yes\"}", "tie_word_embeddings"},
    {"{\"model_type\": \"qwen2\", \"architectures\": null, \"use_sliding_window\": true}", "use_sliding_window"},
    {"{\"use_qk_norm\": true}", "use_qk_norm is true"},
    {"{\"rotary_pct\": 0.25}", "rotary_pct is 0.25"},
    {"{\"logits_scaling\": 8.0}", "logits_scaling is 8.0"},
    {"{\"logit_scale\": 0}", "logit_scale is 0"},
    {"{\"final_logit_softcapping\": 30.0}", "final_logit_softcapping"},
    {"{\"num_experts\": 8}", "num_experts is 8"},
    {"{\"num_nextn_predict_layers\": 1}", "num_nextn_predict_layers"},
    {"{\"no_rope_layers\": [1, 1, 0]}", "no_rope_layers is [1,1,0]"},
    {"{\"quantization_config\": {\"quant_method\": \"fp8\"}}", "quantization_config"},
    {"{\"layer_types\": [\"full_attention\", \"sliding_attention\"]}", "layer_types"},
    {"{\"layer_types\": [7]}", "layer_types"},
    {"{\"layer_types\": \"full_attention\"}", "layer_types"},
    {"{\"qkv_bias\": \"some\"}", "qkv_bias is"},
};

START_TEST(refuses)
{
    struct mg_model_config c = {.hidden_size = -7};

    ck_assert_msg(parse(refused[_i].changes, &c) == MG_INPUT, "%s is read", refused[_i].changes);
    ck_assert_int_eq(c.hidden_size, -7);
    ck_assert_msg(strstr(err.text, refused[_i].sentence) != NULL, "%s: %s", refused[_i].changes, err.text);
}
END_TEST

static const char *const not_json[] = {
    "", "{", "[1]", "null", "{\"hidden_size\": 1, \"hidden_size\": 2}", "{\"a\": \"\xff\"}"};

START_TEST(refuses_what_is_no_object)
{
    struct mg_model_config c;

    mg_fails(mg_model_config_parse(not_json[_i], strlen(not_json[_i]), "config.json", &c, &err), MG_INPUT,
             "config.json");
}
END_TEST

START_TEST(saves_what_it_loads)
{
    static const char *const kinds[] = {
        "{\"rms_norm_eps\": 1.25e-6}", "{\"model_type\": \"qwen2\", \"architectures\": null}",
        "{\"model_type\": \"qwen3\", \"architectures\": null, \"head_dim\": 32, \"tie_word_embeddings\": false}"};
    char dir[] = "/tmp/check_model_config.XXXXXX", path[64];

    ck_assert_ptr_nonnull(mkdtemp(dir));
    for (int i = 0; i < 3; i++) {
        struct mg_model_config in, out;

        memset(&in, 0, sizeof in);
        memset(&out, 0, sizeof out);
        ck_assert_int_eq(parse(kinds[i], &in), MG_OK);
        ck_assert_int_eq(mg_model_config_save(dir, &in, "float32", &err), MG_OK);
        ck_assert_msg(mg_model_config_load(dir, &out, &err) == MG_OK, "%s", err.text);
        ck_assert_double_eq(out.rms_norm_eps, in.rms_norm_eps);
        ck_assert_double_eq(out.rope_theta, in.rope_theta);
        ck_assert_mem_eq(&out, &in, offsetof(struct mg_model_config, rms_norm_eps));
        ck_assert(out.tie_word_embeddings == in.tie_word_embeddings && out.attention_bias == in.attention_bias &&
                  out.qk_norm == in.qk_norm);
    }
    snprintf(path, sizeof path, "%s/config.json", dir);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(dir), 0);
    ck_assert_int_eq(mg_model_config_load(dir, &(struct mg_model_config){0}, &err), MG_INPUT);
}
END_TEST

int
main(void)
{
    TCase *tc = suite_case("model config", setup, NULL, 0);

    suite_tests(tc, reads_llama, fills_what_is_missing, reads_qwen, reads_rope_parameters, reads_the_default_rotation,
                reads_what_changes_nothing);
    tcase_add_loop_test(tc, refuses, 0, (int)(sizeof refused / sizeof *refused));
    tcase_add_loop_test(tc, refuses_what_is_no_object, 0, (int)(sizeof not_json / sizeof *not_json));
    suite_tests(tc, saves_what_it_loads);
    return suite_main();
}
