/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_QUESTION_FILE_H
#define MGRPO_QUESTION_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/*
 * The questions of a run, read from JSON lines (mgrpo-questions(5)), and the verdicts on answers to them and to their
 * steps.
 */
enum mg_split { MG_SPLIT_TRAIN, MG_SPLIT_DEV, MG_SPLIT_TEST, MG_N_SPLITS };
/* "train", "dev" or "test"; else MG_INPUT. */
enum mg_status mg_split_parse(const char *name, enum mg_split *split, struct mg_err *err);

struct mg_answer {
    char *text, **alias;
    uint32_t n_aliases;
};
struct mg_lookup {
    char *ask; /* the sub-question */
    struct mg_answer answer;
};
struct mg_known {
    char *normal; /* the sub-question, normalised; NULL: a free place */
    const struct mg_lookup *step;
};
struct mg_asked {
    char *id, *text;
    enum mg_split split;
    size_t line; /* of the file */
    uint32_t hops;
    uint32_t kind; /* its template, as an index */
    struct mg_answer answer;
    struct mg_lookup *step;
    uint32_t n_steps;
};

struct mg_question_file {
    struct mg_asked *q;
    uint32_t n;
    size_t room;
    char **template_name;
    uint32_t n_templates;
    struct mg_known *known; /* steps by the hash of their normalised text */
    size_t n_known;         /* places, a power of two */
};
enum mg_status mg_question_file_load(const char *path, struct mg_question_file *out, struct mg_err *err);
void mg_question_file_free(struct mg_question_file *f);
/* The question with this text, or NULL. */
const struct mg_asked *mg_question_find(const struct mg_question_file *f, const char *text);

/* *right: whether `given` (NULL: none) answers a question. */
enum mg_status mg_asked_correct(const struct mg_asked *q, const char *given, bool *right, struct mg_err *err);
/* The verdict on a result: *known is false if no step of any question asks for `subtask` (compared after
 * normalisation), else *expert is 0 or 1. */
enum mg_status mg_expert_verdict(const struct mg_question_file *f, const char *subtask, const char *given, bool *known,
                                 double *expert, struct mg_err *err);

/* How many questions a split has. */
uint32_t mg_question_count(const struct mg_question_file *f, enum mg_split split);
/* How many of them can be asked, each once, if `wanted` are to be. */
uint32_t mg_question_most(const struct mg_question_file *f, enum mg_split split, uint32_t wanted);
/* How questions are drawn. */
struct mg_draw {
    enum mg_split split;
    uint32_t max_hops; /* 0: any number */
    uint64_t seed;
    uint32_t stream;
    bool once; /* none comes twice */
};
/*
 * Draws n questions as indices: a template at random, then one of its questions at random, so that every kind of
 * question is asked equally often. A function of (seed, stream) alone; the first of n are those of a draw of fewer.
 * None comes twice before all of its template have come; with `once`, none comes twice at all: a template whose
 * questions have all come is not drawn any more, and n is at most mg_question_count. MG_INPUT: there is no such
 * question, or with `once` not as many.
 */
enum mg_status mg_question_draw(const struct mg_question_file *f, const struct mg_draw *how, uint32_t *index,
                                uint32_t n, struct mg_err *err);

#endif
