/* SPDX-License-Identifier: Apache-2.0 */
#include "run/config_keys.h"

#include <stdlib.h>

static const char *const preset_names[] = {"co-train", "single", "frozen-sub", "frozen-main", NULL};
static const char *const alignment_names[] = {"expect", "copy", "draw", "none", NULL};
static const char *const judge_names[] = {"scorer", "exec", "none", NULL};
static const char *const split_names[] = {"test", "dev", "train", NULL};
static const char *const answers_names[] = {"text", "json", NULL};

#define AT(field)    offsetof(struct mg_config, field)
#define AGENT(field) offsetof(struct mg_agent_config, field)
#define TOOL(field)  offsetof(struct mg_tool_config, field)
#define JUDGE(field) offsetof(struct mg_judge_config, field)

/* clang-format off */
const struct mg_config_key mg_config_keys[] = {
    /* name              type           offset               min   max      missing     behind  choice               stride */
    {"corpus",           MG_KEY_PATH,   AT(corpus),           0,    0,       "",         NULL, NULL, 0},
    {"questions",        MG_KEY_PATH,   AT(questions),        0,    0,       NULL,       NULL, NULL, 0},
    {"tokenizer",        MG_KEY_PATH,   AT(tokenizer),        0,    0,       NULL,       NULL, NULL, 0},
    {"store",            MG_KEY_HOST,   AT(store),            0,    0,       "",         NULL, NULL, 0},
    {"store_password_file", MG_KEY_PATH, AT(store_password_file), 0, 0,      "",         NULL, NULL, 0},
    {"seed",             MG_KEY_U64,    AT(seed),             0,    0x1p64,  "1",        NULL, NULL, 0},
    {"agents",           MG_KEY_CHOICE, AT(preset),           0,    0,       "co-train", NULL,  preset_names, sizeof preset_names[0]},
    {"steps",            MG_KEY_UINT,   AT(steps),            1,    MG_MAX_STEPS, "80",       NULL, NULL, 0},
    {"step_questions",   MG_KEY_UINT,   AT(step_questions),   1,    4096,    "16",       NULL, NULL, 0},
    {"rollouts",         MG_KEY_UINT,   AT(rollouts),         2,    1024,    "8",        NULL, NULL, 0},
    {"first_hops",       MG_KEY_UINT,   AT(first_hops),       0,    64,      "0",        NULL, NULL, 0},
    {"first_steps",      MG_KEY_UINT,   AT(first_steps),      0,    1000000, "0",        NULL, NULL, 0},
    {"first_success",    MG_KEY_REAL,   AT(first_success),    0,    1,       "0",        NULL, NULL, 0},
    {"first_window",     MG_KEY_UINT,   AT(first_window),     1,    1000,    "5",        NULL, NULL, 0},
    {"dynamic_rounds",   MG_KEY_UINT,   AT(dynamic_rounds),   0,    16,      "0",        NULL, NULL, 0},
    {"eval_questions",   MG_KEY_UINT,   AT(eval_questions),   0,    1000000, "300",      NULL, NULL, 0},
    {"eval_every",       MG_KEY_UINT,   AT(eval_every),       0,    1000000, "0",        NULL, NULL, 0},
    {"checkpoint_every", MG_KEY_UINT,   AT(checkpoint_every), 1,    1000000, "10",       NULL, NULL, 0},
    {"keep_rollouts",    MG_KEY_UINT,   AT(keep_rollouts),    0,    1000000, "0",        NULL, NULL, 0},
    {"eval_split",       MG_KEY_SPLIT,  AT(eval_split),       0,    0,       "test",     NULL,  split_names, sizeof split_names[0]},
    {"alignment",        MG_KEY_CHOICE, AT(alignment),        0,    0,       "expect",   NULL,  alignment_names, sizeof alignment_names[0]},
    {"objective",        MG_KEY_CHOICE, AT(objective),        0,    0,       "dapo",     NULL,  &mg_objectives[0].name, sizeof mg_objectives[0]},
    {"advantage",        MG_KEY_CHOICE, AT(advantage),        0,    0,       "std",      NULL,  &mg_advantage_kinds[0].name, sizeof mg_advantage_kinds[0]},
    {"advantage_eps",    MG_KEY_REAL,   AT(advantage_eps),    0,    1,       "1e-6",     NULL, NULL, 0},
    {"ratio_min",        MG_KEY_REAL,   AT(ratio_min),        0,    1,       "",         NULL, NULL, 0},
    {"ratio_max",        MG_KEY_REAL,   AT(ratio_max),        1,    1e6,     "",         NULL, NULL, 0},
    {"dual_clip",        MG_KEY_REAL,   AT(dual_clip),        0,    100,     "0",        NULL, NULL, 0},
    {"entropy_bonus",    MG_KEY_REAL,   AT(entropy_bonus),    0,    1,       "0",        NULL, NULL, 0},
    {"epochs",           MG_KEY_UINT,   AT(epochs),           1,    100,     "1",        NULL, NULL, 0},
    {"mini_batches",     MG_KEY_UINT,   AT(mini_batches),     1,    4096,    "1",        NULL, NULL, 0},
    {"correction",       MG_KEY_CHOICE, AT(correction),       0,    0,       "none",     NULL,  &mg_correction_kinds[0].name, sizeof mg_correction_kinds[0]},
    {"correction_min",   MG_KEY_REAL,   AT(correction_min),   0,    1,       "0.5",      NULL, NULL, 0},
    {"correction_max",   MG_KEY_REAL,   AT(correction_max),   1,    1e6,     "2",        NULL, NULL, 0},
    {"mask_truncated",   MG_KEY_BOOL,   AT(mask_truncated),   0,    0,       "false",    NULL, NULL, 0},
    {"kl_beta",          MG_KEY_REAL,   AT(kl_beta),          0,    10,      "0",        NULL, NULL, 0},
    {"reference_type",   MG_KEY_CHOICE, AT(reference_type),   0,    0,       "f32",      NULL,  &mg_storage_kinds[0].name, sizeof mg_storage_kinds[0]},
    {"kl",               MG_KEY_CHOICE, AT(kl),               0,    0,       "k3",       NULL,  &mg_kl_kinds[0].name, sizeof mg_kl_kinds[0]},
    {"lr",               MG_KEY_REAL,   AT(lr),               0,    1,       "1e-4",     NULL, NULL, 0},
    {"lr_end",           MG_KEY_REAL,   AT(lr_end),           0,    1,       "1",        NULL, NULL, 0},
    {"lr_warmup",        MG_KEY_UINT,   AT(lr_warmup),        0,    1000000, "0",        NULL, NULL, 0},
    {"beta1",            MG_KEY_REAL,   AT(beta1),            0,    0.9999999, "0.9",    NULL, NULL, 0},
    {"beta2",            MG_KEY_REAL,   AT(beta2),            0,    0.9999999, "0.98",   NULL, NULL, 0},
    {"adam_eps",         MG_KEY_REAL,   AT(adam_eps),         1e-20, 1,      "1e-8",     NULL, NULL, 0},
    {"weight_decay",     MG_KEY_REAL,   AT(weight_decay),     0,    10,      "0.01",     NULL, NULL, 0},
    {"max_norm",         MG_KEY_REAL,   AT(max_norm),         0,    1e9,     "1",        NULL, NULL, 0},
    {"temperature",      MG_KEY_REAL,   AT(temperature),      0.01, 10,      "1",        NULL, NULL, 0},
    {"top_p",            MG_KEY_REAL,   AT(top_p),            0.01, 1,       "1",        NULL, NULL, 0},
    {"top_k",            MG_KEY_UINT,   AT(top_k),            0,    1000000, "0",        NULL, NULL, 0},
};
const size_t mg_n_config_keys = sizeof mg_config_keys / sizeof mg_config_keys[0];

static const struct mg_config_key agent_keys[] = {
    /* name             type          offset                min   max      of the root   of the others  choice */
    {"model",           MG_KEY_PATH,  AGENT(model),          0,    0,       NULL,         NULL,  NULL, 0},
    {"device",          MG_KEY_HOST,  AGENT(device),         0,    0,       "",           NULL,  NULL, 0},
    {"calls",           MG_KEY_LIST,  AGENT(calls),          0,    0,       "",           NULL,  NULL, 0},
    {"tools",           MG_KEY_LIST,  AGENT(tools),          0,    0,       "",           NULL,  NULL, 0},
    {"train",           MG_KEY_BOOL,  AGENT(train),          0,    0,       "true",       NULL,  NULL, 0},
    {"turns",           MG_KEY_UINT,  AGENT(turns),          1,    64,      "7",          "4",   NULL, 0},
    {"new_tokens",      MG_KEY_UINT,  AGENT(new_tokens),     3,    4096,    "32",         NULL,  NULL, 0},
    {"context",         MG_KEY_UINT,  AGENT(context),        16,   65536,   "320",        "512", NULL, 0},
    {"slots",           MG_KEY_UINT,  AGENT(slots),          1,    4096,    "256",        NULL,  NULL, 0},
    {"max_tokens",      MG_KEY_UINT,  AGENT(max_tokens),     64,   1 << 20, "4096",       NULL,  NULL, 0},
    {"aligned",         MG_KEY_UINT,  AGENT(aligned),        1,    1024,    "8",          NULL,  NULL, 0},
    {"overlong_tokens", MG_KEY_UINT,  AGENT(overlong_tokens), 0,   65536,   "0",          NULL,  NULL, 0},
    {"overlong_penalty", MG_KEY_REAL, AGENT(overlong_penalty), 0,  10,      "1",          NULL,  NULL, 0},
    {"reward_format",   MG_KEY_REAL,  AGENT(reward.format),  0,    10,      "0.1",        NULL,  NULL, 0},
    {"reward_correct",  MG_KEY_REAL,  AGENT(reward.correct), 0,    10,      "0.9",        "0.4", NULL, 0},
    {"reward_expert",   MG_KEY_REAL,  AGENT(reward.expert),  0,    10,      "0",          "0.5", NULL, 0},
};

static const struct mg_config_key tool_keys[] = {
    /* name             type            offset               min   max      missing       behind  choice */
    {"kind",            MG_KEY_TEXT,    TOOL(kind),          0,    0,       NULL,         NULL,   NULL, 0},
    {"corpus",          MG_KEY_PATH,    TOOL(corpus),        0,    0,       "",           NULL,   NULL, 0},
    {"description",     MG_KEY_PROSE,   TOOL(description),   0,    0,       "",           NULL,   NULL, 0},
    {"schema",          MG_KEY_PROSE,   TOOL(schema),        0,    0,       "",           NULL,   NULL, 0},
    {"command",         MG_KEY_LIST,    TOOL(command),       0,    0,       "",           NULL,   NULL, 0},
    {"folder",          MG_KEY_PATH,    TOOL(folder),        0,    0,       ".",          NULL,   NULL, 0},
    {"user",            MG_KEY_TEXT,    TOOL(user),          0,    0,       "",           NULL,   NULL, 0},
    {"answers",         MG_KEY_CHOICE,  TOOL(answers),       0,    0,       "text",       NULL,   answers_names, sizeof answers_names[0]},
    {"timeout",         MG_KEY_REAL,    TOOL(timeout),       0.01, 86400,   "10",         NULL,   NULL, 0},
    {"memory",          MG_KEY_UINT,    TOOL(memory),        1,    1 << 24, "512",        NULL,   NULL, 0},
    {"output",          MG_KEY_UINT,    TOOL(output),        1,    1 << 20, "4096",       NULL,   NULL, 0},
    {"files",           MG_KEY_UINT,    TOOL(files),         4,    1 << 20, "64",         NULL,   NULL, 0},
    {"processes",       MG_KEY_UINT,    TOOL(processes),     1,    1 << 20, "16",         NULL,   NULL, 0},
    {"file_size",       MG_KEY_UINT,    TOOL(file_size),     0,    1 << 20, "16",         NULL,   NULL, 0},
    {"retries",         MG_KEY_UINT,    TOOL(retries),       0,    10,      "2",          NULL,   NULL, 0},
    {"network",         MG_KEY_BOOL,    TOOL(network),       0,    0,       "false",      NULL,   NULL, 0},
};

static const struct mg_config_key judge_keys[] = {
    /* name             type            offset               min   max      missing     behind  choice */
    {"kind",            MG_KEY_CHOICE,  JUDGE(kind),         0,    0,       "scorer",   NULL,  judge_names, sizeof judge_names[0]},
    {"command",         MG_KEY_LIST,    JUDGE(command),      0,    0,       "",         NULL, NULL, 0},
    {"folder",          MG_KEY_PATH,    JUDGE(folder),       0,    0,       ".",        NULL, NULL, 0},
    {"user",            MG_KEY_TEXT,    JUDGE(user),         0,    0,       "",         NULL, NULL, 0},
    {"timeout",         MG_KEY_REAL,    JUDGE(timeout),      0.01, 3600,    "10",       NULL, NULL, 0},
    {"memory",          MG_KEY_UINT,    JUDGE(memory),       1,    1 << 20, "512",      NULL, NULL, 0},
    {"output",          MG_KEY_UINT,    JUDGE(output),       1,    1 << 20, "4096",     NULL, NULL, 0},
    {"retries",         MG_KEY_UINT,    JUDGE(retries),      0,    100,     "2",        NULL, NULL, 0},
    {"at_once",         MG_KEY_UINT,    JUDGE(at_once),      1,    1024,    "4",        NULL, NULL, 0},
    {"network",         MG_KEY_BOOL,    JUDGE(network),      0,    0,       "false",    NULL, NULL, 0},
};

const struct mg_section mg_sections[MG_N_SECTIONS] = {
    [MG_SECTION_AGENT] = {"agent", agent_keys, sizeof agent_keys / sizeof agent_keys[0], sizeof(struct mg_agent_config),
                          AT(agent), AT(n_agents), MG_MAX_AGENTS},
    [MG_SECTION_TOOL] = {"tool", tool_keys, sizeof tool_keys / sizeof tool_keys[0], sizeof(struct mg_tool_config),
                         AT(tool), AT(n_tools), MG_MAX_TOOLS},
    [MG_SECTION_JUDGE] = {"judge", judge_keys, sizeof judge_keys / sizeof judge_keys[0], sizeof(struct mg_judge_config),
                          AT(judge), AT(n_judges), MG_N_JUDGES},
};
/* clang-format on */

enum mg_status
mg_section_alloc(struct mg_config *c, const struct mg_section *s, uint32_t n, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *items = NULL;

    MG_ALLOC(items, n * s->item_bytes);
    *(char **)((char *)c + s->items) = items;
    *(uint32_t *)((char *)c + s->count) = n;
out:
    return st;
}

void
mg_section_cut(struct mg_config *c, const struct mg_section *s, uint32_t n)
{
    for (uint32_t i = n; i < mg_section_count(c, s); i++) {
        void *item = mg_section_item(c, s, i);

        for (size_t k = 0; k < s->n_keys; k++)
            mg_config_unset(item, &s->keys[k]);
        free(*(char **)item);
    }
    if (n < mg_section_count(c, s))
        *(uint32_t *)((char *)c + s->count) = n;
}
