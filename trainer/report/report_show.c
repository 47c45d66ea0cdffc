/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_show.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialogue/rollout_log.h"
#include "report/report.h"
#include "report/tell.h"
#include "run/metrics.h"
#include "run/run_path.h"

/* The trajectories of a step, of all agents. */
struct shown {
    const struct mg_config *config;
    const struct mg_show_request *what;
    struct mg_teller teller;
    uint32_t phase;
    struct mg_trajectory *row[MG_MAX_AGENTS];
    size_t n[MG_MAX_AGENTS];
};

/* ---- What is there ---- */

static enum mg_status
last_phase(void *arg, json_t *line, struct mg_err *err)
{
    json_int_t *last = arg, phase = json_integer_value(json_object_get(line, "phase"));

    (void)err;
    *last = phase > *last ? phase : *last;
    return MG_OK;
}

static enum mg_status
find_phase(struct shown *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_plan plan = mg_config_plan(s->config);
    uint32_t step = s->what->step, length = mg_plan_length(&plan);

    MG_REQUIRE(step < plan.steps, MG_INPUT, "step %u of a run of %u train steps, of which the first is 0", step,
               plan.steps);
    MG_REQUIRE(s->what->question < s->config->step_questions, MG_INPUT,
               "question %u of a step of %u questions, of which the first is 0", s->what->question,
               s->config->step_questions);
    for (s->phase = step; s->phase < length; s->phase++) {
        struct mg_phase phase = mg_plan_phase(&plan, s->phase);

        if (phase.kind == MG_PHASE_TRAIN && phase.step == step)
            break;
    }
out:
    return st;
}

/* Why there are no rollouts of the first agent: it has not come as far, or they were removed. */
static enum mg_status
tell_missing(const struct shown *s, const char *dir, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_path metrics = mg_agent_path(dir, MG_AGENT_METRICS);
    struct mg_plan plan = mg_config_plan(s->config);
    json_int_t last = -1;

    if (access(metrics.text, F_OK) == 0)
        MG_TRY(mg_metrics_each(metrics.text, last_phase, &last, err));
    if (last < (json_int_t)s->phase)
        st = mg_fail(err, MG_INPUT, "%s: train step %u has not been reached: %u of %u are done", s->what->run,
                     s->what->step, last < 0 ? 0 : mg_plan_phase(&plan, (uint32_t)last + 1).step, plan.steps);
    else {
        st = mg_fail(err, MG_INPUT, "%s: the rollouts of train step %u are not kept any longer: there is no %s",
                     s->what->run, s->what->step, mg_rollouts_path(dir, s->phase).text);
        if (s->config->keep_rollouts > 0)
            mg_hint(err, "The run keeps those of its newest %u train steps (keep_rollouts).", s->config->keep_rollouts);
    }
out:
    return st;
}

static enum mg_status
read_all(struct shown *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (uint32_t i = 0; i < s->config->n_agents; i++) {
        struct mg_path dir = mg_run_agent_dir(s->what->run, s->config->agent[i].name);
        struct mg_path path = mg_rollouts_path(dir.text, s->phase);

        if (access(path.text, F_OK) == 0)
            MG_TRY(mg_rollout_log_read(path.text, &s->row[i], &s->n[i], err));
        else if (i == 0)
            MG_TRY(tell_missing(s, dir.text, err));
    }
out:
    return st;
}

/* ---- The order: each dialogue of the first agent, and behind it what it asked for, by the number of the call ---- */

typedef enum mg_status show_one(void *arg, const struct shown *s, uint32_t agent, const struct mg_trajectory *t,
                                uint32_t copies, struct mg_err *err);

static bool
is_same(const struct mg_key *a, const struct mg_key *b)
{
    return a->question == b->question && a->rollout == b->rollout && a->call == b->call;
}

/* How often the trajectory stands in the log from i on: alignment may have copied it. */
static uint32_t
copies_of(const struct shown *s, uint32_t agent, size_t i)
{
    uint32_t n = 1;

    while (i + n < s->n[agent] && is_same(&s->row[agent][i].key, &s->row[agent][i + n].key))
        n++;
    return n;
}

static enum mg_status
each_of_rollout(const struct shown *s, uint32_t rollout, show_one *show, void *arg, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (uint32_t agent = 0; agent < s->config->n_agents; agent++)
        for (size_t i = 0; i < s->n[agent];) {
            const struct mg_trajectory *t = &s->row[agent][i];
            uint32_t copies = copies_of(s, agent, i);

            if (t->key.question == s->what->question && t->key.rollout == rollout)
                MG_TRY(show(arg, s, agent, t, copies, err));
            i += copies;
        }
out:
    return st;
}

static enum mg_status
each(const struct shown *s, show_one *show, void *arg, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (uint32_t rollout = 0; rollout < s->config->rollouts; rollout++)
        MG_TRY(each_of_rollout(s, rollout, show, arg, err));
out:
    return st;
}

/* ---- Text ---- */

static const char *
kind_of(const struct mg_trajectory *t)
{
    return t->kind == MG_REWARD_VALUE ? "" : t->kind == MG_REWARD_INVALID ? " (malformed)" : " (unavailable)";
}

static enum mg_status
print(void *arg, const struct shown *s, uint32_t agent, const struct mg_trajectory *t, uint32_t copies,
      struct mg_err *err)
{
    FILE *to = s->teller.to;
    struct mg_verdict v = t->verdict;
    size_t *n = arg;

    (*n)++;
    fprintf(to, "rollout %u, %s", t->key.rollout, s->config->agent[agent].name);
    if (agent > 0)
        fprintf(to, ", call %u", t->key.call);
    fprintf(to, ": reward %.6g%s, advantage %.6g, weight %.6g", (double)t->reward, kind_of(t), (double)t->advantage,
            (double)t->weight);
    if (v.kind == MG_VERDICT_VALUE)
        fprintf(to, ", verdict %.6g", v.value);
    if (copies > 1)
        fprintf(to, ", %u times", copies);
    fprintf(to, ", %u tokens, weights of step %u\n", t->len, t->version);
    return mg_tell(&s->teller, t->ids, t->len, agent > 0, NULL, NULL, err);
}

/* ---- JSON ---- */

/* The text as UTF-8, whatever it holds. */
static json_t *
plain_string(const char *text)
{
    char *plain = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&plain, &len);
    json_t *string = NULL;

    if (to == NULL)
        return NULL;
    mg_plain_text(to, text);
    if (fclose(to) == 0)
        string = json_stringn(plain, len);
    free(plain);
    return string;
}

static enum mg_status
add_turn(void *turns, enum mg_role role, const char *text, struct mg_err *err)
{
    json_t *turn = json_pack("{s:s, s:o}", "role", mg_role_name(role), "text", plain_string(text));

    return json_array_append_new(turns, turn) == 0 ? MG_OK : mg_fail(err, MG_FAIL, "out of memory: a turn as JSON");
}

static enum mg_status
add_dialogue(void *list, const struct shown *s, uint32_t agent, const struct mg_trajectory *t, uint32_t copies,
             struct mg_err *err)
{
    static const char *const kinds[] = {
        [MG_REWARD_VALUE] = "value", [MG_REWARD_INVALID] = "invalid", [MG_REWARD_UNAVAILABLE] = "unavailable"};
    enum mg_status st = MG_OK;
    json_t *turns = json_array();
    json_t *verdict = t->verdict.kind == MG_VERDICT_VALUE ? json_real(t->verdict.value) : json_null();
    json_t *object = json_pack(
        "{s:s, s:I, s:I, s:s, s:f, s:f, s:f, s:o, s:I, s:I, s:I, s:O}", "agent", s->config->agent[agent].name,
        "rollout", (json_int_t)t->key.rollout, "call", (json_int_t)t->key.call, "kind", kinds[t->kind], "reward",
        (double)t->reward, "advantage", (double)t->advantage, "weight", (double)t->weight, "verdict", verdict, "copies",
        (json_int_t)copies, "tokens", (json_int_t)t->len, "version", (json_int_t)t->version, "turns", turns);

    MG_REQUIRE(json_array_append_new(list, object) == 0, MG_FAIL, "out of memory: a dialogue as JSON");
    MG_TRY(mg_turns_each(&s->teller, t->ids, t->len, add_turn, turns, err));
out:
    json_decref(turns);
    return st;
}

static enum mg_status
print_json(const struct shown *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_t *list = json_array();
    json_t *all = json_pack("{s:I, s:I, s:I, s:O}", "step", (json_int_t)s->what->step, "phase", (json_int_t)s->phase,
                            "question", (json_int_t)s->what->question, "dialogues", list);

    MG_TRY(each(s, add_dialogue, list, err));
    MG_REQUIRE(json_dumpf(all, s->teller.to, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) == 0, MG_FAIL,
               "the dialogues could not be written as JSON");
    fputc('\n', s->teller.to);
out:
    json_decref(list);
    json_decref(all);
    return st;
}

enum mg_status
mg_show(FILE *to, const struct mg_config *config, const struct mg_show_request *what, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct shown s = {.config = config, .what = what, .teller = {.to = to, .margin = "  "}};
    size_t n = 0;

    MG_TRY(find_phase(&s, err));
    MG_TRY(read_all(&s, err));
    MG_TRY(mg_tokenizer_load(config->tokenizer, &s.teller.tok, err));
    MG_TRY(mg_specials_find(s.teller.tok, &s.teller.specials, err));
    if (what->json)
        st = print_json(&s, err);
    else
        st = each(&s, print, &n, err);
    if (st == MG_OK && !what->json && n == 0)
        fprintf(to, "step %u, question %u: none of its rollouts has a reward\n", what->step, what->question);
out:
    for (uint32_t i = 0; i < MG_MAX_AGENTS; i++)
        mg_rollout_log_free(s.row[i], s.n[i]);
    mg_tokenizer_free(s.teller.tok);
    return st;
}
