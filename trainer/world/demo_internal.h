/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_WORLD_DEMO_INTERNAL_H
#define MGRPO_WORLD_DEMO_INTERNAL_H

#include "world/demo.h"
#include "world/substitute.h"

struct mg_demo_stream {
    const struct mg_world *world;
    struct mg_corpus *corpus;
    struct mg_demo_options options;
    uint64_t next;
    struct mg_questions qs;
    uint32_t *question; /* of the split */
    uint32_t n_questions;
    struct mg_step *step; /* different sub-questions of the split */
    uint32_t n_steps;
    uint32_t *difference; /* those of the questions that are differences */
    uint32_t n_differences;
    uint32_t *page_entity; /* [pages] entity of the page with key i + 1 */
    uint32_t *any;         /* entities that any demonstration may name and open */
    uint32_t n_any;
    struct mg_subst subst;
    struct mg_text text[MG_DEMO_TURNS]; /* of the turns of the current demonstration */
    struct mg_text scratch, answer;
    struct mg_rng rng;
    struct mg_demo *out;
};

/* Starts a turn and returns its empty text. */
struct mg_text *mg_demo_begin_turn(struct mg_demo_stream *s, enum mg_role role, bool train);
/* A whole turn. */
void mg_demo_say(struct mg_demo_stream *s, enum mg_role role, bool train, const char *text);
/* True with probability p. */
bool mg_demo_chance(struct mg_demo_stream *s, double p);
/* Draws what a demonstration does: number i of n with probability p[i]; always 0, the right behaviour, unless the
 * stream is a noisy one. */
int mg_demo_habit(struct mg_demo_stream *s, const double *p, int n);
/* Draws replacements for the names and numbers of a question. */
void mg_demo_substitute(struct mg_demo_stream *s, const struct mg_question *q);
/* What a step's value is under the substitution. */
const char *mg_demo_value(const struct mg_demo_stream *s, const struct mg_step *step);
/* The two values of a difference under the substitution; false if the first is no longer more, or less. */
bool mg_demo_difference(const struct mg_demo_stream *s, const struct mg_question *q, const char **less,
                        const char **more);
/* Adds x with one digit wrong, as if it had been computed without a tool. */
void mg_demo_misreckon(struct mg_demo_stream *s, double x, struct mg_text *out);
/* Whether an entity's page may be opened in this stream. */
bool mg_demo_may_open(const struct mg_demo_stream *s, uint32_t entity);

/* Fill s->out; *made is false where this draw has no such demonstration. */
void mg_demo_main(struct mg_demo_stream *s, uint32_t item, bool *made);
void mg_demo_calc(struct mg_demo_stream *s, uint32_t item, bool *made);
enum mg_status mg_demo_search(struct mg_demo_stream *s, uint32_t item, bool *made, struct mg_err *err);

#endif
