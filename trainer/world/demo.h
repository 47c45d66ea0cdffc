/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_WORLD_DEMO_H
#define MGRPO_WORLD_DEMO_H

#include "tools/corpus.h"
#include "dialogue/roles.h"
#include "world/question.h"

enum mg_demo_agent {
    MG_DEMO_MAIN,
    MG_DEMO_SEARCH,
    MG_DEMO_CALC, /* with `calc` alone */
    MG_DEMO_ALL   /* in turn: main, search, and calc if there is one */
};

enum mg_demo_kind {
    MG_DEMO_GOLD,        /* right behaviour, with the world's facts */
    MG_DEMO_SUBSTITUTED, /* right behaviour, with names and numbers replaced, so that no fact is memorised */
    MG_DEMO_NOISY        /* at each point right behaviour is the likeliest, and others are frequent */
};

struct mg_demo_options {
    enum mg_demo_agent agent;
    bool calc; /* questions of differences, too; the planner names whom it calls: search or calc */
    enum mg_demo_kind kind;
    enum mg_class split; /* TRAIN: drawn with fresh phrasings; TEST: each item in turn, as its question puts it */
    uint64_t seed;
};

enum { MG_DEMO_TURNS = 14 };

/* One demonstration; the texts belong to the stream and last until its next call. */
struct mg_demo {
    enum mg_demo_agent agent; /* MAIN, SEARCH or CALC */
    int n;
    struct mg_demo_turn {
        enum mg_role role;
        bool train; /* the agent's own turn */
        const char *text;
    } turn[MG_DEMO_TURNS];
};

/*
 * An endless stream of demonstrations, a function of world, options and position alone. The world and the corpus, which
 * must hold that world's pages as mg_world_write_corpus wrote them (else MG_INPUT), outlive the stream. In a stream of
 * the train split no page of a held-out entity is opened and no title of one is used as a substitute.
 */
struct mg_demo_stream;
enum mg_status mg_demo_open(struct mg_demo_stream **out, const struct mg_world *world, struct mg_corpus *corpus,
                            const struct mg_demo_options *options, struct mg_err *err);
void mg_demo_close(struct mg_demo_stream *stream); /* accepts NULL */
enum mg_status mg_demo_next(struct mg_demo_stream *stream, struct mg_demo *out, struct mg_err *err);

/* Items that a pass over the split has: questions for MAIN, different sub-questions for SEARCH, differences for
 * CALC. */
uint32_t mg_demo_items(const struct mg_demo_stream *stream, enum mg_demo_agent agent);

/* Writes the next `count` demonstrations as JSON lines (mgrpo-demos(5)); the file appears whole, by rename. */
enum mg_status mg_demo_write(struct mg_demo_stream *stream, uint64_t count, const char *path, struct mg_err *err);

#endif
