/* SPDX-License-Identifier: Apache-2.0 */
#include "eval/source.h"

#include <unistd.h>

#include "policy/state_file.h"
#include "run/best.h"
#include "run/phase.h"
#include "run/run_path.h"

const char *
mg_source_name(enum mg_source_kind kind)
{
    static const char *const names[] = {[MG_SOURCE_GIVEN] = "given",
                                        [MG_SOURCE_FINAL] = "final",
                                        [MG_SOURCE_STATE] = "state",
                                        [MG_SOURCE_START] = "start"};

    return names[kind];
}

/* The weights of an agent; *phase is that of its newest state. */
static enum mg_status
find(const char *dir, const struct mg_config *config, uint32_t agent, const char *given, struct mg_source *w,
     uint32_t *phase, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_plan plan = mg_config_plan(config);
    bool there = false;

    *w = (struct mg_source){.kind = MG_SOURCE_START, .path = mg_path_print("%s", config->agent[agent].model)};
    if (given != NULL) {
        w->kind = MG_SOURCE_GIVEN;
        w->path = mg_path_print("%s", given);
        return MG_OK;
    }
    MG_TRY(mg_state_newest(dir, &there, phase, err));
    /* the tokenizer is the last file of a model to be written; a run that was extended has one of its former end */
    if (access(mg_agent_path(dir, MG_AGENT_TOKENIZER).text, F_OK) == 0 && (!there || *phase >= mg_plan_length(&plan))) {
        w->kind = MG_SOURCE_FINAL;
        w->path = mg_agent_path(dir, MG_AGENT_MODEL);
        w->step = plan.steps;
        return MG_OK;
    }
    if (there && config->agent[agent].train)
        w->kind = MG_SOURCE_STATE;
out:
    return st;
}

enum mg_status
mg_sources_find(const char *run, const struct mg_config *config, const char *const *given,
                struct mg_source out[MG_MAX_AGENTS], struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t common = UINT32_MAX;

    for (uint32_t i = 0; i < config->n_agents; i++) {
        uint32_t phase = UINT32_MAX;

        MG_TRY(find(mg_run_agent_dir(run, config->agent[i].name).text, config, i, given[i], &out[i], &phase, err));
        if (out[i].kind == MG_SOURCE_STATE && phase < common)
            common = phase;
    }
    for (uint32_t i = 0; i < config->n_agents; i++)
        if (out[i].kind == MG_SOURCE_STATE)
            out[i].phase = common;
out:
    return st;
}

enum mg_status
mg_sources_of_step(const char *run, const struct mg_config *config, uint32_t step, struct mg_source out[MG_MAX_AGENTS],
                   struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_plan plan = mg_config_plan(config);
    uint32_t phase = mg_plan_length(&plan);

    MG_REQUIRE(step <= plan.steps, MG_INPUT, "step %u of a run of %u steps", step, plan.steps);
    while (phase > 0 && mg_plan_phase(&plan, phase).step > step)
        phase--;
    for (uint32_t i = 0; i < config->n_agents; i++) {
        const struct mg_agent_config *part = &config->agent[i];
        bool trains = part->train && step > 0;

        out[i] = (struct mg_source){.kind = trains ? MG_SOURCE_STATE : MG_SOURCE_START,
                                    .path = mg_path_print("%s", part->model),
                                    .phase = phase};
        MG_REQUIRE(!trains || access(mg_run_agent_dir(run, part->name).text, F_OK) == 0, MG_INPUT,
                   "%s: there is no state of %s", run, part->name);
    }
out:
    return st;
}

enum mg_status
mg_sources_best(const char *run, const struct mg_config *config, const char *const *given,
                struct mg_source out[MG_MAX_AGENTS], struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_path root = mg_run_agent_dir(run, config->agent[0].name);
    struct mg_best best;

    MG_TRY(mg_best_find(mg_agent_path(root.text, MG_AGENT_METRICS).text, &best, err));
    MG_REQUIRE(best.there, MG_INPUT,
               "%s: there has been no evaluation with a verdict, and the best state is that of the best evaluation",
               run);
    for (uint32_t i = 0; i < config->n_agents; i++) {
        bool trains = config->agent[i].train;

        out[i] = (struct mg_source){.kind = trains ? MG_SOURCE_STATE : MG_SOURCE_START,
                                    .path = mg_path_print("%s", config->agent[i].model),
                                    .phase = best.phase + 1,
                                    .exact = true,
                                    .step = best.step};
        if (given[i] != NULL)
            out[i] = (struct mg_source){.kind = MG_SOURCE_GIVEN, .path = mg_path_print("%s", given[i])};
    }
out:
    return st;
}

static enum mg_status
load(struct mg_source *w, const struct mg_config *config, const char *dir, struct mg_policy *p, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_plan plan = mg_config_plan(config);
    uint32_t phase = 0;

    MG_TRY(mg_state_load(p, dir, w->phase, &phase, err));
    MG_REQUIRE(!w->exact || phase == w->phase, MG_INPUT, "%s: there is no whole state of step %u, the best one", dir,
               w->step);
    if (phase == 0)
        MG_TRY(mg_state_load(p, dir, UINT32_MAX, &phase, err));
    MG_REQUIRE(phase > 0, MG_INPUT, "%s: its states are gone", dir);
    w->phase = phase;
    w->path = mg_state_path(dir, phase);
    w->step = mg_plan_phase(&plan, phase).step;
out:
    return st;
}

enum mg_status
mg_source_open(struct mg_source *w, const char *run, const struct mg_config *config, uint32_t agent,
               const struct mg_policy_limits *limits, struct mg_policy **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_agent_config *part = &config->agent[agent];
    struct mg_policy_limits own = *limits;

    own.train = w->kind == MG_SOURCE_STATE; /* a state has weights and optimiser in one */
    MG_TRY(mg_policy_open(own.train ? part->model : w->path.text, &own, out, err));
    if (own.train)
        MG_TRY(load(w, config, mg_run_agent_dir(run, part->name).text, *out, err));
    MG_TRY(mg_policy_digest(*out, &w->digest, err));
out:
    return st;
}
