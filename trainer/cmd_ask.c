/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asking.h"
#include "cmd.h"
#include "stop.h"

enum { SLOTS = 8 };

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
    struct mg_asking_options with;
    const char *question;
    double temperature;
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
        o->with.run = optarg;
        return MG_OK;
    case 't':
        return mg_option_double("temperature", optarg, 0.0, 10.0, &o->temperature, err);
    case 's':
        return mg_option_u64("seed", optarg, 0, UINT64_MAX, &o->with.seed, err);
    case OPT_MAIN:
    case OPT_SEARCH:
        o->with.model[letter - OPT_MAIN] = optarg;
        return MG_OK;
    case OPT_TOKENIZER:
        o->with.tokenizer = optarg;
        return MG_OK;
    case OPT_CORPUS:
        o->with.corpus = optarg;
        return MG_OK;
    case OPT_DEVICE:
        o->with.device = optarg;
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

/* A text that an agent wrote may hold anything: what is not printable is shown as a blank. */
static void
print_turn(const char *indent, enum mg_role role, const struct mg_token_text *text)
{
    printf("%s%-8s", indent, mg_role_name(role));
    for (size_t i = 0; i < text->n; i++)
        putchar((unsigned char)text->data[i] < ' ' || text->data[i] == 127 ? ' ' : text->data[i]);
    putchar('\n');
}

static void print_dialogue(struct mg_asking *a, const struct mg_rollout *r, const char *indent);

static void
print_call(struct mg_asking *a, const struct mg_key *parent, uint32_t call)
{
    struct mg_key key = *parent;
    const struct mg_rollout *r;

    key.call = call;
    r = a->config.agents == MG_SINGLE ? NULL : mg_rollouts_find(mg_play_rollouts(a->play, MG_SIDE_SEARCH), &key);
    if (r != NULL)
        print_dialogue(a, r, "    ");
}

static void
print_dialogue(struct mg_asking *a, const struct mg_rollout *r, const char *indent)
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
    struct mg_asking a = {.tok = NULL};
    struct mg_sampling how = {.temperature = (float)o->temperature, .top_p = 1.0f};
    struct mg_key key = {0};

    MG_TRY(mg_asking_open(&o->with, &a, err));
    mg_play_begin(a.play, &how);
    MG_TRY(mg_play_add(a.play, &key, o->question, err));
    MG_TRY(mg_play_run(a.play, err));
    print_dialogue(&a, mg_rollouts_get(mg_play_rollouts(a.play, MG_SIDE_MAIN), 0), "");
out:
    mg_asking_close(&a);
    return st;
}

int
mg_cmd_ask(int argc, char **argv)
{
    struct ask_options o = {.with = {.run = "run", .slots = SLOTS, .seed = 1}};
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
