/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_CONFIG_H
#define MGRPO_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "run/key.h"
#include "run/objective.h"
#include "run/phase.h"

/* A run's configuration: mgrpo.conf(5) says what each key means. All ranges are checked when it is read. */
enum mg_preset { MG_CO_TRAIN, MG_SINGLE, MG_FROZEN_SUB, MG_FROZEN_MAIN };
enum mg_alignment { MG_ALIGN_EXPECT, MG_ALIGN_COPY, MG_ALIGN_DRAW, MG_ALIGN_NONE };
enum mg_answers { MG_ANSWERS_TEXT, MG_ANSWERS_JSON };
enum mg_judged { MG_JUDGED_ANSWER, MG_JUDGED_RESULT, MG_N_JUDGES };
enum mg_judged_by { MG_BY_SCORER, MG_BY_EXEC, MG_BY_NOBODY };

enum { MG_MAX_STEPS = 1000000 };

struct mg_list {
    char **item;
    uint32_t n;
    int line; /* of the file that gave it; 0: none did */
};

/* Weights of an agent's reward. The root has no expert. */
struct mg_reward_config {
    double format, correct, expert; /* M-GRPO eq. 4 and 5 */
};

/* A section `agent "NAME"`. */
struct mg_agent_config {
    char *name;
    char *model, *device;     /* directory; selector of an OpenCL device, "" for the default */
    struct mg_list calls;     /* agents that it may ask */
    struct mg_list tools;     /* tools that it may use */
    bool train;               /* false: it keeps its weights */
    uint32_t turns;           /* own turns of a dialogue */
    uint32_t new_tokens;      /* of one turn */
    uint32_t context;         /* of a dialogue */
    uint32_t slots;           /* dialogues that decode at once */
    uint32_t max_tokens;      /* of one training micro-batch, or one decoding forward */
    uint32_t aligned;         /* d: what the trajectories of a rollout count as after alignment */
    uint32_t overlong_tokens; /* the last tokens of the context, in which a dialogue costs reward; 0: none */
    double overlong_penalty;  /* what it costs at the end of them */
    struct mg_reward_config reward;
};

/* A section `tool "NAME"`: what mgrpo-tools(7) says. */
struct mg_tool_config {
    char *name;
    char *kind, *corpus, *description, *schema; /* "" where not given */
    struct mg_list command;
    char *folder, *user; /* user: "" where not given */
    enum mg_answers answers;
    double timeout;             /* seconds */
    uint32_t memory, file_size; /* MiB */
    uint32_t output;            /* bytes */
    uint32_t files, processes, retries;
    bool network;
};
enum { MG_MAX_TOOLS = 32 };

/* A section `judge "answer"` or `judge "expert"`: who judges the answers to questions, and the results of subtasks. */
struct mg_judge_config {
    char *name;
    enum mg_judged_by kind;
    struct mg_list command; /* exec: a program and its arguments */
    char *folder;           /* its working directory */
    char *user;             /* whose it is; "" where not given */
    double timeout;         /* seconds */
    uint32_t memory;        /* MiB */
    uint32_t output;        /* bytes */
    uint32_t retries;       /* after a failure */
    uint32_t at_once;       /* programs of this judge that run beside each other */
    bool network;
};

struct mg_config {
    char *corpus, *questions, *tokenizer; /* files; corpus may be "" */
    char *store, *store_password_file;    /* an address, "" for the file in the folder of the run; "" for none */
    uint64_t seed;
    enum mg_preset preset;
    uint32_t steps;          /* train steps that the run is begun with */
    uint32_t step_questions; /* questions of a step */
    uint32_t rollouts;       /* K, of a question */
    uint32_t first_hops;     /* hops at most of a question of the first stage; 0: there is one stage */
    uint32_t first_steps,
        first_window; /* train steps of the first stage at most; of the mean of success that ends it */
    double first_success;
    uint32_t dynamic_rounds; /* of new questions in a step for those without signal */
    uint32_t eval_questions; /* held-out questions; 0: no evaluation */
    uint32_t eval_every;     /* train steps between evaluations; 0: before and after only */
    uint32_t checkpoint_every;
    uint32_t keep_rollouts; /* train steps whose trajectories stay; 0: all */
    char *eval_split;       /* "test" or "dev" */
    enum mg_alignment alignment;
    int objective, advantage; /* rows of mg_objectives and mg_advantage_kinds */
    double advantage_eps;
    double ratio_min, ratio_max, dual_clip, entropy_bonus;
    uint32_t epochs,
        mini_batches; /* of a step: passes over its trajectories, and parts of a pass with a step of the optimiser each */
    int correction;   /* row of mg_correction_kinds */
    double correction_min, correction_max;
    bool mask_truncated; /* trajectories that were cut teach nothing */
    int kl;              /* row of mg_kl_kinds */
    double kl_beta;
    int reference_type; /* row of mg_storage_kinds */
    double lr, lr_end /* share of lr that is left at the last step */, beta1, beta2, adam_eps, weight_decay, max_norm;
    uint32_t lr_warmup; /* steps */
    double temperature, top_p;
    uint32_t top_k;
    struct mg_agent_config *agent; /* [n_agents]; agent 0 is the root, which gets the questions and asks the others */
    uint32_t n_agents;
    struct mg_tool_config *tool; /* [n_tools]; without sections of these names, `search` and `open` are over `corpus` */
    uint32_t n_tools;
    uint32_t
        extended[MG_MAX_ENDS]; /* [n_extended] ascending, above steps: to how many the run was extended, of run.json */
    uint32_t n_extended;
    struct mg_judge_config *judge; /* [n_judges]; MG_N_JUDGES of them, by enum mg_judged, once it is settled */
    uint32_t n_judges;
};

/* Reads a file; a sentence names file and line. Paths that are not absolute are relative to the file's folder. */
enum mg_status mg_config_load(const char *path, struct mg_config *out, struct mg_err *err);
void mg_config_free(struct mg_config *c);
/* The resolved configuration as JSON text, malloc'ed: what run.json holds and what a resumed run is compared with. */
char *mg_config_to_json(const struct mg_config *c);
/* The same without what may differ between the hosts of a run: paths, devices, the store's address. */
char *mg_config_common_json(const struct mg_config *c);
/* The first key in which two such texts differ, malloc'ed, with both values ("steps: 80, was 60"); NULL if none. Paths
 * are not compared. */
char *mg_config_difference(const char *now, const char *before);
/* Reads that text: agents find their configuration in the run folder. Its member MG_CONFIG_INPUTS is passed over, and
 * MG_CONFIG_EXTENDED need not be there; a key that is missing or not known is MG_INPUT. */
#define MG_CONFIG_EXTENDED "extended"
#define MG_CONFIG_INPUTS   "inputs"
enum mg_status mg_config_from_json(const char *text, struct mg_config *out, struct mg_err *err);

/* The number of the agent with this name; MG_INPUT names those there are. */
enum mg_status mg_config_find(const struct mg_config *c, const char *name, uint32_t *agent, struct mg_err *err);
/* The section of a tool, or NULL: `search` and `open` need none. */
const struct mg_tool_config *mg_config_tool(const struct mg_config *c, const char *name);
/* Train steps of the run, with what it was extended by; and as many as there were to be when `step` was trained. */
uint32_t mg_config_steps(const struct mg_config *c);
uint32_t mg_config_steps_at(const struct mg_config *c, uint32_t step);
/* The phases of the run. */
struct mg_plan mg_config_plan(const struct mg_config *config);

#endif
