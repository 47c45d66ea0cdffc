/* SPDX-License-Identifier: Apache-2.0 */
#include "run/config_keys.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const agents_names[] = {"co-train", "single", "frozen-sub", "frozen-main", NULL};
static const char *const alignment_names[] = {"expect", "copy", "draw", NULL};
static const char *const expert_names[] = {"scorer", "off", NULL};
static const char *const split_names[] = {"test", "dev", "train", NULL};

#define AT(field) offsetof(struct mg_config, field)
#define UINT(section, name, field, min, max, missing)                                                                  \
    {                                                                                                                  \
        section, name, MG_KEY_UINT, AT(field), min, max, missing, NULL, 0                                              \
    }
#define REAL(section, name, field, min, max, missing)                                                                  \
    {                                                                                                                  \
        section, name, MG_KEY_REAL, AT(field), min, max, missing, NULL, 0                                              \
    }
#define CHOICE(name, field, missing, first, table)                                                                     \
    {                                                                                                                  \
        "", name, MG_KEY_CHOICE, AT(field), 0, 0, missing, &(first), sizeof(table)[0]                                  \
    }
#define TEXT(section, name, type, field, missing)                                                                      \
    {                                                                                                                  \
        section, name, type, AT(field), 0, 0, missing, NULL, 0                                                         \
    }
#define AGENT(side, n_turns, n_new, n_context)                                                                         \
    TEXT(#side, "model", MG_KEY_PATH, side.model, NULL), TEXT(#side, "device", MG_KEY_TEXT, side.device, ""),          \
        UINT(#side, "turns", side.turns, 1, 64, n_turns), UINT(#side, "new_tokens", side.new_tokens, 3, 4096, n_new),  \
        UINT(#side, "context", side.context, 16, 65536, n_context), UINT(#side, "slots", side.slots, 1, 4096, "256"),  \
        UINT(#side, "max_tokens", side.max_tokens, 64, 1 << 20, "4096")

const struct mg_config_key mg_config_keys[] = {
    TEXT("", "corpus", MG_KEY_PATH, corpus, NULL),
    TEXT("", "questions", MG_KEY_PATH, questions, NULL),
    TEXT("", "tokenizer", MG_KEY_PATH, tokenizer, NULL),
    {"", "seed", MG_KEY_U64, AT(seed), 0, 18446744073709551615.0, "1", NULL, 0},
    CHOICE("agents", agents, "co-train", agents_names[0], agents_names),
    UINT("", "steps", steps, 1, 1000000, "80"),
    UINT("", "step_questions", step_questions, 1, 4096, "16"),
    UINT("", "rollouts", rollouts, 1, 1024, "8"),
    UINT("", "calls", calls, 1, 1024, "8"),
    UINT("", "eval_questions", eval_questions, 0, 1000000, "300"),
    UINT("", "eval_every", eval_every, 0, 1000000, "0"),
    UINT("", "checkpoint_every", checkpoint_every, 1, 1000000, "10"),
    CHOICE("eval_split", eval_split, "test", split_names[0], split_names),
    CHOICE("alignment", alignment, "expect", alignment_names[0], alignment_names),
    CHOICE("objective", objective, "dapo", mg_objectives[0].name, mg_objectives),
    CHOICE("advantage", advantage, "std", mg_advantage_kinds[0].name, mg_advantage_kinds),
    CHOICE("expert", expert, "scorer", expert_names[0], expert_names),
    REAL("", "advantage_eps", advantage_eps, 0, 1, "1e-6"),
    REAL("", "clip_low", clip_low, 0, 1, "0.2"),
    REAL("", "clip_high", clip_high, 0, 10, "0.28"),
    REAL("", "dual_clip", dual_clip, 0, 100, "0"),
    REAL("", "entropy_bonus", entropy_bonus, 0, 1, "0"),
    REAL("", "lr", lr, 0, 1, "1e-4"),
    REAL("", "lr_end", lr_end, 0, 1, "1"),
    UINT("", "lr_warmup", lr_warmup, 0, 1000000, "0"),
    REAL("", "beta1", beta1, 0, 0.9999999, "0.9"),
    REAL("", "beta2", beta2, 0, 0.9999999, "0.98"),
    REAL("", "adam_eps", adam_eps, 0, 1, "1e-8"),
    REAL("", "weight_decay", weight_decay, 0, 10, "0.01"),
    REAL("", "max_norm", max_norm, 0, 1e9, "1"),
    REAL("", "temperature", temperature, 0.01, 10, "1"),
    REAL("", "top_p", top_p, 0.01, 1, "1"),
    UINT("", "top_k", top_k, 0, 1000000, "0"),
    REAL("", "main_format", reward.main_format, 0, 10, "0.1"),
    REAL("", "main_correct", reward.main_correct, 0, 10, "0.9"),
    REAL("", "sub_format", reward.sub_format, 0, 10, "0.1"),
    REAL("", "sub_main", reward.sub_main, 0, 10, "0.4"),
    REAL("", "sub_expert", reward.sub_expert, 0, 10, "0.5"),
    AGENT(main, "7", "32", "320"),
    AGENT(search, "4", "32", "512"),
};
const size_t mg_n_config_keys = sizeof mg_config_keys / sizeof mg_config_keys[0];

const char *
mg_agents_name(enum mg_agents agents)
{
    return agents_names[agents];
}

static enum mg_status
set_number(void *at, const struct mg_config_key *key, const char *text, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    bool whole = key->type != MG_KEY_REAL;
    char *end;
    double x = strtod(text, &end);

    MG_REQUIRE(end != text && *end == '\0' && x >= key->min && x <= key->max &&
                   (!whole || (x == floor(x) && text[0] != '-')),
               MG_INPUT, "%s: %s is \"%.60s\", need a %snumber from %g to %g", where, key->name, text,
               whole ? "whole " : "", key->min, key->max);
    if (key->type == MG_KEY_REAL)
        *(double *)at = x;
    else if (key->type == MG_KEY_UINT)
        *(uint32_t *)at = (uint32_t)x;
    else {
        errno = 0;
        *(uint64_t *)at = strtoull(text, &end, 10);
        MG_REQUIRE(*end == '\0' && errno == 0, MG_INPUT, "%s: %s is \"%.60s\", need a whole number of 64 bits", where,
                   key->name, text);
    }
out:
    return st;
}

static const char *
choice_name(const struct mg_config_key *key, int i)
{
    return *(const char *const *)((const char *)key->choice + (size_t)i * key->stride);
}

static enum mg_status
set_choice(struct mg_config *c, const struct mg_config_key *key, const char *text, const char *where,
           struct mg_err *err)
{
    char all[128] = "";
    const char *name;
    int i = 0;

    for (; (name = choice_name(key, i)) != NULL && strcmp(text, name) != 0; i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i > 0 ? ", " : "", name);
    if (name == NULL)
        return mg_fail(err, MG_INPUT, "%s: %s is \"%.60s\", need one of: %s", where, key->name, text, all);
    if (key->offset == AT(eval_split)) {
        free(c->eval_split);
        c->eval_split = strdup(text);
        return c->eval_split != NULL ? MG_OK : mg_fail(err, MG_FAIL, "out of memory: %s", key->name);
    }
    *(int *)((char *)c + key->offset) = i;
    return MG_OK;
}

/* Text must be UTF-8, since the record of a run is JSON. */
static enum mg_status
set_text(char **at, const struct mg_config_key *key, const char *text, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_t *recorded = json_string(text);
    char *copy = strdup(text);

    MG_REQUIRE(copy != NULL, MG_FAIL, "out of memory: %zu bytes of %s", strlen(text), key->name);
    MG_REQUIRE(recorded != NULL, MG_INPUT, "%s: %s is not UTF-8", where, key->name);
    free(*at);
    *at = copy;
    copy = NULL;
out:
    free(copy);
    json_decref(recorded);
    return st;
}

enum mg_status
mg_config_set(struct mg_config *c, const struct mg_config_key *key, const char *text, const char *where,
              struct mg_err *err)
{
    switch (key->type) {
    case MG_KEY_CHOICE:
        return set_choice(c, key, text, where, err);
    case MG_KEY_TEXT:
    case MG_KEY_PATH:
        return set_text((char **)((char *)c + key->offset), key, text, where, err);
    case MG_KEY_UINT:
    case MG_KEY_U64:
    case MG_KEY_REAL:
        break;
    }
    return set_number((char *)c + key->offset, key, text, where, err);
}

char *
mg_config_get(const struct mg_config *c, const struct mg_config_key *key)
{
    const void *at = (const char *)c + key->offset;
    char text[64] = "";

    switch (key->type) {
    case MG_KEY_UINT:
        snprintf(text, sizeof text, "%u", *(const uint32_t *)at);
        break;
    case MG_KEY_U64:
        snprintf(text, sizeof text, "%llu", (unsigned long long)*(const uint64_t *)at);
        break;
    case MG_KEY_REAL:
        snprintf(text, sizeof text, "%.17g", *(const double *)at);
        break;
    case MG_KEY_CHOICE:
        return strdup(key->offset == AT(eval_split) ? c->eval_split : choice_name(key, *(const int *)at));
    case MG_KEY_TEXT:
    case MG_KEY_PATH:
        return strdup(*(char *const *)at);
    }
    return strdup(text);
}

static enum mg_status
check_agent(const struct mg_agent_config *a, const char *name, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_REQUIRE(a->context > a->new_tokens, MG_INPUT, "%s: %s: context is %u, new_tokens %u: a turn must fit", where,
               name, a->context, a->new_tokens);
    MG_REQUIRE(a->max_tokens >= a->context, MG_INPUT, "%s: %s: max_tokens is %u, context %u: a dialogue must fit",
               where, name, a->max_tokens, a->context);
out:
    return st;
}

enum mg_status
mg_config_check(const struct mg_config *c, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_reward_config *r = &c->reward;

    MG_TRY(check_agent(&c->main, "main", where, err));
    if (c->agents != MG_SINGLE)
        MG_TRY(check_agent(&c->search, "search", where, err));
    MG_REQUIRE(r->main_format + r->main_correct > 0.0 && r->sub_format + r->sub_main + r->sub_expert > 0.0, MG_INPUT,
               "%s: the reward weights of an agent are all 0", where);
    MG_REQUIRE(c->dual_clip == 0.0 || c->dual_clip > 1.0, MG_INPUT, "%s: dual_clip is %g, need 0 or more than 1", where,
               c->dual_clip);
out:
    return st;
}

bool
mg_config_trains(const struct mg_config *c, bool main_agent)
{
    return main_agent ? c->agents != MG_FROZEN_MAIN : c->agents == MG_CO_TRAIN || c->agents == MG_FROZEN_MAIN;
}
