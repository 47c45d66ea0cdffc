/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "tools/corpus.h"
#include "base/file.h"
#include "world/demo.h"
#include "world/write.h"

static const char usage[] = "usage: mgrpo world [OPTION]... DIR\n"
                            "Write DIR/corpus.db and DIR/questions.jsonl, and demonstrations if asked.\n\n"
                            "  -s, --seed N          counterfactual world N; 0 is the true world (default 0)\n"
                            "  -p, --profile NAME    full or small (default full)\n"
                            "  -f, --facts FILE      fact table (default $MGRPO_FACTS, or the installed one)\n"
                            "  -d, --demos KIND      also write demonstrations: gold, substituted or noisy\n"
                            "  -a, --agent NAME      whose: main, search or both (default both)\n"
                            "  -t, --split NAME      from questions of: train or test (default train)\n"
                            "  -n, --count N         how many (default 10000)\n"
                            "  -r, --demo-seed N     which (default 0)\n"
                            "  -o, --output FILE     where (default DIR/demos-KIND-SPLIT.jsonl)\n"
                            "  -h, --help            print this text\n";

struct options {
    const char *dir, *facts, *output;
    uint64_t seed, count;
    enum mg_world_profile profile;
    bool demos;
    struct mg_demo_options demo;
};

static const struct option longs[] = {{"seed", required_argument, NULL, 's'},
                                      {"profile", required_argument, NULL, 'p'},
                                      {"facts", required_argument, NULL, 'f'},
                                      {"demos", required_argument, NULL, 'd'},
                                      {"agent", required_argument, NULL, 'a'},
                                      {"split", required_argument, NULL, 't'},
                                      {"count", required_argument, NULL, 'n'},
                                      {"demo-seed", required_argument, NULL, 'r'},
                                      {"output", required_argument, NULL, 'o'},
                                      {"help", no_argument, NULL, 'h'},
                                      {NULL, 0, NULL, 0}};

static enum mg_status
take_option(void *options, int letter, struct mg_err *err)
{
    struct options *o = options;
    static const char *const profile[] = {"full", "small"}, *const agent[] = {"main", "search", "both"},
                             *const split[] = {"train", "test"}, *const kind[] = {"gold", "substituted", "noisy"};
    enum mg_status st = MG_OK;
    int i = 0;

    switch (letter) {
    case 's':
        return mg_option_u64("seed", optarg, 0, UINT64_MAX, &o->seed, err);
    case 'n':
        return mg_option_u64("count", optarg, 0, UINT64_MAX, &o->count, err);
    case 'r':
        return mg_option_u64("demo-seed", optarg, 0, UINT64_MAX, &o->demo.seed, err);
    case 'f':
        o->facts = optarg;
        return MG_OK;
    case 'o':
        o->output = optarg;
        return MG_OK;
    case 'p':
        MG_TRY(mg_option_choice("profile", optarg, profile, 2, &i, err));
        o->profile = (enum mg_world_profile)i;
        return MG_OK;
    case 'a':
        MG_TRY(mg_option_choice("agent", optarg, agent, 3, &i, err));
        o->demo.agent = (enum mg_demo_agent)i;
        return MG_OK;
    case 't':
        MG_TRY(mg_option_choice("split", optarg, split, 2, &i, err));
        o->demo.split = i ? MG_CLASS_TEST : MG_CLASS_TRAIN;
        return MG_OK;
    default: /* 'd' */
        MG_TRY(mg_option_choice("demos", optarg, kind, 3, &i, err));
        o->demo.kind = (enum mg_demo_kind)i;
        o->demos = true;
    }
out:
    return st;
}

static enum mg_status
take_arguments(void *options, int n, char **argument, struct mg_err *err)
{
    struct options *o = options;

    if (n != 1)
        return mg_fail(err, MG_INPUT, "need one folder to write to, got %d", n);
    o->dir = argument[0];
    return MG_OK;
}

static enum mg_status
write_demos(const struct options *o, const struct mg_world *world, const char *corpus_path, struct mg_err *err)
{
    static const char *const kind[] = {"gold", "substituted", "noisy"};
    enum mg_status st = MG_OK;
    struct mg_corpus *corpus = NULL;
    struct mg_demo_stream *stream = NULL;
    struct mg_text path = {0};

    if (o->output)
        mg_text_add(&path, o->output);
    else
        mg_text_addf(&path, "%s/demos-%s-%s.jsonl", o->dir, kind[o->demo.kind],
                     o->demo.split == MG_CLASS_TEST ? "test" : "train");
    MG_REQUIRE(!path.failed, MG_FAIL, "out of memory: a path");
    MG_TRY(mg_corpus_open(&corpus, corpus_path, err));
    MG_TRY(mg_demo_open(&stream, world, corpus, &o->demo, err));
    MG_TRY(mg_demo_write(stream, o->count, path.p, err));
out:
    mg_demo_close(stream);
    mg_corpus_close(corpus);
    mg_text_free(&path);
    return st;
}

static enum mg_status
write_world(const void *options, struct mg_err *err)
{
    const struct options *o = options;
    enum mg_status st = MG_OK;
    struct mg_world world = {0};
    struct mg_questions qs = {0};
    struct mg_text corpus = {0}, questions = {0};

    MG_TRY(mg_world_create(&world, o->facts ? o->facts : mg_world_facts_path(), o->seed, o->profile, err));
    MG_TRY(mg_questions_create(&qs, &world, err));
    MG_TRY(mg_dir_make(o->dir, err));
    mg_text_addf(&corpus, "%s/corpus.db", o->dir);
    mg_text_addf(&questions, "%s/questions.jsonl", o->dir);
    MG_REQUIRE(!corpus.failed && !questions.failed, MG_FAIL, "out of memory: a path");
    MG_TRY(mg_world_write_corpus(&world, corpus.p, err));
    MG_TRY(mg_world_write_questions(&world, &qs, questions.p, err));
    if (o->demos)
        MG_TRY(write_demos(o, &world, corpus.p, err));
out:
    mg_text_free(&corpus);
    mg_text_free(&questions);
    mg_questions_destroy(&qs);
    mg_world_destroy(&world);
    return st;
}

int
mg_cmd_world(int argc, char **argv)
{
    static const struct mg_command command = {"world",     usage,          "s:p:f:d:a:t:n:r:o:h", longs,
                                              take_option, take_arguments, write_world,           false};
    struct options o = {.count = 10000,
                        .demo = {.agent = MG_AGENT_BOTH, .kind = MG_DEMO_GOLD, .split = MG_CLASS_TRAIN}};

    return mg_cmd_run(&command, &o, argc, argv);
}
