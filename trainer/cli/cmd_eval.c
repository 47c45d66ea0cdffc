/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "rollout/rollout_config.h"
#include "cli/asking_options.h"
#include "cli/cmd.h"
#include "base/interval.h"
#include "question/question_file.h"

static const char usage[] = "usage: mgrpo eval [OPTION]...\n"
                            "Measure how often the agents answer held-out questions, as sampled and greedy.\n\n"
                            "  -r, --run DIR          configuration, corpus and models of a run (default run)\n"
                            "  -m, --model AGENT=DIR  another model for an agent\n"
                            "      --tokenizer FILE   another tokenizer.json\n"
                            "      --corpus FILE      another corpus, with its --questions FILE\n"
                            "      --questions FILE   another question file\n"
                            "      --split NAME       test, dev or train (default: as the run says)\n"
                            "  -n, --count N          questions (default 300)\n"
                            "  -s, --seed N           of the questions and the draws (default 1)\n"
                            "      --device SELECTOR  OpenCL device\n"
                            "      --json             one JSON object on standard output\n"
                            "  -h, --help             print this text\n";

struct eval_options {
    struct mg_asking_options with;
    const char *questions, *split;
    uint32_t count;
    bool json;
};

enum { OPT_QUESTIONS = MG_ASKING_END, OPT_SPLIT, OPT_JSON, SLOTS = 256 };

static const struct option longs[] = {MG_ASKING_OPTIONS,
                                      {"questions", required_argument, NULL, OPT_QUESTIONS},
                                      {"split", required_argument, NULL, OPT_SPLIT},
                                      {"count", required_argument, NULL, 'n'},
                                      {"json", no_argument, NULL, OPT_JSON},
                                      {"help", no_argument, NULL, 'h'},
                                      {NULL, 0, NULL, 0}};

static enum mg_status
take_option(void *options, int letter, struct mg_err *err)
{
    struct eval_options *o = options;

    switch (letter) {
    case 'n':
        return mg_option_u32("count", optarg, 1, 1000000, &o->count, err);
    case OPT_QUESTIONS:
        o->questions = optarg;
        return MG_OK;
    case OPT_SPLIT:
        o->split = optarg;
        return MG_OK;
    case OPT_JSON:
        o->json = true;
        return MG_OK;
    default:
        return mg_asking_option(&o->with, letter, err);
    }
}

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
    static const char *const names[] = {[MG_SPLIT_TRAIN] = "train", [MG_SPLIT_DEV] = "dev", [MG_SPLIT_TEST] = "test"};
    int i = 0;

    MG_TRY(mg_option_choice("split", o->split != NULL ? o->split : c->eval_split, names, MG_N_SPLITS, &i, err));
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
        "eval", usage, MG_ASKING_LETTERS "n:h", longs, take_option, mg_no_arguments, evaluate, true};
    struct eval_options o = {.with = {.run = "run", .slots = SLOTS, .seed = 1}, .count = 300};

    return mg_cmd_run(&command, &o, argc, argv);
}
