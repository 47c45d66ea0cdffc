/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "cmd.h"
#include "play.h"
#include "run_dir.h"
#include "stop.h"

enum { MAX_PATH = 4096, SLOTS = 8 };

static const char usage[] =
    "usage: mgrpo ask [OPTION]... QUESTION\n"
    "Ask one question and show how planner and search agent answer it, with every use of a tool.\n\n"
    "  -r, --run DIR          models, tokenizer and corpus of a run (default run)\n"
    "      --main DIR         another model for the planner\n"
    "      --search DIR       another model for the search agent\n"
    "      --tokenizer FILE   another tokenizer.json\n"
    "      --corpus FILE      another corpus\n"
    "  -t, --temperature X    of the draws (default 0: greedy)\n"
    "  -s, --seed N           of the draws (default 1)\n"
    "      --device SELECTOR  OpenCL device\n"
    "  -h, --help             print this text\n";

struct ask_options {
    const char *run, *model[MG_N_SIDES], *tokenizer, *corpus, *device, *question;
    double temperature;
    uint64_t seed;
    bool help;
};

enum { OPT_MAIN = 256, OPT_SEARCH, OPT_TOKENIZER, OPT_CORPUS, OPT_DEVICE };

static enum mg_status
parse_option(struct ask_options *o, int letter, struct mg_err *err)
{
    switch (letter) {
    case 'h':
        o->help = true;
        return MG_OK;
    case 'r':
        o->run = optarg;
        return MG_OK;
    case 't':
        return mg_option_double("temperature", optarg, 0.0, 10.0, &o->temperature, err);
    case 's':
        return mg_option_u64("seed", optarg, 0, UINT64_MAX, &o->seed, err);
    case OPT_MAIN:
    case OPT_SEARCH:
        o->model[letter - OPT_MAIN] = optarg;
        return MG_OK;
    case OPT_TOKENIZER:
        o->tokenizer = optarg;
        return MG_OK;
    case OPT_CORPUS:
        o->corpus = optarg;
        return MG_OK;
    case OPT_DEVICE:
        o->device = optarg;
        return MG_OK;
    default:
        return mg_fail(err, MG_INPUT, "an option is unknown or lacks its value");
    }
}

static enum mg_status
parse(struct ask_options *o, int argc, char **argv, struct mg_err *err)
{
    static const struct option longs[] = {{"run", required_argument, NULL, 'r'},
                                          {"main", required_argument, NULL, OPT_MAIN},
                                          {"search", required_argument, NULL, OPT_SEARCH},
                                          {"tokenizer", required_argument, NULL, OPT_TOKENIZER},
                                          {"corpus", required_argument, NULL, OPT_CORPUS},
                                          {"temperature", required_argument, NULL, 't'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"device", required_argument, NULL, OPT_DEVICE},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    enum mg_status st = MG_OK;
    int letter;

    optind = 1;
    while ((letter = getopt_long(argc, argv, "r:t:s:h", longs, NULL)) != -1)
        MG_TRY(parse_option(o, letter, err));
    MG_REQUIRE(o->help || optind + 1 == argc, MG_INPUT, "need one question, got %d arguments", argc - optind);
    o->question = argv[optind];
    MG_REQUIRE(o->help || (strlen(o->question) <= MG_TURN_TEXT_MAX && mg_text_valid(o->question, strlen(o->question))),
               MG_INPUT, "the question has %zu bytes, need UTF-8 of at most %d", strlen(o->question),
               (int)MG_TURN_TEXT_MAX);
out:
    return st;
}

/* What one question is asked with. */
struct asking {
    struct mg_config config;
    struct mg_tokenizer *tok;
    struct mg_specials specials;
    struct mg_tools tools;
    struct mg_policy *policy[MG_N_SIDES];
    struct mg_play *play;
};

/* The model that was asked for, else the one that the run made, else the one that it began with. */
static void
model_path(const struct ask_options *o, const struct mg_config *c, enum mg_side side, char path[MAX_PATH])
{
    snprintf(path, MAX_PATH, "%s/%s/model", o->run, mg_side_name(side));
    if (o->model[side] != NULL)
        snprintf(path, MAX_PATH, "%s", o->model[side]);
    else if (access(path, F_OK) != 0)
        snprintf(path, MAX_PATH, "%s", mg_agent_part(c, side)->model);
}

static enum mg_status
open_policy(const struct ask_options *o, struct asking *a, enum mg_side side, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_agent_config *part = mg_agent_part(&a->config, side);
    struct mg_policy_limits limits = {
        .device = o->device, .slots = SLOTS, .context = part->context, .max_tokens = part->max_tokens};
    char path[MAX_PATH];

    if (limits.device == NULL && part->device[0] != '\0')
        limits.device = part->device;
    model_path(o, &a->config, side, path);
    MG_TRY(mg_policy_open(path, &limits, &a->policy[side], err));
out:
    return st;
}

static enum mg_status
prepare(const struct ask_options *o, struct asking *a, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_play_config c = {.tools = &a->tools, .seed = o->seed};
    int n_sides;

    MG_TRY(mg_run_config(o->run, &a->config, err));
    n_sides = a->config.agents == MG_SINGLE ? 1 : MG_N_SIDES;
    MG_TRY(mg_tokenizer_load(o->tokenizer != NULL ? o->tokenizer : a->config.tokenizer, &a->tok, err));
    MG_TRY(mg_specials_find(a->tok, &a->specials, err));
    MG_TRY(mg_corpus_open(&a->tools.corpus, o->corpus != NULL ? o->corpus : a->config.corpus, err));
    for (int i = 0; i < n_sides; i++) {
        MG_TRY(open_policy(o, a, (enum mg_side)i, err));
        c.policy[i] = a->policy[i];
        c.limits[i] = mg_agent_limits(&a->config, (enum mg_side)i);
        c.limits[i].slots = SLOTS;
    }
    c.tok = a->tok;
    MG_TRY(mg_play_create(&c, &a->play, err));
out:
    return st;
}

/* A text that an agent wrote may hold anything: what is not printable is shown as a blank. */
static void
print_turn(const char *indent, enum mg_role role, const struct mg_token_text *text)
{
    printf("%s%-8s", indent, mg_role_name(role));
    for (size_t i = 0; i < text->n; i++)
        putchar((unsigned char)text->data[i] < ' ' || text->data[i] == 127 ? ' ' : text->data[i]);
    putchar('\n');
}

static void print_dialogue(struct asking *a, const struct mg_rollout *r, const char *indent);

static void
print_call(struct asking *a, const struct mg_key *parent, uint32_t call)
{
    struct mg_key key = *parent;
    const struct mg_rollout *r;

    key.call = call;
    r = a->config.agents == MG_SINGLE ? NULL : mg_rollouts_find(mg_play_rollouts(a->play, MG_SIDE_SEARCH), &key);
    if (r != NULL)
        print_dialogue(a, r, "    ");
}

static void
print_dialogue(struct asking *a, const struct mg_rollout *r, const char *indent)
{
    struct mg_token_text text = {0};
    struct mg_err ignored;
    uint32_t call = 0;

    for (uint32_t i = 0, end; i < r->d.len; i = end) {
        int role = 0;

        while (role < MG_N_ROLES && r->d.ids[i] != a->specials.role[role])
            role++;
        for (end = i + 1; end < r->d.len && !mg_specials_has(&a->specials, r->d.ids[end]);)
            end++;
        if (role == MG_N_ROLES)
            continue;
        text.n = 0;
        mg_err_clear(&ignored);
        if (mg_tokenizer_decode(a->tok, r->d.ids + i + 1, end - i - 1, 0, &text, &ignored) == MG_OK)
            print_turn(indent, (enum mg_role)role, &text);
        if (role == MG_ROLE_SUB)
            print_call(a, &r->key, call++);
    }
    if (r->fault != MG_FAULT_NONE)
        printf("%s(no answer: %s)\n", indent, mg_fault_name(r->fault));
    mg_token_text_free(&text);
}

static enum mg_status
ask(const struct ask_options *o, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct asking a = {.tok = NULL};
    struct mg_sampling how = {.temperature = (float)o->temperature, .top_p = 1.0f};
    struct mg_key key = {0};

    MG_TRY(prepare(o, &a, err));
    mg_play_begin(a.play, &how);
    MG_TRY(mg_play_add(a.play, &key, o->question, err));
    MG_TRY(mg_play_run(a.play, err));
    print_dialogue(&a, mg_rollouts_get(mg_play_rollouts(a.play, MG_SIDE_MAIN), 0), "");
out:
    mg_play_destroy(a.play);
    for (int i = 0; i < MG_N_SIDES; i++)
        mg_policy_close(a.policy[i]);
    mg_corpus_close(a.tools.corpus);
    mg_tokenizer_free(a.tok);
    mg_config_free(&a.config);
    return st;
}

int
mg_cmd_ask(int argc, char **argv)
{
    struct ask_options o = {.run = "run", .seed = 1};
    struct mg_err err;
    enum mg_status st;

    mg_err_clear(&err);
    st = parse(&o, argc, argv, &err);
    if (o.help) {
        fputs(usage, stdout);
        return MG_OK;
    }
    mg_stop_install();
    if (st == MG_OK)
        st = ask(&o, &err);
    return mg_cmd_finish("ask", st, &err);
}
