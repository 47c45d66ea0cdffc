/* SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_internal.h"

#include <string.h>

/* The split of GPT-2 (Radford et al. 2019), which ByteLevel applies when use_regex is true. */
static const char GPT2_SPLIT[] = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

static enum mg_status
load_digits(struct tok_stage *stage, const json_t *step, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    bool one_by_one;

    MG_TRY(mg_tok_bool(step, "individual_digits", false, &one_by_one, name, err));
    MG_TRY(mg_tok_regex_compile(one_by_one ? "\\p{N}" : "\\p{N}+", name, &stage->code, err));
out:
    return st;
}

static enum mg_status
load_split(struct tok_stage *stage, const json_t *step, bool *classed, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *pattern = json_string_value(json_object_get(json_object_get(step, "pattern"), "Regex"));
    const char *behavior = json_string_value(json_object_get(step, "behavior"));
    bool invert;

    MG_REQUIRE(pattern, MG_INPUT, "%s: a Split pre-tokenizer has no pattern.Regex", name);
    MG_REQUIRE(behavior && strcmp(behavior, "Isolated") == 0, MG_INPUT,
               "%s: a Split pre-tokenizer has behavior %.40s, only Isolated is read", name,
               behavior ? behavior : "(none)");
    MG_TRY(mg_tok_bool(step, "invert", false, &invert, name, err));
    MG_REQUIRE(!invert, MG_INPUT, "%s: a Split pre-tokenizer is inverted, which is not read", name);
    MG_TRY(mg_tok_regex_compile(pattern, name, &stage->code, err));
    *classed |= strstr(pattern, "\\p") != NULL || strstr(pattern, "\\P") != NULL || strstr(pattern, "\\d") != NULL;
out:
    return st;
}

static enum mg_status
load_byte_level(struct tok_stage *stage, const json_t *step, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    bool use_regex;

    MG_REQUIRE(json_object_get(step, "add_prefix_space"), MG_INPUT, "%s: ByteLevel has no add_prefix_space", name);
    MG_TRY(mg_tok_bool(step, "add_prefix_space", false, &stage->prefix_space, name, err));
    MG_TRY(mg_tok_bool(step, "use_regex", true, &use_regex, name, err));
    if (use_regex)
        MG_TRY(mg_tok_regex_compile(GPT2_SPLIT, name, &stage->code, err));
out:
    return st;
}

static enum mg_status
load_step(struct mg_tokenizer *tok, const json_t *step, bool last, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *type = json_string_value(json_object_get(step, "type"));
    struct tok_stage *stage = &tok->stage[tok->n_stages++];

    MG_REQUIRE(type, MG_INPUT, "%s: a pre-tokenizer has no type", name);
    MG_REQUIRE(last == (strcmp(type, "ByteLevel") == 0), MG_INPUT,
               "%s: pre-tokenizer %d is %.40s, but ByteLevel must come last and only there", name, tok->n_stages, type);
    if (last)
        return load_byte_level(stage, step, name, err);
    if (strcmp(type, "Digits") == 0)
        return load_digits(stage, step, name, err);
    MG_REQUIRE(strcmp(type, "Split") == 0, MG_INPUT,
               "%s: pre-tokenizer %.40s is not read, only Digits, Split and ByteLevel are", name, type);
    return load_split(stage, step, &tok->classed, name, err);
out:
    return st;
}

enum mg_status
mg_tok_load_stages(struct mg_tokenizer *tok, const json_t *pre, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *type = json_string_value(json_object_get(pre, "type"));
    const json_t *steps = json_object_get(pre, "pretokenizers");
    size_t n;

    MG_REQUIRE(type, MG_INPUT, "%s: there is no pre_tokenizer with a type", name);
    if (strcmp(type, "Sequence") != 0)
        return load_step(tok, pre, true, name, err);
    MG_REQUIRE(json_is_array(steps), MG_INPUT, "%s: pre_tokenizer.pretokenizers is not an array", name);
    n = json_array_size(steps);
    MG_REQUIRE(n >= 1 && n <= TOK_STAGES, MG_INPUT, "%s: pre_tokenizer has %zu steps, the limits are 1 and %d", name, n,
               TOK_STAGES);
    for (size_t i = 0; i < n; i++)
        MG_TRY(load_step(tok, json_array_get(steps, i), i + 1 == n, name, err));
out:
    return st;
}
