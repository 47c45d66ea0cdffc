/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_SIGNAL_H
#define MGRPO_SIGNAL_H

#include <jansson.h>

/* How much there was to learn from in train steps of an agent, by its metrics. */
struct mg_signal {
    double steps, idle;   /* train steps; those that taught nothing */
    double groups, equal; /* groups of trajectories; those without a better and a worse one */
    double trajectories, unavailable, cut_length, cut_context;
    double texts_cut; /* results and subtasks that they read in part, for want of room in the context */
    double tokens;    /* that taught */
};
/* Adds a line; one that is of no train step, or of an agent that does not learn, adds nothing. */
void mg_signal_add(struct mg_signal *s, const json_t *line);
/* A sentence without its end, for people: "35200 tokens taught, in 99 of 100 train steps: 35% of 1600 groups ...". */
enum { MG_SIGNAL_TEXT = 400 };
void mg_signal_text(const struct mg_signal *s, char text[MG_SIGNAL_TEXT]);

#endif
