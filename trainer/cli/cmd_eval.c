/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/asking_options.h"
#include "base/stop.h"
#include "cli/cmd.h"
#include "cli/eval_print.h"
#include "rollout/rollout_config.h"

enum { SLOTS = 256, MAX_DRAWS = 1000, SYSTEMS = 2, PASSES = 2 };

struct eval_options {
    struct mg_asking_options with;
    const char *system[SYSTEMS]; /* a run, or models of the run: AGENT=DIR,... */
    uint32_t n_systems;
    const char *split, *rows;
    uint32_t count, draws;
    double temperature; /* negative: not given */
    double top_p;
    uint32_t top_k;
    bool json;
};

static const char *const splits[] = {
    [MG_SPLIT_TRAIN] = "train", [MG_SPLIT_DEV] = "dev", [MG_SPLIT_TEST] = "test", NULL};

#define AT(member) .offset = offsetof(struct eval_options, member)
static const struct mg_option option_rows[] = {
    MG_OPTION('r', "run", "DIR", "configuration, corpus and models of a run (default run)", MG_OPTION_TEXT,
              AT(with.run)),
    MG_ASKING_MODELS(struct eval_options),
    MG_OPTION('b', "best", NULL, "the state of the run's best evaluation (default: its last weights)", MG_OPTION_FLAG,
              AT(with.best)),
    MG_OPTION(0, "corpus", "FILE", "another corpus, with its --questions FILE", MG_OPTION_TEXT, AT(with.corpus)),
    MG_OPTION(0, "questions", "FILE", "another question file", MG_OPTION_TEXT, AT(with.questions)),
    MG_OPTION(0, "split", "NAME", "test, dev or train (default: as the run says)", MG_OPTION_CHOICE_TEXT, AT(split),
              .choice = splits),
    MG_OPTION('n', "count", "N", "questions, each asked once; at most as many as the split has (default 300)",
              MG_OPTION_U32, AT(count), .min = 1, .max = 1000000),
    MG_OPTION('k', "draws", "K", "draws of each question (default 1)", MG_OPTION_U32, AT(draws), .min = 1,
              .max = MAX_DRAWS),
    MG_OPTION('t', "temperature", "X", "of the draws, 0: greedy (default: the run's, and then greedy)",
              MG_OPTION_DOUBLE, AT(temperature), .max = 10),
    MG_ASKING_CUTS(struct eval_options),
    MG_OPTION('s', "seed", "N", "of the questions and the draws (default 1)", MG_OPTION_U64, AT(with.seed)),
    MG_ASKING_DEVICE(struct eval_options),
    MG_OPTION(0, "json", NULL, "one JSON object on standard output", MG_OPTION_FLAG, AT(json)),
    MG_OPTION(0, "rows", "FILE", "a JSON line for each question and draw", MG_OPTION_TEXT, AT(rows)),
    MG_OPTION_END,
};

static enum mg_status
take_arguments(void *options, int n, char **argument, struct mg_err *err)
{
    struct eval_options *o = options;
    enum mg_status st = MG_OK;

    MG_REQUIRE(n <= SYSTEMS, MG_INPUT, "need one system, or two to compare, got %d arguments", n);
    MG_REQUIRE(n < 2 || o->with.n_models == 0, MG_INPUT,
               "--model and two systems: which of them is it of? Write AGENT=DIR,AGENT=DIR as a system");
    MG_REQUIRE(o->temperature != 0.0 || o->draws == 1, MG_INPUT,
               "--draws %u at temperature 0: greedy draws of a question are all alike", o->draws);
    for (int i = 0; i < n; i++)
        o->system[i] = argument[i];
    o->n_systems = n > 0 ? (uint32_t)n : 1;
out:
    return st;
}

/* One way to draw; every system is measured by it. */
struct pass {
    const char *name, *key; /* for people, and of the JSON object */
    bool greedy;
};
struct system {
    const char *name;
    char *models; /* the argument's, cut at its commas */
    struct mg_asking asking;
    struct mg_measured measured[PASSES];
};
struct evaluation {
    const struct eval_options *o;
    struct system system[SYSTEMS];
    struct pass pass[PASSES];
    struct mg_share difference[PASSES];
    uint32_t n_passes, n, of; /* n questions of so many in the split */
    enum mg_split split;
    uint32_t *question; /* [n] */
    struct mg_file_new *rows;
};

static enum mg_status
open_system(const struct eval_options *o, const char *argument, struct system *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_asking_options with = o->with;

    s->name = argument != NULL ? argument : with.run;
    if (argument != NULL && strchr(argument, '=') == NULL)
        with.run = argument;
    else if (argument != NULL) {
        MG_STRDUP(s->models, argument);
        for (char *rest = s->models, *model; (model = strsep(&rest, ",")) != NULL;)
            MG_TRY(mg_asking_take_model(&with, model, err));
    }
    MG_TRY(mg_asking_open(&with, &s->asking, err));
out:
    return st;
}

static enum mg_status
choose_questions(struct evaluation *e, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct eval_options *o = e->o;
    const struct mg_asking *a = &e->system[0].asking, *b = &e->system[1].asking;
    int split = 0;

    MG_TRY(mg_option_choose("--split", o->split != NULL ? o->split : a->config.eval_split, splits, &split, err));
    e->split = (enum mg_split)split;
    e->of = mg_question_count(&a->questions, e->split);
    MG_REQUIRE(e->of > 0, MG_INPUT, "%s: none of the %u questions is of split %s",
               o->with.questions != NULL ? o->with.questions : a->config.questions, a->questions.n, splits[split]);
    e->n = mg_question_most(&a->questions, e->split, o->count);
    MG_ALLOC(e->question, e->n);
    MG_TRY(mg_question_draw(&a->questions, &(struct mg_draw){.split = e->split, .seed = o->with.seed, .once = true},
                            e->question, e->n, err));
    for (uint32_t i = 0; o->n_systems == 2 && i < e->n; i++) {
        uint32_t at = e->question[i];
        const struct mg_asked *q = &a->questions.q[at];

        MG_REQUIRE(at < b->questions.n && strcmp(b->questions.q[at].id, q->id) == 0 &&
                       strcmp(b->questions.q[at].text, q->text) == 0,
                   MG_INPUT, "the question %.100s of %s is not that of %s: name one file with --questions", q->id,
                   e->system[0].name, e->system[1].name);
    }
out:
    return st;
}

static void
choose_passes(struct evaluation *e)
{
    static const struct pass sampled = {"as sampled", "sampled", false}, greedy = {"greedy", "greedy", true};

    if (e->o->temperature != 0.0)
        e->pass[e->n_passes++] = sampled;
    if (e->o->temperature <= 0.0)
        e->pass[e->n_passes++] = greedy;
}

static enum mg_status
open_all(struct evaluation *e, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct eval_options *o = e->o;

    if (o->rows != NULL)
        MG_TRY(mg_file_new_open(o->rows, &e->rows, err));
    for (uint32_t s = 0; s < o->n_systems; s++)
        MG_TRY(open_system(o, o->system[s], &e->system[s], err));
    mg_cmd_say_unicode(e->system[0].asking.tok);
    MG_TRY(choose_questions(e, err));
    choose_passes(e);
out:
    return st;
}

static const char *const letters[SYSTEMS] = {"A", "B"};

/* What is measured, before it is. */
static void
print_head(const struct evaluation *e)
{
    for (uint32_t s = 0; s < e->o->n_systems; s++) {
        if (e->o->n_systems > 1)
            printf("%s: %s\n", letters[s], e->system[s].name);
        mg_asking_print_weights(stdout, &e->system[s].asking);
    }
    printf("%u of the %u questions of split %s, each asked once", e->n, e->of, splits[e->split]);
    if (e->o->draws > 1)
        printf(", %u draws of each", e->o->draws);
    putchar('\n');
    fflush(stdout);
}

static enum mg_status
measure(struct evaluation *e, uint32_t s, uint32_t p, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct eval_options *o = e->o;
    const struct pass *pass = &e->pass[p];
    struct system *system = &e->system[s];
    struct mg_exam exam = {.question = e->question,
                           .n = e->n,
                           .draws = pass->greedy ? 1 : o->draws,
                           .how = mg_sampling_of(&system->asking.config, pass->greedy),
                           .name = pass->key,
                           .rows = e->rows,
                           .of = o->n_systems > 1 ? letters[s] : NULL};
    char name[32];

    if (o->temperature > 0.0)
        exam.how.temperature = (float)o->temperature;
    exam.how.top_p = (float)o->top_p;
    exam.how.top_k = o->top_k;
    MG_TRY(mg_measure(&system->asking, &exam, &system->measured[p], err));
    mg_troubles_tell(mg_judging_troubles(system->asking.judging), stderr, "mgrpo eval");
    snprintf(name, sizeof name, "%s%s%s", exam.of != NULL ? exam.of : "", exam.of != NULL ? " " : "", pass->name);
    if (!o->json)
        mg_print_measured(name, &system->asking.config, &system->measured[p]);
out:
    return st;
}

static enum mg_status
compare(struct evaluation *e, uint32_t p, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_share *d = &e->difference[p];

    MG_TRY(mg_measured_difference(&e->system[0].measured[p], &e->system[1].measured[p], d, err));
    if (!e->o->json)
        printf("%-12s %5.0f questions   B - A %s\n", "", d->n, mg_share_text_of(d).text);
out:
    return st;
}

static json_t *
system_json(const struct evaluation *e, uint32_t s)
{
    const struct system *system = &e->system[s];
    json_t *object = json_pack("{s:s, s:o}", "name", system->name, "weights", mg_json_weights(&system->asking));

    for (uint32_t p = 0; p < e->n_passes; p++)
        json_object_set_new(object, e->pass[p].key, mg_json_measured(&system->asking.config, &system->measured[p]));
    return object;
}

static enum mg_status
print_json(const struct evaluation *e, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_t *all = json_pack("{s:s, s:I}", "split", splits[e->split], "of", (json_int_t)e->of);
    json_t *difference = json_object();

    if (e->o->n_systems == 1)
        json_object_update_new(all, system_json(e, 0));
    for (uint32_t s = 0; e->o->n_systems > 1 && s < e->o->n_systems; s++)
        json_object_set_new(all, letters[s], system_json(e, s));
    for (uint32_t p = 0; p < e->n_passes; p++)
        json_object_set_new(difference, e->pass[p].key, mg_json_share(&e->difference[p]));
    if (e->o->n_systems > 1)
        json_object_set(all, "difference", difference);
    MG_REQUIRE(json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) == 0, MG_FAIL,
               "the result could not be written as JSON");
    putchar('\n');
out:
    json_decref(all);
    json_decref(difference);
    return st;
}

static void
close_all(struct evaluation *e)
{
    mg_file_new_abort(e->rows);
    free(e->question);
    for (uint32_t s = 0; s < e->o->n_systems; s++) {
        for (uint32_t p = 0; p < PASSES; p++)
            mg_measured_free(&e->system[s].measured[p]);
        mg_asking_close(&e->system[s].asking);
        free(e->system[s].models);
    }
}

static enum mg_status
evaluate(const void *options, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct evaluation *e = NULL;

    MG_ALLOC(e, 1);
    e->o = options;
    MG_TRY(open_all(e, err));
    if (!e->o->json)
        print_head(e);
    for (uint32_t p = 0; p < e->n_passes; p++) {
        for (uint32_t s = 0; s < e->o->n_systems; s++)
            MG_TRY(measure(e, s, p, err));
        if (e->o->n_systems > 1)
            MG_TRY(compare(e, p, err));
    }
    if (e->o->json)
        MG_TRY(print_json(e, err));
    if (e->rows != NULL)
        MG_TRY(mg_file_new_commit(&e->rows, err));
out:
    if (e != NULL)
        close_all(e);
    free(e);
    return st;
}

int
mg_cmd_eval(int argc, char **argv)
{
    static const struct mg_command command = {
        .name = "eval",
        .arguments = "[OPTION]... [SYSTEM [SYSTEM]]",
        .about = "Measure how often the agents answer held-out questions, as sampled and greedy. A SYSTEM is the "
                 "folder of a\n"
                 "run, or AGENT=DIR,... for models of the --run; two are asked the same questions and compared.\n",
        .options = option_rows,
        .take_arguments = take_arguments,
        .run = evaluate,
        .stops = MG_STOP_SECONDS,
    };
    struct eval_options o = {
        .with = {.run = "run", .slots = SLOTS, .seed = 1}, .count = 300, .draws = 1, .temperature = -1.0, .top_p = 1.0};

    return mg_cmd_run(&command, &o, argc, argv);
}
