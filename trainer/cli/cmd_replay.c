/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/doing.h"
#include "agent/agent.h"
#include "cli/cmd.h"
#include "learn/learn.h"
#include "run/metrics.h"
#include "run/repeatable.h"
#include "dialogue/rollout_log.h"
#include "run/run_dir.h"
#include "run/run_path.h"
#include "policy/state_file.h"

struct replay_options {
    const char *run;
    const char *agent; /* NULL: the first */
    uint32_t step;
};

#define AT(member) .offset = offsetof(struct replay_options, member)
static const struct mg_option option_rows[] = {
    MG_OPTION('r', "run", "DIR", "folder of the run (default run)", MG_OPTION_TEXT, AT(run)),
    MG_OPTION('a', "agent", "NAME", "the agent (default: the first)", MG_OPTION_TEXT, AT(agent)),
    MG_OPTION_END,
};

static enum mg_status
take_arguments(void *options, int n, char **argument, struct mg_err *err)
{
    struct replay_options *o = options;

    if (n != 1)
        return mg_fail(err, MG_INPUT, "need one STEP, got %d arguments", n);
    return mg_option_u32("STEP", argument[0], 0, UINT32_MAX - 1, &o->step, err);
}

/* What the metrics say of a step. */
struct recorded {
    uint32_t step, phase;
    bool found;
    char weights[17];
};

static enum mg_status
look_up(void *arg, json_t *line, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct recorded *r = arg;
    const char *name = json_string_value(json_object_get(line, "name"));
    const char *weights = json_string_value(json_object_get(line, "weights"));
    json_int_t phase = json_integer_value(json_object_get(line, "phase"));

    if (name == NULL || weights == NULL || strcmp(name, "train") != 0 ||
        json_integer_value(json_object_get(line, "step")) != (json_int_t)r->step)
        return MG_OK;
    MG_REQUIRE(phase >= 0 && phase < UINT32_MAX, MG_INPUT, "the metrics of step %u are of phase %lld", r->step,
               (long long)phase);
    r->found = true;
    r->phase = (uint32_t)phase;
    snprintf(r->weights, sizeof r->weights, "%s", weights);
out:
    return st;
}

static enum mg_status
find_step(const char *dir, uint32_t step, struct recorded *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_path path = mg_agent_path(dir, MG_AGENT_METRICS);

    *r = (struct recorded){.step = step};
    MG_TRY(mg_metrics_each(path.text, look_up, r, err));
    MG_REQUIRE(r->found, MG_INPUT, "%s: no train step %u is recorded", path.text, step);
out:
    return st;
}

static enum mg_status
train_logged(struct mg_policy *p, struct mg_policy *reference, const struct mg_config *c,
             const struct mg_agent_config *part, const char *dir, const struct recorded *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_trajectory *logged = NULL;
    const struct mg_trajectory **rows = NULL;
    struct mg_lesson_sums sums;
    struct mg_path path = mg_rollouts_path(dir, r->phase);
    size_t n = 0;

    MG_TRY(mg_rollout_log_read(path.text, &logged, &n, err));
    MG_ALLOC(rows, n);
    for (size_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < logged[i].len; j++)
            MG_REQUIRE(logged[i].ids[j] < mg_policy_config(p)->vocab_size, MG_INPUT, "%s: token %d, the model has %d",
                       path.text, (int)logged[i].ids[j], mg_policy_config(p)->vocab_size);
    for (size_t i = 0; i < n; i++)
        rows[i] = &logged[i];
    MG_TRY(mg_learn(p, reference, c, part, r->step, rows, (uint32_t)n, &sums, err));
out:
    mg_rollout_log_free(logged, n);
    free(rows);
    return st;
}

static enum mg_status
compare(struct mg_policy *p, const struct recorded *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint64_t digest = 0;
    char hex[17];

    MG_TRY(mg_policy_digest(p, &digest, err));
    snprintf(hex, sizeof hex, "%016" PRIx64, digest);
    MG_REQUIRE(strcmp(hex, r->weights) == 0, MG_FAIL, "step %u: the weights are %s, the run recorded %s", r->step, hex,
               r->weights);
    printf("step %u: weights %s, the same bits as recorded\n", r->step, hex);
out:
    return st;
}

static enum mg_status
replay(const void *options, struct mg_err *err)
{
    const struct replay_options *o = options;
    enum mg_status st = MG_OK;
    struct mg_config c = {0};
    const struct mg_agent_config *part;
    struct mg_policy *p = NULL, *reference = NULL;
    struct mg_policy_limits limits = {.train = true};
    struct recorded r;
    struct mg_path dir;
    struct mg_plan plan;
    uint32_t state = 0, agent = 0;

    MG_TRY(mg_run_config(o->run, &c, err));
    if (o->agent != NULL)
        MG_TRY(mg_config_find(&c, o->agent, &agent, err));
    part = &c.agent[agent];
    dir = mg_run_agent_dir(o->run, part->name);
    MG_REQUIRE(part->train, MG_INPUT, "%s did not train in this run", part->name);
    limits.device = part->device[0] != '\0' ? part->device : NULL;
    limits.context = part->context;
    limits.max_tokens = part->max_tokens;
    MG_TRY(find_step(dir.text, o->step, &r, err));
    mg_doing("opening the model of %s", part->name);
    MG_TRY(mg_policy_open(part->model, &limits, &p, err));
    MG_TRY(mg_reference_open(&c, part, &reference, err));
    MG_TRY(mg_state_load(p, dir.text, r.phase, &state, err));
    plan = mg_config_plan(&c);
    MG_TRY(mg_repeatable_check(dir.text, &plan, c.keep_rollouts, state, r.phase, err));
    for (uint32_t step = mg_plan_phase(&plan, state).step; step <= o->step; step++) {
        mg_doing("train step %u", step);
        MG_TRY(find_step(dir.text, step, &r, err));
        MG_TRY(train_logged(p, reference, &c, part, dir.text, &r, err));
        mg_doing_hide();
        MG_TRY(compare(p, &r, err));
    }
out:
    mg_policy_close(p);
    mg_policy_close(reference);
    mg_config_free(&c);
    return st;
}

int
mg_cmd_replay(int argc, char **argv)
{
    static const struct mg_command command = {
        .name = "replay",
        .arguments = "[OPTION]... STEP",
        .about = "Train a recorded step of a run again, from its rollouts, and compare the bits of the weights.\n",
        .notes = "Starts from the newest state at or before the step, or from the run's first model.\n",
        .options = option_rows,
        .take_arguments = take_arguments,
        .run = replay,
    };
    struct replay_options o = {.run = "run"};

    return mg_cmd_run(&command, &o, argc, argv);
}
