/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_WORLD_QUESTION_H
#define MGRPO_WORLD_QUESTION_H

#include "base/rng.h"
#include "world/world.h"

enum {
    MG_FORMS = 4,     /* phrasings of everything; the last one is kept for the test split */
    MG_PATH = 3,      /* hops of a chain at most */
    MG_STEPS = 4,     /* look-ups of a question at most */
    MG_ASK_FORMS = 3, /* phrasings of a sub-question; the first is the main one */
};

/* Which of two look-ups answers a comparison. */
enum mg_compare { MG_CHAIN, MG_MORE, MG_LESS };

/* A kind of question: start at an entity, follow the keys of the path; a comparison does so from two entities. */
struct mg_template {
    const char *name; /* "city.country.capital" */
    enum mg_kind start;
    const char *path[MG_PATH];
    unsigned cap; /* questions per bridge country at most */
    enum mg_compare compare;
    const char *compare_form[MG_FORMS]; /* two %s; chains have none */
};
extern const struct mg_template mg_template[];
extern const unsigned mg_n_templates;

/* How a question is put: an index below MG_FORMS for the frame and for each relation of the path. */
struct mg_phrasing {
    unsigned char frame, relation[MG_PATH];
};

struct mg_step {
    uint32_t entity;            /* whose page has the answer */
    const struct mg_attr *attr; /* the fact that answers */
};

struct mg_question {
    unsigned short template;
    unsigned char split; /* enum mg_class: TRAIN, DEV or TEST */
    unsigned char n_steps;
    unsigned char winner; /* comparisons: 0 or 1 */
    struct mg_phrasing phrasing;
    struct mg_step step[MG_STEPS];
};

struct mg_questions {
    struct mg_question *q;
    uint32_t n, cap;
};

/*
 * All questions of the world, balanced (at most `cap` of a template for one bridge country) and split: a question
 * belongs to a split if all its entities but the shared ones do; mixed ones are left out. Which questions are chosen
 * and how they are put does not depend on the world's seed.
 */
enum mg_status mg_questions_create(struct mg_questions *out, const struct mg_world *world, struct mg_err *err);
void mg_questions_destroy(struct mg_questions *qs);

/* Draws a phrasing; the held-out forms only if `held_out`. */
struct mg_phrasing mg_phrasing_draw(struct mg_rng *rng, bool held_out);
/* Whether any part of it is a held-out form. */
bool mg_phrasing_held_out(const struct mg_question *q);

/* Adds the text of a question that starts at the given names (two for a comparison). */
void mg_question_text(const struct mg_template *t, struct mg_phrasing phrasing, const char *const name[2],
                      struct mg_text *out);

/* Adds the sub-question for a key of a title. */
void mg_ask_text(unsigned form, const char *key, const char *title, struct mg_text *out);

/* The step whose entity or value is the final answer, and that answer as the pages have it. */
const char *mg_question_answer(const struct mg_world *world, const struct mg_question *q);
/* The entity that the final answer names, or MG_NO_ENTITY for numbers and other literals. */
uint32_t mg_question_answer_entity(const struct mg_question *q);

/* A number as pages write them ("1,234", "1912"), or -1. */
double mg_number(const char *text);

#endif
