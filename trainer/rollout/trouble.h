/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TROUBLE_H
#define MGRPO_TROUBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "run/config.h"

/* What failed, so that dialogues have no verdict: tools, agents, judges and questions, each with why at first and how
 * often. */
struct mg_trouble {
    char what[96]; /* "tool search" */
    char why[400]; /* a sentence that names it, without a full stop */
    uint32_t n;
};
enum { MG_NAMED_QUESTIONS = 32, MG_MAX_TROUBLES = MG_MAX_TOOLS + 2 + MG_MAX_AGENTS + MG_N_JUDGES + MG_NAMED_QUESTIONS };
struct mg_troubles {
    struct mg_trouble trouble[MG_MAX_TROUBLES];
    size_t n, questions; /* of them */
    uint32_t more;       /* failures of what has no place in the table */
};

/* `kind`: "tool", "agent", "judge" or "question". */
void mg_troubles_add(struct mg_troubles *t, const char *kind, const char *name, const char *why);
/* Why it failed at first; "" if it did not. */
const char *mg_troubles_why(const struct mg_troubles *t, const char *kind, const char *name);
/* A line for each, behind `who` and a colon, and forgets all. */
void mg_troubles_tell(struct mg_troubles *t, FILE *to, const char *who);

#endif
