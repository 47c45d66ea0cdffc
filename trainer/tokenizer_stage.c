/* SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer_internal.h"

#include <string.h>

/* The word pattern of GPT-2, which a ByteLevel stage with use_regex stands for. */
static const char byte_level_pattern[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/*
 * The part of the syntax on which PCRE2 and Oniguruma agree: groups (?: (?i: (?= (?!, the escapes below, classes,
 * alternation and quantifiers. Anything else could cut words differently without a sign.
 */
static bool
is_common_syntax(const char *p)
{
    static const char escapes[] = "sSdDwWpPrntfvb.*+?()[]{}|^$\\/-'\"";
    static const char *const groups[] = {"(?:", "(?i:", "(?=", "(?!"};

    for (; *p != '\0'; p++) {
        if (*p == '\\') {
            if (p[1] == '\0' || strchr(escapes, p[1]) == NULL)
                return false;
            p++;
        } else if (p[0] == '(' && (p[1] == '?' || p[1] == '*')) {
            bool known = false;

            for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
                known = known || strncmp(p, groups[i], strlen(groups[i])) == 0;
            if (!known)
                return false;
        } else if (p[0] == '[' && (p[1] == ':' || strstr(p, "&&") != NULL)) {
            return false; /* POSIX names and Oniguruma's intersections */
        }
    }
    return true;
}

enum mg_status
mg_tok_regex_compile(const char *pattern, const char *name, pcre2_code **code, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    PCRE2_UCHAR reason[120] = "";
    PCRE2_SIZE at = 0;
    int number = 0;

    MG_REQUIRE(is_common_syntax(pattern), MG_INPUT,
               "%s: the regular expression \"%.60s\" uses syntax that is not supported", name, pattern);
    *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP, &number, &at, NULL);
    if (*code == NULL)
        pcre2_get_error_message(number, reason, sizeof reason);
    MG_REQUIRE(*code != NULL, MG_INPUT, "%s: the regular expression \"%.60s\": %s at %zu", name, pattern,
               (const char *)reason, (size_t)at);
    pcre2_jit_compile(*code, PCRE2_JIT_COMPLETE); /* without JIT it matches all the same */
out:
    return st;
}

static enum mg_status
add_stage(struct mg_tokenizer *tok, const char *pattern, bool prefix_space, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct tok_stage *stage = &tok->stage[tok->n_stages];

    MG_REQUIRE(tok->n_stages < TOK_STAGES, MG_INPUT, "%s: pre_tokenizer has more than %d steps", name, TOK_STAGES);
    stage->prefix_space = prefix_space;
    if (pattern != NULL)
        MG_TRY(mg_tok_regex_compile(pattern, name, &stage->code, err));
    tok->n_stages++;
out:
    return st;
}

static enum mg_status
load_split(struct mg_tokenizer *tok, const json_t *step, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *behavior = json_string_value(json_object_get(step, "behavior"));
    const char *pattern = json_string_value(json_object_get(json_object_get(step, "pattern"), "Regex"));

    MG_REQUIRE(pattern != NULL, MG_INPUT, "%s: a Split step needs a pattern of kind Regex", name);
    MG_REQUIRE(behavior != NULL && strcmp(behavior, "Isolated") == 0, MG_INPUT,
               "%s: the behavior of a Split step is \"%.30s\", need Isolated", name, behavior != NULL ? behavior : "");
    MG_REQUIRE(!json_is_true(json_object_get(step, "invert")), MG_INPUT, "%s: an inverted Split step is not supported",
               name);
    MG_TRY(add_stage(tok, pattern, false, name, err));
out:
    return st;
}

/* *byte_level is set by the step that must come last. */
static enum mg_status
load_step(struct mg_tokenizer *tok, const json_t *step, const char *name, bool *byte_level, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *type = json_string_value(json_object_get(step, "type"));
    const json_t *use_regex = json_object_get(step, "use_regex");

    MG_REQUIRE(type != NULL && !*byte_level, MG_INPUT, "%s: a pre_tokenizer step has no type, or follows ByteLevel",
               name);
    if (strcmp(type, "Split") == 0)
        return load_split(tok, step, name, err);
    if (strcmp(type, "Digits") == 0)
        return add_stage(tok, json_is_true(json_object_get(step, "individual_digits")) ? "\\p{N}" : "\\p{N}+", false,
                         name, err);
    MG_REQUIRE(strcmp(type, "ByteLevel") == 0, MG_INPUT,
               "%s: pre_tokenizer step \"%.40s\", need Split, Digits or ByteLevel", name, type);
    *byte_level = true;
    MG_TRY(add_stage(tok, json_is_false(use_regex) ? NULL : byte_level_pattern,
                     json_is_true(json_object_get(step, "add_prefix_space")), name, err));
out:
    return st;
}

enum mg_status
mg_tok_load_stages(struct mg_tokenizer *tok, const json_t *pre, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *type = json_string_value(json_object_get(pre, "type"));
    const json_t *steps = json_object_get(pre, "pretokenizers"), *step;
    bool byte_level = false;
    size_t i;

    MG_REQUIRE(type != NULL, MG_INPUT, "%s: pre_tokenizer is missing", name);
    if (strcmp(type, "Sequence") != 0) {
        MG_TRY(load_step(tok, pre, name, &byte_level, err));
    } else {
        MG_REQUIRE(json_is_array(steps), MG_INPUT, "%s: the pre_tokenizer Sequence has no pretokenizers", name);
        json_array_foreach(steps, i, step) MG_TRY(load_step(tok, step, name, &byte_level, err));
    }
    MG_REQUIRE(byte_level, MG_INPUT, "%s: the pre_tokenizer does not end in ByteLevel", name);
out:
    return st;
}
