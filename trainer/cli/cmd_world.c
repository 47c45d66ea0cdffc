/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "tools/corpus.h"
#include "base/doing.h"
#include "base/file.h"
#include "world/demo.h"
#include "world/write.h"

struct options {
    const char *dir, *facts, *output;
    uint64_t seed;
    uint32_t count;
    enum mg_world_profile profile;
    bool demos;
    struct mg_demo_options demo;
};

static const char *const profiles[] = {"full", "small", NULL}, *const agents[] = {"main", "search", "calc", "all",
                                                                                  NULL};
static const char *const kinds[] = {"gold", "substituted", "noisy", NULL}, *const splits[] = {"train", "test", NULL};

static enum mg_status
take_kind(void *at, const char *value, struct mg_err *err)
{
    struct options *o = at;
    enum mg_status st = MG_OK;
    int i = 0;

    MG_TRY(mg_option_choose("--demos", value, kinds, &i, err));
    o->demo.kind = (enum mg_demo_kind)i;
    o->demos = true;
out:
    return st;
}

static enum mg_status
take_split(void *at, const char *value, struct mg_err *err)
{
    struct options *o = at;
    enum mg_status st = MG_OK;
    int i = 0;

    MG_TRY(mg_option_choose("--split", value, splits, &i, err));
    o->demo.split = i == 1 ? MG_CLASS_TEST : MG_CLASS_TRAIN;
out:
    return st;
}

#define AT(member) .offset = offsetof(struct options, member)
static const struct mg_option option_rows[] = {
    MG_OPTION('s', "seed", "N", "counterfactual world N; 0 is the true world (default 0)", MG_OPTION_U64, AT(seed)),
    MG_OPTION('c', "calc", NULL, "questions of differences too, for a third agent, calc", MG_OPTION_FLAG,
              AT(demo.calc)),
    MG_OPTION('p', "profile", "NAME", "full or small (default full)", MG_OPTION_CHOICE, AT(profile),
              .choice = profiles),
    MG_OPTION('f', "facts", "FILE", "fact table (default $MGRPO_FACTS, or the installed one)", MG_OPTION_TEXT,
              AT(facts)),
    MG_OPTION('d', "demos", "KIND", "also write demonstrations: gold, substituted or noisy", MG_OPTION_TAKEN,
              .take = take_kind),
    MG_OPTION('a', "agent", "NAME", "whose: main, search, calc or all (default all)", MG_OPTION_CHOICE, AT(demo.agent),
              .choice = agents),
    MG_OPTION('t', "split", "NAME", "from questions of: train or test (default train)", MG_OPTION_TAKEN,
              .take = take_split),
    MG_OPTION('n', "count", "N", "how many (default 10000)", MG_OPTION_U32, AT(count), .min = 1, .max = UINT32_MAX),
    MG_OPTION('r', "demo-seed", "N", "which (default 0)", MG_OPTION_U64, AT(demo.seed)),
    MG_OPTION('o', "output", "FILE", "where (default DIR/demos-KIND-SPLIT.jsonl)", MG_OPTION_TEXT, AT(output)),
    MG_OPTION_END,
};

static enum mg_status
take_arguments(void *options, int n, char **argument, struct mg_err *err)
{
    struct options *o = options;

    if (n != 1)
        return mg_fail(err, MG_INPUT, "need one folder to write to, got %d", n);
    if (o->demo.agent == MG_DEMO_CALC && !o->demo.calc)
        return mg_fail(err, MG_INPUT, "demonstrations of calc need --calc");
    if (o->output != NULL && !o->demos)
        return mg_fail(err, MG_INPUT, "--output is where demonstrations go, and without --demos there are none");
    o->dir = argument[0];
    return MG_OK;
}

static enum mg_status
write_demos(const struct options *o, const struct mg_world *world, const char *corpus_path, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_corpus *corpus = NULL;
    struct mg_demo_stream *stream = NULL;
    struct mg_text path = {0};

    if (o->output)
        mg_text_add(&path, o->output);
    else
        mg_text_addf(&path, "%s/demos-%s-%s.jsonl", o->dir, kinds[o->demo.kind],
                     splits[o->demo.split == MG_CLASS_TEST]);
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

    mg_doing("making the world");
    MG_TRY(mg_world_create(&world, o->facts ? o->facts : mg_world_facts_path(), o->seed, o->profile, err));
    MG_TRY(mg_questions_create(&qs, &world, o->demo.calc, err));
    MG_TRY(mg_dir_make(o->dir, err));
    mg_text_addf(&corpus, "%s/corpus.db", o->dir);
    mg_text_addf(&questions, "%s/questions.jsonl", o->dir);
    MG_REQUIRE(!corpus.failed && !questions.failed, MG_FAIL, "out of memory: a path");
    mg_doing("writing the corpus");
    MG_TRY(mg_world_write_corpus(&world, corpus.p, err));
    mg_doing("writing the questions");
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
    static const struct mg_command command = {
        .name = "world",
        .arguments = "[OPTION]... DIR",
        .about = "Write DIR/corpus.db and DIR/questions.jsonl, and demonstrations if asked.\n",
        .options = option_rows,
        .take_arguments = take_arguments,
        .run = write_world,
    };
    struct options o = {.count = 10000, .demo = {.agent = MG_DEMO_ALL, .kind = MG_DEMO_GOLD, .split = MG_CLASS_TRAIN}};

    return mg_cmd_run(&command, &o, argc, argv);
}
