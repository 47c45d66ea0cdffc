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

/* What is asked of the values that two look-ups give: nothing, where there is one; which is more, or less; or by how
 * much the first, which is more or less, differs from the second. The last two are differences: their answer is
 * computed. */
enum mg_compare { MG_CHAIN, MG_MORE, MG_LESS, MG_MORE_BY, MG_LESS_BY };

/* A kind of question: start at an entity, follow the keys of the path; a comparison or a difference does so from two
 * entities. */
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
bool mg_is_difference(const struct mg_template *t);

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
    unsigned char winner; /* comparisons: 0 or 1; differences: 0 */
    struct mg_phrasing phrasing;
    struct mg_step step[MG_STEPS];
};

struct mg_questions {
    struct mg_question *q;
    uint32_t n;
    size_t room;
};

/*
 * All questions of the world, balanced (at most `cap` of a template for one bridge country) and split: a question
 * belongs to a split if all its entities but the shared ones do; mixed ones are left out. Which questions are chosen
 * and how they are put does not depend on the world's seed. Differences are among them with `calc`, behind the others.
 */
enum mg_status mg_questions_create(struct mg_questions *out, const struct mg_world *world, bool calc,
                                   struct mg_err *err);
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

/* Adds the subtask of a difference, and the difference as pages write numbers. */
void mg_difference_text(unsigned form, const char *less, const char *more, struct mg_text *out);
void mg_number_text(double x, struct mg_text *out);

/* Adds the final answer: the value or entity of a step as the pages have it, or a difference. */
void mg_question_answer(const struct mg_world *world, const struct mg_question *q, struct mg_text *out);
/* The two values of a difference, the smaller and the larger. */
void mg_difference_values(const struct mg_world *world, const struct mg_question *q, const char **less,
                          const char **more);
/* The entity that the final answer names, or MG_NO_ENTITY for numbers and other literals. */
uint32_t mg_question_answer_entity(const struct mg_question *q);

/* A number as pages write them ("1,234", "1912"), or -1. */
double mg_number(const char *text);

#endif
