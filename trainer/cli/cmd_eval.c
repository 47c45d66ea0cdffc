/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "rollout/rollout_config.h"
#include "cli/asking_options.h"
#include "base/stop.h"
#include "cli/cmd.h"
#include "base/json.h"

struct eval_options {
    struct mg_asking_options with;
    const char *split;
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
    MG_OPTION(0, "questions", "FILE", "another question file", MG_OPTION_TEXT, AT(with.questions)),
    MG_OPTION(0, "split", "NAME", "test, dev or train (default: as the run says)", MG_OPTION_CHOICE_TEXT, AT(split),
              .choice = splits),
    MG_OPTION('n', "count", "N", "questions, each asked once; at most as many as the split has (default 300)",
              MG_OPTION_U32, AT(count), .min = 1, .max = 1000000),
    MG_OPTION('s', "seed", "N", "of the questions and the draws (default 1)", MG_OPTION_U64, AT(with.seed)),
    MG_ASKING_DEVICE(struct eval_options),
    MG_OPTION(0, "json", NULL, "one JSON object on standard output", MG_OPTION_FLAG, AT(json)),
    MG_OPTION_END,
};

struct scored {
    double right, verdicts, unavailable;
};
struct verdicts {
    double calls, n;
    uint32_t n_agents;
    struct scored agent[MG_MAX_AGENTS]; /* agent 0: the answers */
    const char *name[MG_MAX_AGENTS];
};

/* What the judges said of an agent's dialogues. */
static struct scored
sum_up(struct mg_rollouts *dialogues)
{
    struct scored s = {0.0, 0.0, 0.0};

    for (size_t i = 0; i < mg_rollouts_count(dialogues); i++) {
        const struct mg_verdict *v = &mg_rollouts_get(dialogues, i)->t.verdict;

        s.right += v->value;
        s.verdicts += v->kind == MG_VERDICT_VALUE;
        s.unavailable += v->kind == MG_VERDICT_UNAVAILABLE;
    }
    return s;
}

static void
count(struct mg_asking *a, uint32_t n, struct verdicts *v)
{
    struct mg_rollouts *root = mg_play_rollouts(a->play, 0);

    *v = (struct verdicts){.n = n, .n_agents = a->config.n_agents};
    for (uint32_t i = 0; i < n; i++)
        v->calls += mg_rollouts_get(root, i)->calls;
    for (uint32_t i = 0; i < v->n_agents; i++) {
        v->name[i] = a->config.agent[i].name;
        v->agent[i] = sum_up(mg_play_rollouts(a->play, i));
    }
}

static enum mg_status
play(struct mg_asking *a, const uint32_t *question, uint32_t n, bool greedy, struct verdicts *v, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_sampling how = mg_sampling_of(&a->config, greedy);

    mg_play_begin(a->play, &how);
    for (uint32_t i = 0; i < n; i++) {
        const struct mg_asked *q = &a->questions.q[question[i]];
        struct mg_key key = {.question = i};

        MG_TRY(mg_play_add(a->play, &key, q->text, q, err));
    }
    MG_TRY(mg_play_run(a->play, err));
    count(a, n, v);
    mg_troubles_tell(mg_judging_troubles(a->judging), stderr, "mgrpo eval");
out:
    return st;
}

/* The share that is right of those that are judged. */
static struct mg_share
share(const struct scored *s)
{
    return mg_share_of(s->right, s->verdicts);
}

static json_t *
to_json(const struct verdicts *v)
{
    const struct scored *root = &v->agent[0];
    const struct mg_share success = share(root);
    json_t *expert = json_object(), *unavailable = json_object();

    for (uint32_t k = 1; k < v->n_agents; k++) {
        const struct mg_share right = share(&v->agent[k]);

        json_object_set_new(expert, v->name[k], mg_json_share(&right));
    }
    for (uint32_t k = 0; k < v->n_agents; k++)
        json_object_set_new(unavailable, v->name[k], json_integer((json_int_t)v->agent[k].unavailable));
    return json_pack("{s:I, s:o, s:o, s:o, s:f, s:o, s:I, s:o}", "n", (json_int_t)v->n, "success",
                     mg_json_real(success.mean), "lo", mg_json_real(success.lo), "hi", mg_json_real(success.hi),
                     "calls", v->calls / v->n, "expert", expert, "judged", (json_int_t)root->verdicts, "unavailable",
                     unavailable);
}

static void
print_unavailable(const struct scored *s)
{
    if (s->unavailable > 0.0)
        printf(" (%.0f verdicts unavailable)", s->unavailable);
}

static void
print(const char *name, const struct verdicts *v)
{
    const struct scored *root = &v->agent[0];
    struct mg_share right = share(root);

    printf("%-12s %5.0f questions   success %s", name, v->n, mg_share_text_of(&right).text);
    print_unavailable(root);
    printf("   calls per question %.2f", v->calls / v->n);
    for (uint32_t k = 1; k < v->n_agents; k++) {
        right = share(&v->agent[k]);
        printf("   %s right %s of %.0f", v->name[k], mg_share_text_of(&right).text, right.n);
        print_unavailable(&v->agent[k]);
    }
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
    enum mg_split split = MG_SPLIT_TEST;
    struct verdicts v[2];
    uint32_t *question = NULL, n = 0, of = 0;
    json_t *both = NULL;

    MG_TRY(mg_asking_open(&o->with, &a, err));
    mg_cmd_say_unicode(a.tok);
    MG_TRY(split_of(o, &a.config, &split, err));
    n = mg_question_most(&a.questions, split, o->count);
    MG_ALLOC(question, n);
    MG_TRY(mg_question_draw(&a.questions, split, o->with.seed, 0, true, question, n, err));
    of = mg_question_count(&a.questions, split);
    if (!o->json)
        printf("%u of the %u questions of split %s, each asked once\n", n, of, splits[split]);
    for (int greedy = 0; greedy < 2; greedy++) {
        MG_TRY(play(&a, question, n, greedy, &v[greedy], err));
        if (!o->json)
            print(greedy ? "greedy" : "as sampled", &v[greedy]);
    }
    if (o->json) {
        both = json_pack("{s:s, s:I, s:o, s:o}", "split", splits[split], "of", (json_int_t)of, "sampled",
                         to_json(&v[0]), "greedy", to_json(&v[1]));
        json_dumpf(both, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        putchar('\n');
    }
out:
    json_decref(both);
    free(question);
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
        .stops = MG_STOP_SECONDS,
    };
    struct eval_options o = {.with = {.run = "run", .slots = SLOTS, .seed = 1}, .count = 300};

    return mg_cmd_run(&command, &o, argc, argv);
}
