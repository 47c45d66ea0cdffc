/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "rollout/rollout_config.h"
#include "cli/asking_options.h"
#include "cli/cmd.h"
#include "base/interval.h"
#include "question/question_file.h"

struct eval_options {
    struct mg_asking_options with;
    const char *questions, *split;
    uint32_t count;
    bool json;
};

enum { SLOTS = 256 };

static const char *const splits[] = {
    [MG_SPLIT_TRAIN] = "train", [MG_SPLIT_DEV] = "dev", [MG_SPLIT_TEST] = "test", NULL};

#define AT(member) .offset = offsetof(struct eval_options, member)
static const struct mg_option option_rows[] = {
    MG_OPTION('r', "run", "DIR", "configuration, corpus and models of a run (default run)", MG_OPTION_TEXT,
              AT(with.run)),
    MG_ASKING_MODELS(struct eval_options),
    MG_OPTION(0, "corpus", "FILE", "another corpus, with its --questions FILE", MG_OPTION_TEXT, AT(with.corpus)),
    MG_OPTION(0, "questions", "FILE", "another question file", MG_OPTION_TEXT, AT(questions)),
    MG_OPTION(0, "split", "NAME", "test, dev or train (default: as the run says)", MG_OPTION_CHOICE_TEXT, AT(split),
              .choice = splits),
    MG_OPTION('n', "count", "N", "questions (default 300)", MG_OPTION_U32, AT(count), .min = 1, .max = 1000000),
    MG_OPTION('s', "seed", "N", "of the questions and the draws (default 1)", MG_OPTION_U64, AT(with.seed)),
    MG_ASKING_DEVICE(struct eval_options),
    MG_OPTION(0, "json", NULL, "one JSON object on standard output", MG_OPTION_FLAG, AT(json)),
    MG_OPTION_END,
};

/* Verdicts on the results of an agent that was called. */
struct scored {
    double expert, verdicts;
};
struct verdicts {
    double success, calls, n;
    uint32_t n_agents;
    struct scored agent[MG_MAX_AGENTS];
    const char *name[MG_MAX_AGENTS];
};

static struct scored
judge_results(const struct mg_question_file *qs, struct mg_rollouts *results)
{
    struct scored s = {0.0, 0.0};

    for (size_t i = 0; i < mg_rollouts_count(results); i++) {
        const struct mg_rollout *r = mg_rollouts_get(results, i);
        double expert = 0.0;
        bool known = false;

        mg_expert_verdict(qs, r->opening, r->answer, &known, &expert);
        s.verdicts += known;
        s.expert += known ? expert : 0.0;
    }
    return s;
}

static void
judge(struct mg_asking *a, const struct mg_question_file *qs, const uint32_t *question, uint32_t n, struct verdicts *v)
{
    struct mg_rollouts *root = mg_play_rollouts(a->play, 0);

    *v = (struct verdicts){.n = n, .n_agents = a->config.n_agents};
    for (uint32_t i = 0; i < n; i++) {
        const struct mg_rollout *r = mg_rollouts_get(root, i);

        v->success += r->fault == MG_FAULT_NONE && mg_asked_correct(&qs->q[question[i]], r->answer);
        v->calls += r->calls;
    }
    for (uint32_t i = 1; i < v->n_agents; i++) {
        v->name[i] = a->config.agent[i].name;
        v->agent[i] = judge_results(qs, mg_play_rollouts(a->play, i));
    }
}

static enum mg_status
play(struct mg_asking *a, const struct mg_question_file *qs, const uint32_t *question, uint32_t n, bool greedy,
     struct verdicts *v, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_sampling how = mg_sampling_of(&a->config, greedy);

    mg_play_begin(a->play, &how);
    for (uint32_t i = 0; i < n; i++) {
        struct mg_key key = {.question = i};

        MG_TRY(mg_play_add(a->play, &key, qs->q[question[i]].text, err));
    }
    MG_TRY(mg_play_run(a->play, err));
    judge(a, qs, question, n, v);
out:
    return st;
}

static json_t *
to_json(const struct verdicts *v)
{
    struct mg_interval i = mg_wilson(v->success, v->n);
    json_t *expert = json_object();

    for (uint32_t k = 1; k < v->n_agents; k++)
        json_object_set_new(expert, v->name[k],
                            v->agent[k].verdicts > 0.0 ? json_real(v->agent[k].expert / v->agent[k].verdicts)
                                                       : json_null());
    return json_pack("{s:I, s:f, s:f, s:f, s:f, s:o}", "n", (json_int_t)v->n, "success", v->success / v->n, "lo", i.lo,
                     "hi", i.hi, "calls", v->calls / v->n, "expert", expert);
}

static void
print(const char *name, const struct verdicts *v)
{
    struct mg_interval i = mg_wilson(v->success, v->n);

    printf("%-12s %5.0f questions   success %.3f [%.3f, %.3f]   calls per question %.2f", name, v->n, v->success / v->n,
           i.lo, i.hi, v->calls / v->n);
    for (uint32_t k = 1; k < v->n_agents; k++)
        printf("   %s right %.3f of %.0f", v->name[k],
               v->agent[k].verdicts > 0.0 ? v->agent[k].expert / v->agent[k].verdicts : 0.0, v->agent[k].verdicts);
    putchar('\n');
}

static enum mg_status
split_of(const struct eval_options *o, const struct mg_config *c, enum mg_split *split, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    int i = 0;

    MG_TRY(mg_option_choose("--split", o->split != NULL ? o->split : c->eval_split, splits, &i, err));
    *split = (enum mg_split)i;
out:
    return st;
}

static enum mg_status
evaluate(const void *options, struct mg_err *err)
{
    const struct eval_options *o = options;
    enum mg_status st = MG_OK;
    struct mg_asking a = {.tok = NULL};
    struct mg_question_file qs = {0};
    enum mg_split split = MG_SPLIT_TEST;
    struct verdicts v[2];
    uint32_t *question = NULL;
    json_t *both = NULL;

    MG_TRY(mg_asking_open(&o->with, &a, err));
    MG_TRY(mg_question_file_load(o->questions != NULL ? o->questions : a.config.questions, &qs, err));
    MG_TRY(split_of(o, &a.config, &split, err));
    MG_ALLOC(question, o->count);
    MG_TRY(mg_question_draw(&qs, split, o->with.seed, 0, true, question, o->count, err));
    for (int greedy = 0; greedy < 2; greedy++) {
        MG_TRY(play(&a, &qs, question, o->count, greedy, &v[greedy], err));
        if (!o->json)
            print(greedy ? "greedy" : "as sampled", &v[greedy]);
    }
    if (o->json) {
        both = json_pack("{s:o, s:o}", "sampled", to_json(&v[0]), "greedy", to_json(&v[1]));
        json_dumpf(both, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        putchar('\n');
    }
out:
    json_decref(both);
    free(question);
    mg_question_file_free(&qs);
    mg_asking_close(&a);
    return st;
}

int
mg_cmd_eval(int argc, char **argv)
{
    static const struct mg_command command = {
        .name = "eval",
        .arguments = "[OPTION]...",
        .about = "Measure how often the agents answer held-out questions, as sampled and greedy.\n",
        .options = option_rows,
        .take_arguments = mg_no_arguments,
        .run = evaluate,
        .stops = true,
    };
    struct eval_options o = {.with = {.run = "run", .slots = SLOTS, .seed = 1}, .count = 300};

    return mg_cmd_run(&command, &o, argc, argv);
}
