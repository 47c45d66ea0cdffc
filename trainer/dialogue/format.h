/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_FORMAT_H
#define MGRPO_FORMAT_H

#include "dialogue/trajectory.h"
#include "tokenizer/tokenizer.h"

/*
 * How a dialogue becomes tokens, and tokens a dialogue. All formats keep these rules: tokens are only appended, and
 * sampled ones are never changed; text is never encoded as a control token; every token has its mask.
 */
struct mg_format;

enum { MG_TURN_TEXT_MAX = 4096 }; /* bytes of the text of a turn that an agent writes; what it reads may be longer */

/* What an agent may call: a tool, or another agent. */
struct mg_callable {
    const char *name;
    const char *description;
    const char *schema; /* of a tool's arguments, JSON Schema as text; NULL: an agent, which is given a text */
};
struct mg_format_spec {
    const char *name; /* "roles" */
    bool root;        /* the agent that is asked the question; the others are given subtasks */
    const struct mg_callable *callable;
    size_t n; /* of them */
};

/* The spec is copied, the tokenizer outlives the format. MG_INPUT: there is no such format, it cannot say the names, or
 * the tokenizer lacks a token that it needs. */
enum mg_status mg_format_create(const struct mg_format_spec *spec, struct mg_tokenizer *tok, struct mg_format **out,
                                struct mg_err *err);
void mg_format_destroy(struct mg_format *f); /* accepts NULL */

/*
 * Begins a dialogue: the question or the subtask, up to where the agent writes. A text for which `room` tokens are too
 * few is cut between two characters, and MG_CUT_MARK says so, if the tokenizer can write it; it is counted in
 * t->texts_cut. That mark and the tokens around a text are written in any room. MG_INPUT: the tokenizer cannot write the text, and nothing was.
 */
enum mg_status mg_format_open(const struct mg_format *f, struct mg_trajectory *t, const char *text, size_t room,
                              struct mg_err *err);
/* Appends what a call gave, in the same way, up to where the agent writes again; text NULL or "": nothing. */
enum mg_status mg_format_observe(const struct mg_format *f, struct mg_trajectory *t, size_t callable, const char *text,
                                 size_t room, struct mg_err *err);

/* What the token that was sampled last does to its turn. */
enum mg_turn_state { MG_TURN_OPEN, MG_TURN_ENDED, MG_TURN_MALFORMED };
enum mg_turn_state mg_format_sampled(const struct mg_format *f, const struct mg_trajectory *t);

enum mg_turn_kind { MG_TURN_ANSWER, MG_TURN_CALL, MG_TURN_NONE /* malformed */ };
struct mg_turn {
    enum mg_turn_kind kind;
    size_t callable; /* of a call */
    char *text;      /* malloc'ed: the answer, what an agent is given, or a tool's arguments as JSON; NULL: malformed */
    const char *why; /* malformed: a few words */
};
/* Reads the turn that has ended. Nothing that was sampled is an error. */
enum mg_status mg_format_parse(const struct mg_format *f, const struct mg_trajectory *t, struct mg_turn *out,
                               struct mg_err *err);
/* Whether the agent reads why a tool refused a call, and goes on; if not, the turn counts as malformed. */
bool mg_format_tells(const struct mg_format *f, size_t callable);

#endif
