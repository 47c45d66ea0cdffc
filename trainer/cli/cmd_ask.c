/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/asking_options.h"
#include "base/stop.h"
#include "cli/cmd.h"
#include "report/tell.h"

enum { SLOTS = 8 };

struct ask_options {
    struct mg_asking_options with;
    const char *question;
    double temperature, top_p;
    uint32_t top_k;
};

#define AT(member) .offset = offsetof(struct ask_options, member)
static const struct mg_option option_rows[] = {
    MG_OPTION('r', "run", "DIR", "models, tokenizer and corpus of a run (default run)", MG_OPTION_TEXT, AT(with.run)),
    MG_ASKING_MODELS(struct ask_options),
    MG_OPTION(0, "corpus", "FILE", "another corpus", MG_OPTION_TEXT, AT(with.corpus)),
    MG_OPTION('t', "temperature", "X", "of the draws (default 0: greedy)", MG_OPTION_DOUBLE, AT(temperature),
              .max = 10),
    MG_ASKING_CUTS(struct ask_options),
    MG_OPTION('s', "seed", "N", "of the draws (default 1)", MG_OPTION_U64, AT(with.seed)),
    MG_ASKING_DEVICE(struct ask_options),
    MG_OPTION_END,
};

static enum mg_status
take_arguments(void *options, int n, char **argument, struct mg_err *err)
{
    struct ask_options *o = options;
    enum mg_status st = MG_OK;
    size_t length;

    if (n > 1) {
        mg_fail(err, MG_INPUT, "need one question, got %d arguments", n);
        mg_hint(err, "Put the question in quotes, so that the shell hands it over as one.");
        return MG_INPUT;
    }
    MG_REQUIRE(n == 1, MG_INPUT, "need one question, got none");
    o->question = argument[0];
    length = strlen(o->question);
    MG_REQUIRE(strspn(o->question, " \t\n\r") < length, MG_INPUT, "the question is empty");
    MG_REQUIRE(mg_text_valid(o->question, length), MG_INPUT, "the question is not UTF-8");
    MG_REQUIRE(length <= MG_TURN_TEXT_MAX, MG_INPUT, "the question has %zu bytes, need %d at most", length,
               (int)MG_TURN_TEXT_MAX);
out:
    return st;
}

struct told {
    struct mg_asking *asking;
    struct mg_teller teller;
    struct mg_key key; /* of the dialogue that calls */
};

static void
tell_verdict(const struct told *t, const struct mg_verdict *v, bool inner)
{
    if (v->kind == MG_VERDICT_VALUE)
        printf("%s(verdict: %.3g)\n", inner ? "    " : "", v->value);
    else if (v->kind == MG_VERDICT_UNAVAILABLE)
        printf("%s(no verdict: %s)\n", inner ? "    " : "",
               mg_judging_why(t->asking->judging, inner ? MG_JUDGED_RESULT : MG_JUDGED_ANSWER));
}

static enum mg_status
tell(const struct told *t, const struct mg_rollout *r, bool inner, mg_tell_call *call, void *arg, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(mg_tell(&t->teller, r->t.ids, r->t.len, inner, call, arg, err));
    if (r->fault != MG_FAULT_NONE)
        printf("%s(no answer: %s)\n", inner ? "    " : "", mg_fault_name(r->fault));
    if (r->unavailable != NULL)
        printf("%s(given up: %s)\n", inner ? "    " : "", r->unavailable);
    else if (r->judged)
        tell_verdict(t, &r->t.verdict, inner);
out:
    return st;
}

static enum mg_status
tell_call(void *arg, uint32_t call, struct mg_err *err)
{
    const struct told *t = arg;
    struct mg_key key = t->key;
    const struct mg_rollout *r = NULL;

    key.call = call;
    for (uint32_t i = 1; r == NULL && i < t->asking->config.n_agents; i++)
        r = mg_rollouts_find(mg_play_rollouts(t->asking->play, i), &key);
    return r != NULL ? tell(t, r, true, NULL, NULL, err) : MG_OK;
}

static enum mg_status
show(struct mg_asking *a, const struct mg_rollout *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct told t = {.asking = a, .key = r->t.key};

    t.teller = (struct mg_teller){.to = stdout, .margin = "", .tok = a->tok};
    MG_TRY(mg_specials_find(a->tok, &t.teller.specials, err));
    MG_TRY(tell(&t, r, false, tell_call, &t, err));
out:
    return st;
}

static enum mg_status
ask(const void *options, struct mg_err *err)
{
    const struct ask_options *o = options;
    enum mg_status st = MG_OK;
    struct mg_asking a = {.tok = NULL};
    struct mg_sampling how = {.temperature = (float)o->temperature, .top_k = o->top_k, .top_p = (float)o->top_p};
    struct mg_key key = {0};

    MG_TRY(mg_asking_open(&o->with, &a, err));
    mg_cmd_say_unicode(a.tok);
    if (mg_asking_is_early(&a))
        mg_asking_print_weights(stderr, &a);
    mg_play_begin(a.play, &how);
    MG_TRY(mg_play_add(a.play, &key, o->question, mg_question_find(&a.questions, o->question), err));
    MG_TRY(mg_play_run(a.play, err));
    MG_TRY(show(&a, mg_rollouts_get(mg_play_rollouts(a.play, 0), 0), err));
out:
    mg_asking_close(&a);
    return st;
}

int
mg_cmd_ask(int argc, char **argv)
{
    static const struct mg_command command = {
        .name = "ask",
        .arguments = "[OPTION]... QUESTION",
        .about = "Ask one question and show how the agents answer it, with every use of a tool.\n",
        .options = option_rows,
        .take_arguments = take_arguments,
        .run = ask,
        .stops = MG_STOP_SECONDS,
    };
    struct ask_options o = {.with = {.run = "run", .slots = SLOTS, .seed = 1}, .top_p = 1.0};

    return mg_cmd_run(&command, &o, argc, argv);
}
